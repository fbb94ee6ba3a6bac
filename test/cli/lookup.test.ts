import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCaptured } from '../support/captured-io.ts';
import {
  answers,
  answersWith,
  createHostileDns,
  fails,
  type HostileDns,
  RCODE,
  soa,
  txt,
} from '../support/hostile-dns.ts';

let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
  dns.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337 TCP:80 FOO')));
  dns.on('denied.test', answers(txt('denied.test', 'BITTORRENT DENY ALL')));
  dns.on('typo.test', answers(txt('typo.test', 'BITTORRENT UDP1337')));
  dns.on('nothing.test', answersWith({ flags: RCODE.NXDOMAIN, authorities: [soa('test', 300, 300)] }));
  dns.on('two.test', answers(txt('two.test', 'BITTORRENT UDP:1'), txt('two.test', 'BITTORRENT UDP:2')));
  dns.on('down.test', fails('SERVFAIL'));
  dns.on('escape.test', answers(txt('escape.test', 'BITTORRENT UDP:1 \u001b[2J\u202ex')));
});

afterAll(() => dns.close());

const lookup = (...args: string[]) => runCaptured(['lookup', '--resolver', dns.server, ...args]);

test('prints the endpoints in order, the record, what is ignored in it, and how long it holds', async () => {
  const { stdout, exitCode } = await lookup('Tracker.test');
  expect(stdout).toBe(
    [
      'tracker.test  declared',
      '  endpoints  UDP:1337, then TCP:80',
      '  record     "BITTORRENT UDP:1337 TCP:80 FOO"',
      '  ignored    FOO',
      '  ttl        300 s',
      '  dnssec     not authenticated',
      '',
    ].join('\n'),
  );
  expect(exitCode).toBe(0);
});

test('takes the host of a URL, and never prints the rest of it', async () => {
  const { stdout, stderr } = await lookup(
    'http://user:secret@tracker.test:99/0123456789abcdef0123456789abcdef/announce',
  );
  expect(stdout).toMatch(/^tracker\.test {2}declared\n/);
  expect(stdout + stderr).not.toMatch(/0123456789|secret/);
});

test.each([
  ['denied.test', 'denied', 'there is no tracker here', 0],
  ['typo.test', 'denied', 'most likely a typing mistake', 0],
  ['nothing.test', 'silent', 'there is no such name', 0],
  ['two.test', 'conflict', 'several BITTORRENT records that differ', 0],
  ['down.test', 'failed', 'the name server answered SERVFAIL', 1],
  ['192.0.2.1', 'silent', 'it is an IP address', 0],
  ['[2001:db8::1]', 'silent', 'it is an IP address', 0],
  ['printer.local', 'silent', 'DNS does not hold such a name', 0],
])('%s is %s: %s', async (host, outcome, why, code) => {
  const { stdout, exitCode } = await lookup(host);
  expect(stdout).toContain(`${host}  ${outcome}\n`);
  expect(stdout).toContain(why);
  expect(exitCode).toBe(code);
});

test('looks several up and prints them in the order given; one failure is enough for exit code 1', async () => {
  const { stdout, exitCode } = await lookup('down.test', 'tracker.test');
  expect(stdout.match(/^\S+/gm)).toEqual(['down.test', 'tracker.test']);
  expect(exitCode).toBe(1);
});

test('--json prints one object a line', async () => {
  const { stdout } = await lookup('--json', 'tracker.test', 'denied.test', '192.0.2.1');
  const [declared, denied, literal] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(declared).toEqual({
    host: 'tracker.test',
    outcome: 'declared',
    endpoints: [
      { transport: 'udp', port: 1337 },
      { transport: 'tcp', port: 80 },
    ],
    record: 'BITTORRENT UDP:1337 TCP:80 FOO',
    ttlSeconds: 300,
    authenticated: false,
    stale: false,
    ignored: ['FOO'],
  });
  expect(denied).toMatchObject({ host: 'denied.test', outcome: 'denied', probableTypo: false });
  expect(literal).toMatchObject({
    host: '192.0.2.1',
    outcome: 'silent',
    reason: 'not-asked',
    notAsked: 'literal',
  });
});

test('what a record holds cannot move the cursor of a terminal', async () => {
  const { stdout } = await lookup('escape.test');
  expect(stdout).toContain('\\u{1b}[2J\\u{202e}');
  expect(stdout).not.toMatch(/[\u001b\u202e]/);
});

test('colours only on a terminal, and never with NO_COLOR', async () => {
  const args = ['lookup', '--resolver', dns.server, 'tracker.test'];
  expect((await runCaptured(args, { isTTY: true })).stdout).toContain('\u001b[');
  expect((await runCaptured(args, { isTTY: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b[');
});

test.each([
  [['lookup'], "missing required argument 'host-or-url'"],
  [['lookup', 'a b'], 'not a host name or tracker URL'],
  [['lookup', 'ftp://tracker.test/'], 'not a host name or tracker URL'],
  [['lookup', 'tracker.test', '--resolver', 'dns.example'], '--resolver takes an IP address'],
])('%j is wrong usage', async (args, message) => {
  const { stderr, stdout, exitCode } = await runCaptured(args);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/\nTry: /);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});
