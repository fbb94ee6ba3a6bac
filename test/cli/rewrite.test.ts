import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_CONTENT_OCTETS } from '../../src/app/rewrite/rewrite-content.ts';
import { type CaptureOptions, runCaptured } from '../support/captured-io.ts';
import { answers, createHostileDns, fails, type HostileDns, txt } from '../support/hostile-dns.ts';
import { makeTooDeepFolder } from '../support/too-deep-folder.ts';

const PASSKEY = '0123456789abcdef0123456789abcdef';
const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const PRIVATE_INFO = INFO.replace('20:aaaaaaaaaaaaaaaaaaaae', '20:aaaaaaaaaaaaaaaaaaaa7:privatei1ee');

let dns: HostileDns;
let folder: string;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337 TCP:443')));
  dns.on('denied.test', answers(txt('denied.test', 'BITTORRENT DENY ALL')));
  dns.on('silent.test', answers());
  dns.on('down.test', fails('SERVFAIL'));
  dns.on('xn--bcher-kva.test', answers(txt('xn--bcher-kva.test', 'BITTORRENT UDP:1337')));
});

afterAll(() => dns.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-rewrite-'));
});

afterEach(() => rm(folder, { recursive: true }));

const rewrite = (args: readonly string[], options: CaptureOptions = {}) =>
  runCaptured(['rewrite', '--resolver', dns.server, ...args], { workingDirectory: folder, ...options });

const text = (string: string): string => `${string.length}:${string}`;

/** A torrent with one tier a line of URLs. */
function torrent(tiers: readonly (readonly string[])[], info = INFO): string {
  const list = tiers.map((tier) => `l${tier.map(text).join('')}e`).join('');
  return `d8:announce${text(tiers[0]![0]!)}13:announce-listl${list}e${info}e`;
}

const OLD = torrent([['http://tracker.test:8080/announce'], ['udp://silent.test:1/announce']]);
const NEW = torrent([
  ['udp://tracker.test:1337/announce', 'https://tracker.test:443/announce'],
  ['udp://silent.test:1/announce'],
]);

async function put(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content, 'latin1');
  return name;
}

const get = (name: string): Promise<string> => readFile(join(folder, name), 'latin1');

describe('URLs', () => {
  test.each([
    ['udp://tracker.test:1337/announce', 'udp://tracker.test:1337/announce\n', 'listed'],
    [
      'http://tracker.test:80/a',
      'udp://tracker.test:1337/a\nhttps://tracker.test:443/a\n',
      'replaced by udp://tracker.test:1337/a https://tracker.test:443/a',
    ],
    ['udp://denied.test:1/a', '', 'denied'],
    ['udp://silent.test:1/a', 'udp://silent.test:1/a\n', 'silent'],
    ['http://192.0.2.1/a', 'http://192.0.2.1/a\n', 'literal'],
    ['http://bücher.test/a', 'udp://bücher.test:1337/a\n', 'replaced'],
    ['ftp://tracker.test/a', 'ftp://tracker.test/a\n', 'malformed'],
    ['udp://localhost:1/a', 'udp://localhost:1/a\n', 'silent: not asked: DNS does not hold such a name'],
  ])('%s', async (url, result, reason) => {
    const { stdout, stderr, exitCode } = await rewrite([url]);
    expect(stdout).toBe(result);
    expect(stderr).toContain(reason);
    expect(exitCode).toBe(0);
  });

  test('a host that cannot be looked up leaves the URL, and is a failure', async () => {
    const { stdout, stderr, exitCode } = await rewrite(['udp://down.test:1/a']);
    expect(stdout).toBe('udp://down.test:1/a\n');
    expect(stderr).toContain('failed: not looked up: the name server answered SERVFAIL');
    expect(stderr).toContain('Try: --resolver ADDRESS');
    expect(exitCode).toBe(1);
  });

  test('passkeys are whole in the result and hidden in everything else', async () => {
    const { stdout, stderr } = await rewrite([`http://tracker.test:8080/${PASSKEY}/announce`]);
    expect(stdout).toContain(`udp://tracker.test:1337/${PASSKEY}/announce\n`);
    expect(stderr).toContain(
      'http://tracker.test:8080/…/announce  replaced by udp://tracker.test:1337/…/announce',
    );
    expect(stderr).not.toContain(PASSKEY);
  });

  test.each([
    [[], 'https://tracker.test/a\n'],
    [['--mode', 'off'], 'https://tracker.test/a\n'],
    [['--prefer'], 'https://tracker.test/a\n'],
    [['--prefer', '--allow-downgrade'], 'udp://tracker.test:1337/a\nhttps://tracker.test/a\n'],
    [['--mode', 'prefer', '--allow-downgrade'], 'udp://tracker.test:1337/a\nhttps://tracker.test/a\n'],
  ])('https://tracker.test/a with %j', async (flags, result) => {
    expect((await rewrite([...flags, 'https://tracker.test/a'])).stdout).toBe(result);
  });

  test('--keep-denied keeps, and still says so', async () => {
    const { stdout, stderr } = await rewrite(['--keep-denied', 'udp://denied.test:1/a']);
    expect(stdout).toBe('udp://denied.test:1/a\n');
    expect(stderr).toContain('denied');
  });

  test.each([' ', '\n', '\t', '\u00a0'])('blanks around one are none of it: %j', async (blank) => {
    const url = `http://tracker.test:8080/${PASSKEY}/announce`;
    const link = `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=${encodeURIComponent(url)}`;
    for (const given of [url, link]) {
      const [bare, blanked] = [await rewrite([given]), await rewrite([`${blank}${given}${blank}`])];
      expect(blanked).toEqual(bare);
      expect(bare.exitCode).toBe(0);
    }
  });

  test('several come out in order', async () => {
    const { stdout } = await rewrite([
      'udp://silent.test:1/a',
      'udp://tracker.test:1337/b',
      'http://192.0.2.1/c',
    ]);
    expect(stdout).toBe('udp://silent.test:1/a\nudp://tracker.test:1337/b\nhttp://192.0.2.1/c\n');
  });
});

