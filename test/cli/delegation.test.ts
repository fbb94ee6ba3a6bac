import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isVerified } from '../../src/cli/delegation.ts';
import { runCaptured } from '../support/captured-io.ts';
import { zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function delegation(...args: string[]) {
  const workingDirectory = await temporaryFolder();
  await mkdir(join(workingDirectory, 'zones'));
  const file = (name: string) => join(workingDirectory, 'zones', name);
  await writeFile(file('other-name.zone'), zoneText('Good.test', 'www A 192.0.2.1'));
  await writeFile(file('bad.test.zone'), zoneText('bad.test', 'www A 300.1.2.3'));
  return await runCaptured(['delegation', ...args], { workingDirectory });
}

const LINES = 'good.test.     NS    ns.good.test.\nns.good.test.  A     127.0.0.1\n';

test.each(['zones/other-name.zone', 'good.test', 'GOOD.test.'])(
  '%s gives the lines for the parent',
  async (zone) => {
    expect(await delegation(zone)).toMatchObject({ stdout: LINES, stderr: '', exitCode: 0 });
  },
);

test('--json gives the same as one object', async () => {
  const { stdout } = await delegation('good.test', '--json');
  expect(JSON.parse(stdout)).toEqual({
    records: [
      { owner: 'good.test.', type: 'NS', data: 'ns.good.test.' },
      { owner: 'ns.good.test.', type: 'A', data: '127.0.0.1' },
    ],
  });
});

test.each([
  ['nobody.test', 2, 'neither a zone file nor a zone of the configuration'],
  ['zones/bad.test.zone', 1, 'portolan check zones/bad.test.zone'],
])('%s ends with %i', async (zone, code, message) => {
  const { stderr, stdout, exitCode } = await delegation(zone);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: code });
  expect(stderr).toContain(message);
});

test('a name server that is not asked in clear text is wrong usage', async () => {
  const { stderr, exitCode } = await delegation('good.test', '--verify', '--resolver', 'tls://dns.test');
  expect(stderr).toContain('by address only');
  expect(exitCode).toBe(2);
});

test('verified is what one server at least confirms and none contradicts', () => {
  const verdict = (result: object) => ({ server: 'a', result }) as never;
  const same = verdict({ kind: 'compared', differences: [] });
  const other = verdict({ kind: 'compared', differences: [{}] });
  const down = verdict({ kind: 'failed', message: '' });
  const asked = (...verdicts: never[]) => isVerified({ kind: 'asked', parent: '', verdicts });
  expect([asked(same), asked(same, down), asked(same, other), asked(down), asked()]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(isVerified({ kind: 'failed', message: '' })).toBe(false);
});
