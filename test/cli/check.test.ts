import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCaptured } from '../support/captured-io.ts';
import { projectRoot } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const GOOD = '@ 60 SOA ns hostmaster 1 1h 15m 1w 60\n@ NS ns\nns A 127.0.0.1\n';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'zones'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, 'latin1');
  return folder;
}

describe('portolan check', () => {
  it('finds nothing wrong with the example zones', async () => {
    const { exitCode, stdout } = await runCaptured(['check'], { workingDirectory: projectRoot });
    expect(stdout).toMatch(/^\d+ zone files: 0 errors, 0 warnings\n$/);
    expect(exitCode).toBe(0);
  });

  it('shows place, code, sentence, and the line with a caret below, tabs kept', async () => {
    const workingDirectory = await folderWith({
      'zones/example.zone': `${GOOD}t\xc3\xa4\tA\t300.1.2.3 ; x\n`,
    });
    const { exitCode, stdout } = await runCaptured(['check', 'zones/example.zone'], { workingDirectory });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^zones\/example\.zone:4:7: error\[bad-ipv4-address\]: An A record holds an IPv4 address/,
      ),
      '  tä\tA\t300.1.2.3 ; x',
      '    \t \t^^^^^^^^^',
      '1 zone file: 1 error, 0 warnings',
      '',
    ]);
    expect(exitCode).toBe(1);
  });

  it('ends with 0 when there are only warnings', async () => {
    const workingDirectory = await folderWith({ 'zones/example.zone': `${GOOD}ns A 127.0.0.1\n` });
    const { exitCode, stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout).toContain('4:4: warning[duplicate-record]');
    expect(exitCode).toBe(0);
  });

  it('prints one JSON object a finding', async () => {
    const workingDirectory = await folderWith({ 'zones/example.zone': `${GOOD}a A 1\nb MX 1\n` });
    const { exitCode, stdout } = await runCaptured(['check', '--json', 'zones'], { workingDirectory });
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(findings).toEqual([
      {
        file: 'zones/example.zone',
        line: 4,
        column: 5,
        length: 1,
        severity: 'error',
        code: 'bad-ipv4-address',
        message: expect.any(String),
        source: 'a A 1',
      },
      expect.objectContaining({ line: 5, code: 'missing-field' }),
    ]);
    expect(exitCode).toBe(1);
  });

  it('is coloured on a terminal only', async () => {
    const workingDirectory = await folderWith({ 'zones/example.zone': 'x' });
    const escapes = async (isTTY: boolean, env: Record<string, string>) =>
      (await runCaptured(['check'], { workingDirectory, isTTY, env })).stdout.includes('\x1b[');
    expect([
      await escapes(true, {}),
      await escapes(true, { NO_COLOR: '1' }),
      await escapes(false, {}),
    ]).toEqual([true, false, false]);
  });

  it('shows what a file holds without letting it move the cursor', async () => {
    const workingDirectory = await folderWith({ 'zones/example.zone': `${GOOD}a TXT "\x1b[2J"\n` });
    const { stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout).not.toContain('\x1b');
  });

  it('shows a long line around the place', async () => {
    const workingDirectory = await folderWith({
      'zones/example.zone': `${GOOD}a TXT ${'x '.repeat(100)}\\300 ${'y '.repeat(100)}\n`,
    });
    const [, source, caret] = (await runCaptured(['check'], { workingDirectory })).stdout.split('\n');
    expect(source!.length).toBeLessThan(130);
    expect(source!.slice(caret!.indexOf('^'))).toMatch(/^\\300 y/);
  });

  it.each([
    ['a file that is not there', ['check', 'nothing.zone']],
    ['a folder without zone files', ['check', '.']],
    ['an unknown flag', ['check', '--nope']],
  ])('ends with 2 for %s', async (_what, args) => {
    const workingDirectory = await folderWith({});
    const { exitCode, stdout } = await runCaptured(args, { workingDirectory });
    expect([exitCode, stdout]).toEqual([2, '']);
  });

  it('reads what a zone includes from its folder, and shows where it is wrong', async () => {
    const workingDirectory = await folderWith({
      'zones/example.zone': `${GOOD}$INCLUDE part.inc\n`,
      'zones/part.inc': 'a A 1\n',
    });
    const { stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout).toContain('zones/part.inc:1:5: error[bad-ipv4-address]');
  });
});

describe('portolan init', () => {
  it.each(['example.org', 'Tracker.Example.ORG.', 'example', 'bücher.example'])(
    'writes a zone for %s that is checked without findings',
    async (name) => {
      const workingDirectory = await folderWith({});
      const { exitCode, stdout } = await runCaptured(['init', name, '--output', 'zones/new.zone'], {
        workingDirectory,
      });
      expect(exitCode).toBe(0);
      expect(stdout).toContain('portolan check zones/new.zone');
      const checked = await runCaptured(['check', 'zones/new.zone'], { workingDirectory });
      expect(checked.stdout).toBe('1 zone file: 0 errors, 0 warnings\n');
    },
  );

  it('writes to the standard output without --output', async () => {
    const { stdout } = await runCaptured(['init', 'example.org']);
    expect(stdout).toContain('$ORIGIN example.org.');
    expect(stdout).toContain('BITTORRENT DENY ALL');
  });

  it('leaves a file that is there alone', async () => {
    const workingDirectory = await folderWith({ 'zones/old.zone': 'mine' });
    const { exitCode, stderr } = await runCaptured(['init', 'example.org', '--output', 'zones/old.zone'], {
      workingDirectory,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('is there already');
    expect(await readFile(join(workingDirectory, 'zones/old.zone'), 'utf8')).toBe('mine');
  });

  it.each(['', '.', 'a b', 'a..b', '-a', 'x'.repeat(64), `${'abc.'.repeat(62)}abc`])(
    'refuses %j',
    async (name) => {
      const { exitCode, stdout } = await runCaptured(['init', name]);
      expect([exitCode, stdout]).toEqual([2, '']);
    },
  );
});
