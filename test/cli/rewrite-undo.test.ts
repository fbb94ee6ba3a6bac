// `--backup` and `--undo`: there and back again.

import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCaptured } from '../support/captured-io.ts';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';
import { makeTooDeepFolder } from '../support/too-deep-folder.ts';

const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';

let dns: HostileDns;
let folder: string;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337 TCP:443')));
  dns.on('other.test', answers());
});

afterAll(() => dns.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-undo-'));
});

afterEach(() => rm(folder, { recursive: true }));

const portolan = (...args: string[]) => runCaptured(['rewrite', ...args], { workingDirectory: folder });
const rewrite = (...names: string[]) =>
  portolan('--resolver', dns.server, '--in-place', '--backup', '.bak', ...names);
const undo = (...args: string[]) => portolan('--undo', '--backup', '.bak', ...args);

const text = (string: string): string => `${string.length}:${string}`;
const torrent = (...urls: string[]): string =>
  `d8:announce${text(urls[0]!)}13:announce-listl${urls.map((url) => `l${text(url)}e`).join('')}e7:comment2:hi${INFO}e`;
const resume = (url: string): string =>
  `d11:file-format22:libtorrent resume file9:info-hash20:${'h'.repeat(20)}6:pausedi1e8:trackersll${text(url)}ee8:uploadedi5ee`;
const put = (name: string, content: string) => writeFile(join(folder, name), content, 'latin1');
const get = (name: string) => readFile(join(folder, name), 'latin1');

const OLD = torrent('http://tracker.test:8080/announce', 'udp://other.test:1/announce');
const LIST = '# mine\nhttp://tracker.test:8080/announce\n\nudp://other.test:1/announce\n';
const MAGNET = `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=http%3A%2F%2Ftracker.test%3A8080%2Fannounce&dn=x\n`;

