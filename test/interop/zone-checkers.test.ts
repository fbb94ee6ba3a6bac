// The example zones stay standard: the checkers of BIND, NSD and Knot take every one of them.

import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, projectRoot, readText } from '../support/source-tree.ts';
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
