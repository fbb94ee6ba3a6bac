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

  it('reads the access lists of the configuration, and shows nothing of passkeys', async () => {
    const workingDirectory = await folderWith({
      'zones/example.zone': GOOD,
      'deny.txt': 'ab\n',
      keys: '0123456789abcde\n',
      'portolan.toml': '[access]\ntorrents_deny = "deny.txt"\npasskeys = "keys"\n',
    });
    const { exitCode, stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^deny\.txt:1:1: error\[bad-info-hash\]: An info-hash has 40 hexadecimal digits/),
      '  ab',
      '  ^^',
      expect.stringMatching(/^keys:1:1: error\[bad-passkey\]: A passkey has 16 to 64/),
      '1 zone file and 2 access lists: 2 errors, 0 warnings',
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

  it('holds signatures against the clock', async () => {
    const ended = 'ns RRSIG A 13 2 60 20200101000000 20190101000000 1 @ AQID\n';
    const workingDirectory = await folderWith({ 'zones/example.zone': `${GOOD}${ended}` });
    const { stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout).toContain('4:4: warning[signature-expired]');
    expect(stdout).toContain('1 zone file: 0 errors, 1 warning\n');
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

describe('portolan check, of ports and addresses', () => {
  const DENIED = 'www TXT "BITTORRENT DENY ALL"\n';
  /** An address for documentation (RFC 5737), which is on no interface here. */
  const FAR = `${GOOD}far A 203.0.113.5\nfar 60 IN TXT "BITTORRENT UDP:6969"\n${DENIED}`;
  const HERE = `${GOOD}t A 127.0.0.1\nt TXT "BITTORRENT UDP:6969 TCP:6970"\n`;

  /** `line:column severity[code]` of each finding, in order. */
  async function found(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const workingDirectory = await folderWith(files);
    const { stdout, ...rest } = await runCaptured(['check', '--json', ...args], { workingDirectory });
    const lines = stdout.split('\n').filter((line) => line !== '');
    const findings = lines.map((line) => JSON.parse(line));
    const codes = findings.map(
      ({ line, column, severity, code }) => `${line}:${column} ${severity}[${code}]`,
    );
    return { ...rest, findings, codes };
  }

  it('warns of a host without an address of this machine, at its TXT record, with the line to add', async () => {
    const workingDirectory = await folderWith({ 'zones/example.zone': FAR, 'portolan.toml': '' });
    const { exitCode, stdout, stderr } = await runCaptured(['check'], { workingDirectory });
    const [head, source, caret, summary] = stdout.split('\n');
    expect(head).toMatch(
      /^zones\/example\.zone:5:11: warning\[published-only\]: far\.example is published only: no address of it is this machine's; if 203\.0\.113\.5 is, add to \[tracker\]: addresses = \["auto", "203\.0\.113\.5(=[\d.]+)?"\]$/,
    );
    expect([source, caret, summary, stderr, exitCode]).toEqual([
      '  far 60 IN TXT "BITTORRENT UDP:6969"',
      '            ^^^',
      '1 zone file: 0 errors, 1 warning',
      '',
      0,
    ]);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['portolan.toml', { 'portolan.toml': '[tracker]\naddresses = ["192.0.2.1"]\n' }, []],
    ['--config', { 'other.toml': '' }, ['--config', 'other.toml']],
    ['a flag', {}, ['--tracker-addresses', 'auto']],
  ])('takes it for a finding where %s says which machine is meant', async (_, files, args) => {
    const { codes, stderr } = await found({ 'zones/example.zone': FAR, ...files }, args);
    expect([codes, stderr]).toEqual([['5:11 warning[published-only]'], '']);
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['a list', {}, ['--tracker-addresses', '203.0.113.5']],
    ['a pair', { 'portolan.toml': '[tracker]\naddresses = ["203.0.113.5=127.0.0.1"]\n' }, []],
  ])("has nothing to say when the address is the machine's by %s", async (_, files, args) => {
    expect(await found({ 'zones/example.zone': FAR, ...files }, args)).toMatchObject({
      codes: [],
      stderr: '',
    });
  });

  it('leaves a note, and no finding, when nobody has said which machine is meant', async () => {
    const two = `${FAR}off A 203.0.113.6\noff TXT "BITTORRENT TCP:80"\n`;
    const { codes, stderr, exitCode } = await found({ 'zones/example.zone': two });
    expect([codes, exitCode]).toEqual([[], 0]);
    expect(stderr).toMatch(
      /^note: zones\/example\.zone:5:11: far\.example is published only: .*"\] \(and 1 host more\)\nAs findings: portolan check --tracker-addresses auto\n$/,
    );
  });

  it('says once that a host has no address at all', async () => {
    const bare = `${GOOD}t TXT "BITTORRENT UDP:6969"\n`;
    const { codes } = await found({ 'zones/example.zone': bare, 'portolan.toml': '' });
    expect(codes).toEqual(['4:3 warning[preference-without-address]']);
  });

  it.each<[string, string, readonly string[]]>([
    ['port-not-allowed', 'UDP:6969, and tracker.allowed_ports permits', ['--tracker-allowed-ports', '6970']],
    ['port-reserved', 'TCP:6970', ['--admin-listen', '127.0.0.1:6970']],
    ['port-reserved', 'UDP:6969', ['--dns-listen', '[::1]:5300', 'auto:6969']],
    ['too-many-listeners', 'tracker.max_listeners = 1', ['--tracker-max-listeners', '1']],
  ])('reports %s as serve would: %s', async (code, words, args) => {
    const { codes, findings, exitCode } = await found({ 'zones/example.zone': HERE }, args);
    expect([codes, exitCode]).toEqual([[`5:3 error[${code}]`], 1]);
    expect(findings[0]).toMatchObject({
      file: 'zones/example.zone',
      length: 3,
      source: 't TXT "BITTORRENT UDP:6969 TCP:6970"',
      message: expect.stringContaining(words),
    });
  });

  it('says nothing of ports at addresses of another machine', async () => {
    const { codes } = await found({ 'zones/example.zone': FAR }, ['--tracker-allowed-ports', '80']);
    expect(codes).toEqual(['5:11 warning[published-only]']);
  });

  it('checks the zones of the configuration when none is named', async () => {
    const workingDirectory = await folderWith({
      'portolan.toml': 'zones = ["here.zone"]\n',
      'here.zone': `$ORIGIN example.\n${HERE}`,
      'zones/bad.zone': 'nonsense',
    });
    const { stdout } = await runCaptured(['check'], { workingDirectory });
    expect(stdout).toBe('1 zone file: 0 errors, 0 warnings\n');
  });

  it.each([
    [
      'a setting that is wrong',
      '[tracker]\naddresses = ["far"]\n',
      [],
      'portolan.toml: tracker.addresses[0]',
    ],
    ['a flag that is wrong', '', ['--tracker-addresses', 'far'], '--tracker-addresses: "far" is not'],
    ['a named file that is not there', '', ['--config', 'none.toml'], 'none.toml: there is no such file'],
  ])('ends with 2 for %s', async (_, text, args, words) => {
    const workingDirectory = await folderWith({ 'zones/example.zone': HERE, 'portolan.toml': text });
    const { exitCode, stdout, stderr } = await runCaptured(['check', ...args], { workingDirectory });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
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