describe('--undo', () => {
  test.each([
    ['a.torrent', OLD],
    ['single.torrent', `d8:announce33:http://tracker.test:8080/announce${INFO}e`],
    ['a.fastresume', resume('http://tracker.test:8080/announce')],
    ['list.txt', LIST],
    ['magnets.txt', `# two\n${MAGNET}${MAGNET}`],
  ])('puts %s back, and takes the backup away', async (name, content) => {
    await put(name, content);
    await rewrite(name);
    expect(await get(name)).not.toBe(content);
    const { stderr, exitCode } = await undo(name);
    expect(stderr).toBe(`${name}  restored\n1 restored, 0 without original, 0 failed\n`);
    expect(exitCode).toBe(0);
    expect(await get(name)).toBe(content);
    expect(await readdir(folder)).toEqual([name]);
  });

  test('leaves a resume file that its client has written since, with its original', async () => {
    const old = resume('http://tracker.test:8080/announce');
    await put('a.fastresume', old);
    await rewrite('a.fastresume');
    const used = (await get('a.fastresume')).replace('uploadedi5e', 'uploadedi6e');
    await put('a.fastresume', used);
    const { stderr, exitCode } = await undo('.');
    expect(stderr).toContain('more than tracker URLs differs');
    expect(exitCode).not.toBe(0);
    expect([await get('a.fastresume'), await get('a.fastresume.bak')]).toEqual([used, old]);
  });

  test('goes through a folder, and passes over what was never changed', async () => {
    await mkdir(join(folder, 'sub'));
    await put('sub/a.torrent', OLD);
    await put('b.torrent', torrent('udp://other.test:1/announce'));
    await rewrite('.');
    const { stderr, exitCode } = await undo('.');
    expect(stderr).toBe('sub/a.torrent  restored\n1 restored, 1 without original, 0 failed\n');
    expect(exitCode).toBe(0);
    expect(await get('sub/a.torrent')).toBe(OLD);
  });

  test('goes on beside a folder that cannot be read, and says so', async () => {
    await put('a.torrent', OLD);
    await put('z.torrent', OLD);
    await rewrite('a.torrent', 'z.torrent');
    using _deep = await makeTooDeepFolder(folder);
    const { stderr, exitCode } = await undo('.');
    expect(stderr).toMatch(
      /^a\.torrent {2}restored\nportolan: cannot read .*deep: .*\nz\.torrent {2}restored\n/,
    );
    expect(stderr).toContain('2 restored, 0 without original, 1 failed\n');
    expect(exitCode).toBe(1);
    expect([await get('a.torrent'), await get('z.torrent')]).toEqual([OLD, OLD]);
  });

  test('a file that is named and has no original is a failure', async () => {
    await put('a.torrent', OLD);
    const { stderr, exitCode } = await undo('a.torrent');
    expect(stderr).toContain('there is no a.torrent.bak to put back');
    expect(exitCode).toBe(1);
  });

  test.each([
    ['a comment', 'a.torrent', OLD, (now: string) => now.replace('7:comment2:hi', '7:comment2:ho')],
    ['the info dictionary', 'a.torrent', OLD, (now: string) => now.replace('lengthi5e', 'lengthi6e')],
    [
      'a tracker that came since',
      'a.torrent',
      OLD,
      (now: string) => now.replace('udp://other.test:1', 'udp://third.test:1'),
    ],
    ['its end, which is missing', 'a.torrent', OLD, (now: string) => now.slice(0, -1)],
    ['a comment of a list', 'list.txt', LIST, (now: string) => now.replace('# mine', '# yours')],
    ['a tracker of a list', 'list.txt', LIST, (now: string) => `${now}udp://third.test:1/announce\n`],
    ['another parameter of a magnet', 'magnet.txt', MAGNET, (now: string) => now.replace('dn=x', 'dn=y')],
    [
      'a tracker of a magnet',
      'magnet.txt',
      MAGNET,
      (now: string) => now.replace('tracker.test', 'third.test'),
    ],
    [
      'a magnet that is gone',
      'magnet.txt',
      MAGNET + MAGNET,
      (now: string) => now.slice(now.indexOf('\n') + 1),
    ],
  ])('leaves both files where %s differs', async (_what, name, content, change) => {
    await put(name, content);
    await rewrite(name);
    const changed = change(await get(name));
    await put(name, changed);
    const { stderr, exitCode } = await undo(name);
    expect(stderr).toContain(`more than tracker URLs differs from ${name}.bak; both stay as they are`);
    expect(exitCode).toBe(1);
    expect([await get(name), await get(`${name}.bak`)]).toEqual([changed, content]);
  });

  test('--dry-run and --check change nothing; --check has exit code 3', async () => {
    await put('a.torrent', OLD);
    await rewrite('a.torrent');
    const rewritten = await get('a.torrent');
    expect(await undo('--dry-run', 'a.torrent')).toMatchObject({
      stderr: 'a.torrent  would be restored\n1 would be restored, 0 without original, 0 failed\n',
      exitCode: 0,
    });
    expect((await undo('--check', 'a.torrent')).exitCode).toBe(3);
    expect([await get('a.torrent'), await get('a.torrent.bak')]).toEqual([rewritten, OLD]);
  });

  test('--json says one line a file', async () => {
    await put('a.torrent', OLD);
    await rewrite('a.torrent');
    const { stdout, stderr } = await undo('--json', '.');
    expect({ stdout, stderr }).toEqual({ stdout: '{"input":"a.torrent","undo":"restored"}\n', stderr: '' });
  });

  test('what a symbolic link points to is put back, and the link stays', async () => {
    await mkdir(join(folder, 'real'));
    await put('real/a.torrent', OLD);
    await symlink('real/a.torrent', join(folder, 'link.torrent'));
    await rewrite('link.torrent');
    await undo('link.torrent');
    expect(await get('real/a.torrent')).toBe(OLD);
    expect((await readdir(folder)).sort()).toEqual(['link.torrent', 'real']);
  });

  test('what the links of a folder point to is rewritten and put back, and the links stay', async () => {
    await mkdir(join(folder, 'real'));
    await mkdir(join(folder, 'links'));
    await put('real/a.torrent', OLD);
    for (const name of ['a', 'b']) await symlink('../real/a.torrent', join(folder, `links/${name}.torrent`));
    expect((await rewrite('links')).stderr).toContain('1 changed, 0 unchanged, 0 failed');
    expect(await get('real/a.torrent')).not.toBe(OLD);
    expect((await lstat(join(folder, 'links/a.torrent'))).isSymbolicLink()).toBe(true);
    expect((await undo('links')).stderr).toContain('1 restored, 0 without original, 0 failed');
    expect(await get('real/a.torrent')).toBe(OLD);
    expect((await readdir(join(folder, 'links'))).sort()).toEqual(['a.torrent', 'b.torrent']);
  });

  test('names that are not UTF-8 are found, named, kept and put back', async () => {
    await mkdir(join(folder, 'old'));
    const name = Buffer.from('caf\xe9.torrent', 'latin1');
    const path = Buffer.concat([Buffer.from(join(folder, 'old/')), name]);
    await writeFile(path, OLD, 'latin1');
    const check = await portolan('--resolver', dns.server, '--check', 'old');
    expect(check).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('1 changed') as string });
    // What a process gets for the octets of the name.
    for (const given of ['old', `old/${name.toString()}`]) {
      const rewritten = await rewrite(given);
      expect(rewritten.stderr).toContain('1 changed, 0 unchanged, 0 failed');
      expect(rewritten.exitCode).toBe(0);
      expect(await readFile(path, 'latin1')).not.toBe(OLD);
      const kept = await readdir(join(folder, 'old'), { encoding: 'latin1' });
      expect(kept.sort()).toEqual(['caf\xe9.torrent', 'caf\xe9.torrent.bak']);
      expect(await undo(given)).toMatchObject({ exitCode: 0 });
      expect(await readFile(path, 'latin1')).toBe(OLD);
    }
    expect((await rewrite('old')).stderr).toMatch(/^old\/caf\\xe9\.torrent$/m);
    await writeFile(
      Buffer.concat([Buffer.from(join(folder, 'old/')), Buffer.from('caf\xe8.torrent', 'latin1')]),
      'd',
    );
    const { stderr, exitCode } = await rewrite(`old/${name.toString()}`);
    expect(stderr).toContain('several names that are not UTF-8 read so; give their folder instead');
    expect(exitCode).toBe(1);
    expect((await rewrite('old')).stderr).toMatch(/^portolan: old\/caf\\xe8\.torrent: offset 1: /m);
  });

  test.each([
    [['--undo', 'x.torrent'], '--undo takes the suffix of the originals with --backup'],
    [['--undo', '--backup', '/x', 'x.torrent'], '--undo takes the suffix'],
    [['--undo', '--backup', '.bak', '--in-place', 'x.torrent'], '--undo puts files back in place'],
    [['--undo', '--backup', '.bak', '-'], '--undo takes files and folders'],
    [['--undo', '--backup', '.bak', 'udp://tracker.test/'], '--undo takes files and folders'],
    [['--undo', '--backup', '.bak', ' magnet:?tr=udp://tracker.test/'], '--undo takes files and folders'],
    [['--undo', '--backup', '.bak', ' magnet:?xt=urn:btih:x'], '--undo takes files and folders'],
  ])('%j is wrong usage', async (args, message) => {
    const { stderr, exitCode } = await portolan(...args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe('--backup', () => {
  test('takes no space where the file system has hard links, and keeps mode and times', async () => {
    await put('a.torrent', OLD);
    const before = await stat(join(folder, 'a.torrent'));
    await rewrite('a.torrent');
    const kept = await stat(join(folder, 'a.torrent.bak'));
    expect([kept.ino, kept.mode, kept.mtimeMs]).toEqual([before.ino, before.mode, before.mtimeMs]);
  });

  test('that an interrupted run has left is this run’s own', async () => {
    await put('a.torrent', OLD);
    await link(join(folder, 'a.torrent'), join(folder, 'a.torrent.bak'));
    expect((await rewrite('a.torrent')).exitCode).toBe(0);
    expect(await get('a.torrent')).not.toBe(OLD);
    expect(await get('a.torrent.bak')).toBe(OLD);
  });
});