describe('magnet links', () => {
  const magnet = (url: string): string =>
    `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=${encodeURIComponent(url)}&dn=x`;

  test('only tr changes', async () => {
    const link = magnet('http://tracker.test:1/announce');
    const [first, second] = ['udp://tracker.test:1337/announce', 'https://tracker.test:443/announce'].map(
      encodeURIComponent,
    );
    const { stdout } = await rewrite([link]);
    expect(stdout).toBe(`magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=${first}&tr=${second}&dn=x\n`);
  });

  test('from standard input, the passkey hidden on stderr', async () => {
    const link = magnet(`http://tracker.test:1/${PASSKEY}/announce`);
    const { stdout, stderr } = await rewrite(['-'], { stdin: `${link}\n` });
    expect(stdout).toContain(encodeURIComponent(`udp://tracker.test:1337/${PASSKEY}/announce`));
    expect(stderr).not.toContain(PASSKEY);
  });
});

describe('several magnet links, one a line', () => {
  const link = (name: string, url: string): string =>
    `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=${name}&tr=${encodeURIComponent(url)}`;
  const before = [
    '# mine',
    link('one', 'http://tracker.test:1/a'),
    '',
    link('two', 'udp://denied.test:1/a'),
    '',
  ];
  const after = [
    '# mine',
    `${link('one', 'udp://tracker.test:1337/a')}&tr=${encodeURIComponent('https://tracker.test:443/a')}`,
    '',
    `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=two`,
    '',
  ];

  test.each(['\n', '\r\n'])('are each rewritten, comments and line ends (%j) kept', async (end) => {
    await put('links.txt', before.join(end));
    await rewrite(['--in-place', 'links.txt']);
    expect(await get('links.txt')).toBe(after.join(end));
    expect((await rewrite(['-'], { stdin: before.join(end) })).stdout).toBe(after.join(end));
  });

  test('a last line without end stays without', async () => {
    const { stdout } = await rewrite(['-'], { stdin: before.slice(0, -1).join('\n') });
    expect(stdout).toBe(after.slice(0, -1).join('\n'));
  });

  test('each is shown as a tier of its own', async () => {
    await put('links.txt', before.join('\n'));
    const { stdout } = await rewrite(['--dry-run', 'links.txt']);
    expect(stdout).toMatch(/tier 1\n- .*replaced[\s\S]*denied/);
    const json = JSON.parse((await rewrite(['--json', 'links.txt'])).stdout) as { result: string[] };
    expect(json.result).toEqual(after.slice(0, -1));
  });

  test('beside URLs they are lines of a list that cannot be read, and stay', async () => {
    const list = `http://tracker.test:1/a\n${before[1]}\n`;
    const { stdout, stderr } = await rewrite(['-'], { stdin: list });
    expect(stdout).toBe(`udp://tracker.test:1337/a\nhttps://tracker.test:443/a\n${before[1]}\n`);
    expect(stderr).toContain('malformed');
  });
});

