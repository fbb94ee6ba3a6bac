// The example zones stay standard: the checkers of BIND, NSD and Knot take every one of them. And what is said to be
// refused by one of them is.

import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseName } from '../../src/core/dns/name.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { listFiles, projectRoot, readText } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type CommandLine, isInstalled, isMissing, run } from './programs.ts';

const zones = listFiles('zones', '.zone');

const CHECKERS: Readonly<Record<string, (origin: string, path: string) => CommandLine>> = {
  // `-k ignore`: labels with an underscore are the zone author's business; `-i local`: no look-ups outside.
  'named-checkzone': (origin, path) => ['named-checkzone', '-i', 'local', '-k', 'ignore', origin, path],
  'nsd-checkzone': (origin, path) => ['nsd-checkzone', origin, path],
  kzonecheck: (origin, path) => ['kzonecheck', '--origin', origin, path],
};

function originOf(path: string): string {
  return /^\$ORIGIN\s+(\S+)/m.exec(readText(path))?.[1] ?? basename(path, '.zone');
}

it('finds the example zones', () => {
  expect(zones).not.toEqual([]);
});

describe.each(Object.keys(CHECKERS))('%s', (program) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  it.skipIf(left).each(zones)('takes %s', async (path) => {
    const ended = await run(CHECKERS[program]!(originOf(path), join(projectRoot, path)));
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
  });
});

const HEAD = '$ORIGIN example.\n$TTL 60\n@ SOA ns hostmaster 1 1h 15m 1w 60\n@ NS ns\nns A 192.0.2.1\n';

/** What stands behind {@link HEAD}, and who takes it. */
const FORMS: readonly [what: string, text: string, takenBy: readonly string[]][] = [
  ['a whole origin', '$ORIGIN sub.example.\na A 192.0.2.2\n', ['bind', 'nsd', 'knot']],
  ['a relative origin', '$ORIGIN sub\na A 192.0.2.2\n', ['bind']],
  ['a relative origin for a file', '$INCLUDE ./empty sub\n', ['bind']],
  ['a string over lines', 'a TXT "b\nc"\n', ['nsd']],
  ['a string over lines, in parentheses', 'a TXT ( "b\nc" )\n', ['nsd', 'knot']],
  ['CR LF', 'a A 192.0.2.2\r\n', ['bind', 'nsd']],
  ['CR LF behind a comment', 'a A 192.0.2.2\n; b\r\n', ['bind', 'nsd', 'knot']],
  ['$GENERATE', '$GENERATE 1-2 a$ A 192.0.2.$\n', ['bind']],
  ['a name outside ASCII', 'b\xc3\xbccher A 192.0.2.2\n', ['nsd']],
];

/** As `named` loads a primary zone: names of hosts are checked. */
const LOADERS: Readonly<Record<string, CommandLine>> = {
  bind: ['named-checkzone', '-i', 'local', '-k', 'fail', 'example'],
  nsd: ['nsd-checkzone', 'example'],
  knot: ['kzonecheck', '--origin', 'example'],
};

describe('what is not portable', () => {
  it.each(FORMS)('is warned of: %s', (_what, text, takenBy) => {
    const source = { path: 'zone', octets: Buffer.from(HEAD + text, 'latin1') };
    const include = () => ({ path: 'empty', octets: new Uint8Array() });
    const { diagnostics } = parseZone(source, { origin: parseName('example.') as Uint8Array, include });
    const isWarned = diagnostics.some(({ code }) => /not-portable$|^name-not-ascii$/.test(code));
    expect(isWarned).toBe(takenBy.length < 3);
  });

  describe.each(Object.entries(LOADERS))('%s', (name, command) => {
    const left = isMissing(`${command[0]} is not installed`, isInstalled(command[0]!));

    it.skipIf(left).each(FORMS)('takes or refuses as is said: %s', async (_what, text, takenBy) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'empty'), '');
      const path = join(folder, 'zone');
      await writeFile(path, Buffer.from(HEAD + text.replace('./', `${folder}/`), 'latin1'));
      const ended = await run([...command, path]);
      expect(ended.code === 0, ended.stdout + ended.stderr).toBe(takenBy.includes(name));
    });
  });
});
