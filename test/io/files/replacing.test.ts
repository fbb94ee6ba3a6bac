// Whose a file is that takes the place of another, where a process without rights of its own writes it.

import { execFileSync } from 'node:child_process';
import { chmod, chown, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const OWNER = 1000;
const GROUP = 2000;
const WRITER = 3000;
const isRoot = process.getuid?.() === 0;

const BULK = `
  import { createBulkFiles } from '${import.meta.resolve('../../../src/io/files/bulk-files.ts')}';
  const files = createBulkFiles(() => 0);
  const replace = (path, octets) => files.replace(path, octets, { fsync: false, version: lstatSync(path) });
`;
const ONE = `
  import { writeFileAtomic } from '${import.meta.resolve('../../../src/io/files/files.ts')}';
  const replace = (path, octets) => writeFileAtomic(path, octets);
`;

/** Only root may make files of others, and be somebody else then. */
describe.runIf(isRoot).each([
  ['many', BULK],
  ['one', ONE],
])('%s', (_how, code) => {
  test.each([
    // What it was, the groups of the writer, and what it becomes.
    [0o660, [GROUP], '3000:2000 660'],
    [0o664, [GROUP], '3000:2000 664'],
    [0o6770, [GROUP], '3000:2000 2770'],
    [0o660, [], '3000:3000 600'],
    [0o664, [], '3000:3000 644'],
    [0o640, [], '3000:3000 600'],
    [0o646, [], '3000:3000 646'],
    [0o6775, [], '3000:3000 755'],
  ])('mode %o, and a writer of groups %j: %s', async (mode, groups, expected) => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o777);
    const path = join(folder, 'a');
    await writeFile(path, 'old');
    await chown(path, OWNER, GROUP);
    await chmod(path, mode);
    const script = `
      import { lstatSync } from 'node:fs';
      ${code}
      process.setgroups(${JSON.stringify(groups)});
      process.setgid(${WRITER});
      process.setuid(${WRITER});
      await replace(${JSON.stringify(path)}, new TextEncoder().encode('new'));
    `;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' });
    const status = await stat(path);
    expect(`${status.uid}:${status.gid} ${(status.mode & 0o7777).toString(8)}`).toBe(expected);
    expect(status.size).toBe(3);
    expect(await readdir(folder)).toEqual(['a']);
  });

  test('an administrator leaves it whose it is', async () => {
    const path = join(await temporaryFolder(), 'a');
    await writeFile(path, 'old');
    await chown(path, OWNER, GROUP);
    await chmod(path, 0o2640);
    const script = `
      import { lstatSync } from 'node:fs';
      ${code}
      await replace(${JSON.stringify(path)}, new TextEncoder().encode('new'));
    `;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' });
    expect(await stat(path)).toMatchObject({ uid: OWNER, gid: GROUP, mode: 0o102640 });
  });
});