describe('lists', () => {
  test('tiers, comments and line ends are kept, from standard input or a file', async () => {
    const list =
      '# mine\r\nhttp://tracker.test:8080/announce\r\n\r\nudp://denied.test:1/a\r\nudp://silent.test:1/a\r\n';
    const expected =
      '# mine\r\nudp://tracker.test:1337/announce\r\nhttps://tracker.test:443/announce\r\n\r\nudp://silent.test:1/a\r\n';
    expect((await rewrite(['-'], { stdin: list })).stdout).toBe(expected);
    expect((await rewrite([await put('trackers.txt', list)])).stdout).toBe(expected);
  });

  test('a list that is not UTF-8 keeps its octets', async () => {
    const list = Buffer.from('# caf\xe9\nudp://tracker.test:1/\xe9\n', 'latin1');
    const { octets } = await rewrite(['-'], { stdin: list });
    expect(octets.toString('latin1')).toContain('# caf\xe9\nudp://tracker.test:1337/\xe9\n');
  });
});

describe('torrents', () => {
  test('--in-place writes what changed, and nothing else', async () => {
    await put('old.torrent', OLD);
    await put('good.torrent', NEW);
    const before = await stat(join(folder, 'good.torrent'));
    const { stdout, stderr, exitCode } = await rewrite(['--in-place', 'old.torrent', 'good.torrent']);
    expect(await get('old.torrent')).toBe(NEW);
    expect((await stat(join(folder, 'good.torrent'))).ino).toBe(before.ino);
    expect(stdout).toBe('');
    expect(stderr).toContain('1 changed, 1 unchanged, 0 failed; URLs: 2 listed, 1 replaced, 2 silent\n');
    expect(exitCode).toBe(0);
  });

  test('twice is once', async () => {
    await put('old.torrent', OLD);
    await rewrite(['--in-place', 'old.torrent']);
    const { stderr } = await rewrite(['--in-place', 'old.torrent']);
    expect(stderr).toMatch(/^0 changed, 1 unchanged/);
  });

  test('--backup keeps the original, and an earlier backup is never overwritten', async () => {
    await put('old.torrent', OLD);
    await rewrite(['--in-place', '--backup', '.bak', 'old.torrent']);
    expect([await get('old.torrent'), await get('old.torrent.bak')]).toEqual([NEW, OLD]);
    await put('old.torrent', OLD.replace('8080', '8081'));
    const { stderr, exitCode } = await rewrite(['--in-place', '--backup', '.bak', 'old.torrent']);
    expect(stderr).toContain('old.torrent.bak exists already');
    expect(await get('old.torrent')).toContain('8081');
    expect(exitCode).toBe(1);
  });

  test('a folder is no single input', async () => {
    await mkdir(join(folder, 'several'));
    await put('several/a.torrent', OLD);
    const output = await rewrite(['--output', 'new.torrent', 'several']);
    expect(output.stderr).toContain('--output takes the result of one input');
    const together = await rewrite(['several']);
    expect(together.stderr).toContain('several torrents cannot go to one standard output');
    expect([output.exitCode, together.exitCode, together.stdout]).toEqual([2, 2, '']);
  });

  test('--output writes another file', async () => {
    await put('old.torrent', OLD);
    expect((await rewrite(['--output', 'new.torrent', 'old.torrent'])).exitCode).toBe(0);
    expect([await get('old.torrent'), await get('new.torrent')]).toEqual([OLD, NEW]);
  });

  test('through pipes', async () => {
    expect((await rewrite(['-'], { stdin: Buffer.from(OLD, 'latin1') })).octets.toString('latin1')).toBe(NEW);
    expect((await rewrite([await put('old.torrent', OLD)])).octets.toString('latin1')).toBe(NEW);
  });

  test('through a named pipe, as <(…) makes one, which cannot be written back', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const [read] = await Promise.all([rewrite(['pipe']), put('pipe', OLD)]);
    expect(read.octets.toString('latin1')).toBe(NEW);
    expect(read.exitCode).toBe(0);
    const { stderr, exitCode } = await rewrite(['--in-place', 'pipe']);
    expect(stderr).toContain('portolan: pipe: a pipe cannot be written back\n');
    expect(exitCode).toBe(1);
  });

  test('standard input that is too long is one failure among the others', async () => {
    await put('old.torrent', OLD);
    const stdin = Buffer.alloc(MAX_CONTENT_OCTETS + 1);
    const { stderr, exitCode } = await rewrite(['--in-place', '-', 'old.torrent'], { stdin });
    expect(stderr).toMatch(/^portolan: standard input has more than \d+ octets/);
    expect(stderr).toContain('1 changed, 0 unchanged, 1 failed');
    expect(await get('old.torrent')).toBe(NEW);
    expect(exitCode).toBe(1);
  });

  test('--dry-run shows what goes, with the reason, and what comes, tier by tier, and writes nothing', async () => {
    await put(
      'old.torrent',
      OLD.replaceAll(
        '33:http://tracker.test:8080/announce',
        `66:http://tracker.test:8080/${PASSKEY}/announce`,
      ),
    );
    const before = await get('old.torrent');
    const { stdout, exitCode } = await rewrite(['--dry-run', '--in-place', 'old.torrent']);
    expect(stdout).toBe(
      [
        'old.torrent',
        '  tier 1',
        '-   http://tracker.test:8080/…/announce    replaced: the host declares UDP:1337, TCP:443',
        '+   udp://tracker.test:1337/…/announce',
        '+   https://tracker.test:443/…/announce',
        '  tier 2',
        '    udp://silent.test:1/announce    silent: the host says nothing of its ports',
        '',
      ].join('\n'),
    );
    expect(await get('old.torrent')).toBe(before);
    expect(exitCode).toBe(0);
  });

  test.each([
    [
      'replaced by the first of the list',
      `d8:announce${text('udp://denied.test:1/a')}13:announce-listll${text('udp://silent.test:1/a')}ee${INFO}e`,
      [
        '-   udp://denied.test:1/a    denied: the host says that it has no tracker',
        '+   udp://silent.test:1/a',
      ],
    ],
    [
      'replaced by itself',
      `d8:announce${text(`http://tracker.test:1/${PASSKEY}`)}13:announce-listll${text('udp://silent.test:1/a')}ee${INFO}e`,
      [
        '-   http://tracker.test:1/…    replaced: the host declares UDP:1337, TCP:443',
        '+   udp://tracker.test:1337/…',
      ],
    ],
  ])('--dry-run shows an announce that is not in the list: %s', async (_what, content, lines) => {
    await put('apart.torrent', content);
    const { stdout } = await rewrite(['--dry-run', 'apart.torrent']);
    expect(stdout.split('\n')).toEqual([
      'apart.torrent',
      '  announce',
      ...lines,
      '  tier 1',
      '    udp://silent.test:1/a    silent: the host says nothing of its ports',
      '',
    ]);
    const json = JSON.parse((await rewrite(['--json', 'apart.torrent'])).stdout) as unknown;
    const [before, after] = lines.map((line) => line.slice(4).replace(/ .*/, ''));
    expect(json).toMatchObject({ announce: { before, after } });
  });

  test('--dry-run shows an announce that goes although the list does not', async () => {
    const [denied, junk] = ['udp://denied.test:1/a', 'dht://x/announce'];
    await put('apart.torrent', torrent([[denied, junk]]));
    const { stdout } = await rewrite(['--dry-run', 'apart.torrent']);
    expect(stdout).toMatch(/^ {2}announce\n- {3}udp:\/\/denied\.test:1\/a .*\n {2}tier 1\n- {3}udp/m);
  });

  test('--check has exit code 3 when anything would change, 0 when nothing would', async () => {
    await put('old.torrent', OLD);
    await put('good.torrent', NEW);
    expect(await rewrite(['--check', '--in-place', 'old.torrent', 'good.torrent'])).toMatchObject({
      stdout: '',
      exitCode: 3,
    });
    expect(await get('old.torrent')).toBe(OLD);
    expect(await rewrite(['--check', 'good.torrent'])).toMatchObject({ stdout: '', exitCode: 0 });
  });

  test('a folder is searched to the bottom, and only for torrents', async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await put('a/b/deep.torrent', OLD);
    await put('a/UPPER.TORRENT', OLD);
    await put('a/notes.txt', 'http://tracker.test:8080/announce\n');
    const { stderr } = await rewrite(['--in-place', '.']);
    expect(stderr).toContain('2 changed, 0 unchanged, 0 failed');
    expect(stderr).toMatch(/^a\/b\/deep\.torrent$/m);
    expect(await get('a/b/deep.torrent')).toBe(NEW);
    expect(await get('a/notes.txt')).toContain('8080');
  });

  test('one that is broken or missing is named with its offset and left alone, the others are done', async () => {
    await put('a.torrent', OLD);
    await put('cut.torrent', OLD.slice(0, 60));
    await put('z.torrent', OLD);
    const { stderr, exitCode } = await rewrite([
      '--in-place',
      'a.torrent',
      'cut.torrent',
      'missing.torrent',
      'z.torrent',
    ]);
    expect(stderr).toMatch(/portolan: cut\.torrent: offset \d+: /);
    expect(stderr).toMatch(/missing\.torrent: there is no such file/);
    expect(stderr).toContain('2 changed, 0 unchanged, 2 failed');
    expect(await get('cut.torrent')).toBe(OLD.slice(0, 60));
    expect([await get('a.torrent'), await get('z.torrent')]).toEqual([NEW, NEW]);
    expect(exitCode).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(['a.torrent', 'cut.torrent', 'z.torrent']);
  });

  test('a folder that cannot be read is told of and counted, the others are done', async () => {
    await put('a.torrent', OLD);
    await put('z.torrent', OLD);
    using _deep = await makeTooDeepFolder(folder);
    const json = await rewrite(['--json', '--check', '.']);
    const lines = json.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { input: 'a.torrent', changed: true },
      { input: expect.stringMatching(/^deep/) as string, error: { code: 'folder-unreadable' } },
      { input: 'z.torrent', changed: true },
    ]);
    expect(json.exitCode).toBe(1);
    const { stderr, exitCode } = await rewrite(['--in-place', '.']);
    expect(stderr).toMatch(/^portolan: cannot read .*deep: /m);
    expect(stderr).toContain('2 changed, 0 unchanged, 1 failed');
    expect([await get('a.torrent'), await get('z.torrent')]).toEqual([NEW, NEW]);
    expect(exitCode).toBe(1);
  });

  test('a file name cannot act on a terminal, and is itself in JSON', async () => {
    const name = await put('\u001b[31mred.torrent', OLD);
    const diff = await rewrite(['--dry-run', '.']);
    expect(diff.stdout).toMatch(/^\\u\{1b\}\[31mred\.torrent$/m);
    const { stdout } = await rewrite(['--json', '.']);
    expect(JSON.parse(stdout)).toMatchObject({ input: name });
  });

  test('the last tracker of a private torrent stays, and that is said', async () => {
    const lonely = torrent([['udp://denied.test:1/a']], PRIVATE_INFO);
    await put('private.torrent', lonely);
    const { stderr } = await rewrite(['--in-place', 'private.torrent']);
    expect(await get('private.torrent')).toBe(lonely);
    expect(stderr).toContain('the torrent is private: the first stays');
  });

  describe('what a client keeps of its torrents', () => {
    const resume = (...urls: readonly string[]): string =>
      `d11:file-format22:libtorrent resume file9:info-hash20:${'h'.repeat(20)}8:trackersll${urls.map(text).join('')}ee8:url-listlee`;
    const STALE = resume('http://tracker.test:8080/announce');
    const RIGHT = resume('udp://tracker.test:1337/announce', 'https://tracker.test:443/announce');

    test('is rewritten beside the torrent, once', async () => {
      await put('h.torrent', OLD);
      await put('h.fastresume', STALE);
      await put('queue', 'h\n');
      const { stderr, exitCode } = await rewrite(['--in-place', '--backup', '.bak', '.']);
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining('2 changed, 0 unchanged, 0 failed')]);
      expect([await get('h.torrent'), await get('h.fastresume')]).toEqual([NEW, RIGHT]);
      expect((await readdir(folder)).sort()).toEqual([
        ...['h.fastresume', 'h.fastresume.bak', 'h.torrent', 'h.torrent.bak', 'queue'],
      ]);
      const again = await rewrite(['--check', '.']);
      expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('0 changed, 2 unchanged') });
    });

    test('goes through a pipe', async () => {
      expect((await rewrite(['-'], { stdin: STALE })).stdout).toBe(RIGHT);
    });

    test('is shown by --dry-run and --json, and --check says that it would change', async () => {
      await put('h.fastresume', STALE);
      const diff = await rewrite(['--dry-run', 'h.fastresume']);
      expect(diff.stdout).toContain('+   udp://tracker.test:1337/announce\n');
      const json = JSON.parse((await rewrite(['--json', 'h.fastresume'])).stdout);
      expect(json).toMatchObject({
        kind: 'torrent',
        changed: true,
        announce: {},
        tiers: { before: [['http://tracker.test:8080/announce']] },
      });
      expect((await rewrite(['--check', 'h.fastresume'])).exitCode).toBe(3);
      expect(await get('h.fastresume')).toBe(STALE);
    });

    test('keeps its last tracker, since nobody knows whether it is private', async () => {
      await put('h.fastresume', resume('udp://denied.test:1/a', 'udp://denied.test:2/a'));
      const { stderr } = await rewrite(['--in-place', 'h.fastresume']);
      expect(await get('h.fastresume')).toBe(resume('udp://denied.test:1/a'));
      expect(stderr).toContain('this file does not say whether the torrent is private: the first stays');
    });

    test('is refused as Deluge keeps it, all in one file', async () => {
      const all = `d40:${'0a'.repeat(20)}${text(STALE)}e`;
      await put('torrents.fastresume', all);
      const { stderr, exitCode } = await rewrite(['--in-place', '.']);
      expect(stderr).toContain('this is a file of many torrents, as Deluge keeps their resume data');
      expect(exitCode).toBe(1);
      expect(await get('torrents.fastresume')).toBe(all);
    });
  });

  test('forty torrents of three hosts ask each host once', async () => {
    const fresh = await createHostileDns();
    for (const host of ['h0.test', 'h1.test', 'h2.test'])
      fresh.on(host, answers(txt(host, 'BITTORRENT UDP:7')));
    for (let index = 0; index < 40; index++)
      await put(`${index}.torrent`, torrent([[`udp://h${index % 3}.test:1/a`]]));
    const { stderr } = await runCaptured(['rewrite', '--resolver', fresh.server, '--in-place', folder]);
    expect(stderr).toContain('40 changed');
    expect(['h0.test', 'h1.test', 'h2.test'].map((host) => fresh.asked(host).length)).toEqual([1, 1, 1]);
    await fresh.close();
  });
});

describe('--json', () => {
  test('one object an input on stdout, nothing on stderr', async () => {
    await put('old.torrent', OLD);
    await put('cut.torrent', 'd3:');
    const { stdout, stderr, exitCode } = await rewrite([
      '--json',
      `http://tracker.test:1/${PASSKEY}`,
      'old.torrent',
      'cut.torrent',
    ]);
    const [url, file, cut] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(url).toMatchObject({
      kind: 'url',
      changed: true,
      result: [`udp://tracker.test:1337/${PASSKEY}`, `https://tracker.test:443/${PASSKEY}`],
      decisions: [
        {
          url: 'http://tracker.test:1/…',
          reason: 'replaced',
          host: 'tracker.test',
          outcome: { kind: 'declared' },
        },
      ],
    });
    expect(file).toMatchObject({ input: 'old.torrent', kind: 'torrent', changed: true });
    expect(cut).toMatchObject({ input: 'cut.torrent', error: { offset: expect.any(Number) as number } });
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 1 });
    expect(await get('old.torrent')).toBe(OLD);
  });
});

describe('wrong usage', () => {
  test.each([
    [[], {}, "missing required argument 'input'"],
    [['--mode', 'sometimes', 'x'], {}, 'Allowed choices are fix, prefer, off'],
    [['--backup', '.bak', 'x.torrent'], {}, '--backup takes a suffix, and goes with --in-place'],
    [['--in-place', '--backup', '/x', 'x.torrent'], {}, '--backup takes a suffix'],
    [['--in-place', '--backup', '.orig.torrent', 'x'], {}, 'originals named *.torrent or *.fastresume would'],
    [['--in-place', '--backup', '.TORRENT', 'x'], {}, 'originals named *.torrent or *.fastresume would'],
    [['--in-place', '--backup', '.fastresume', 'x'], {}, 'originals named *.torrent or *.fastresume would'],
    [['--output', 'y', 'a.torrent', 'b.torrent'], {}, '--output takes the result of one input'],
    [['a.torrent', 'b.torrent'], {}, 'several torrents cannot go to one standard output'],
    [['a.torrent'], { isTTY: true }, 'a torrent is nothing for a terminal'],
    [['-'], { isTTY: true, stdin: OLD }, 'a torrent is nothing for a terminal'],
    [['-', '-'], {}, 'standard input can be read once'],
  ] as [string[], CaptureOptions, string][])('%j', async (args, options, message) => {
    const { stdout, stderr, exitCode } = await rewrite(args, options);
    expect(stderr).toContain(message);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });
});
