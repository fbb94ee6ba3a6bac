// dig, kdig and drill ask a running server, over UDP and TCP, IPv4 and IPv6.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { type PrintedMessage, parsePrintedMessage } from './dns-message.ts';
import {
  type CommandLine,
  isInstalled,
  isMissing,
  portolan,
  type Running,
  run,
  start,
  waitUntilReady,
} from './programs.ts';

const folder = createFolder();
let dnsPort: number;
let server: Running;

function zoneText(trackerPort: number): string {
  return `
$ORIGIN interop.example.
$TTL 300
@            SOA   ns hostmaster 1 3600 600 604800 60
@            NS    ns
@            MX    10 mail
ns           A     127.0.0.1
ns           AAAA  ::1
mail         A     192.0.2.25
tracker      A     127.0.0.1
tracker      AAAA  ::1
tracker      TXT   "BITTORRENT UDP:${trackerPort} TCP:${trackerPort}"
ipv4.tracker A     127.0.0.1
ipv6.tracker AAAA  ::1
www          CNAME tracker
*.wild       TXT   "any"
deep.empty   A     192.0.2.1
${Array.from({ length: 10 }, (_, index) => `large TXT "${String(index).repeat(200)}"`).join('\n')}
child        NS    ns.child
ns.child     A     192.0.2.53
`;
}

beforeAll(async () => {
  const [dns, admin, tracker] = (await findFreePorts(3)) as [number, number, number];
  dnsPort = dns;
  mkdirSync(join(folder.path, 'zones'));
  writeFileSync(join(folder.path, 'zones', 'interop.example.zone'), zoneText(tracker));
  writeFileSync(
    join(folder.path, 'portolan.toml'),
    `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:${dns}", "[::1]:${dns}"]
[admin]
listen = "127.0.0.1:${admin}"
`,
  );
  server = start([
    ...portolan,
    'serve',
    '--config',
    join(folder.path, 'portolan.toml'),
  ] as unknown as CommandLine);
  await waitUntilReady(server, `127.0.0.1:${admin}`);
});

afterAll(async () => {
  const code = await server?.stop();
  folder.remove();
  expect(code).toBe(0);
});

interface Question {
  readonly name: string;
  readonly type: string;
  readonly address?: string;
  readonly tcp?: boolean;
}

const PROGRAMS: Readonly<Record<string, (question: Question) => CommandLine>> = {
  dig: ({ name, type, address = '127.0.0.1', tcp }) => [
    'dig',
    `@${address}`,
    ...['-p', `${dnsPort}`, name, type, '+norecurse', '+time=5', '+tries=1', '+nottlunits'],
    ...(tcp === true ? ['+tcp'] : []),
  ],
  kdig: ({ name, type, address = '127.0.0.1', tcp }) => [
    'kdig',
    `@${address}`,
    ...['-p', `${dnsPort}`, name, type, '+norecurse', '+time=5', '+retry=0', '+edns'],
    ...(tcp === true ? ['+tcp'] : []),
  ],
  drill: ({ name, type, address = '127.0.0.1', tcp }) => [
    'drill',
    ...['-o', 'rd', '-b', '1232', '-p', `${dnsPort}`],
    ...(tcp === true ? ['-t'] : ['-u']),
    ...[address.includes(':') ? '-6' : '-4', name, `@${address}`, type],
  ],
};

const SOA = 'interop.example. 60 IN SOA ns.interop.example. hostmaster.interop.example. 1 3600 600 604800 60';

interface Expected {
  readonly status?: string;
  /** Every record of the section, in any order; a text is a whole record, a pattern one of its kind. */
  readonly answer?: readonly (string | RegExp)[];
  readonly authority?: readonly (string | RegExp)[];
  readonly flags?: readonly string[];
}

const CASES: readonly (readonly [string, Question, Expected])[] = [
  ['an A record', q('tracker', 'A'), { answer: ['tracker.interop.example. 300 IN A 127.0.0.1'] }],
  ['an AAAA record', q('tracker', 'AAAA'), { answer: ['tracker.interop.example. 300 IN AAAA ::1'] }],
  ['NODATA where IPv6 has no address', q('ipv4.tracker', 'AAAA'), { authority: [SOA] }],
  ['NODATA where IPv4 has no address', q('ipv6.tracker', 'A'), { authority: [SOA] }],
  [
    'the preference',
    q('tracker', 'TXT'),
    { answer: [/^tracker\.interop\.example\. 300 IN TXT "BITTORRENT UDP:\d+ TCP:\d+"$/] },
  ],
  ['the name servers', q('', 'NS'), { answer: ['interop.example. 300 IN NS ns.interop.example.'] }],
  ['the SOA with its own TTL', q('', 'SOA'), { answer: [SOA.replace(' 60 IN', ' 300 IN')] }],
  ['a mail exchange', q('', 'MX'), { answer: ['interop.example. 300 IN MX 10 mail.interop.example.'] }],
  [
    'an alias with what it points to',
    q('www', 'A'),
    {
      answer: [
        'www.interop.example. 300 IN CNAME tracker.interop.example.',
        'tracker.interop.example. 300 IN A 127.0.0.1',
      ],
    },
  ],
  [
    'a wildcard under the name asked',
    q('a.b.wild', 'TXT'),
    { answer: ['a.b.wild.interop.example. 300 IN TXT "any"'] },
  ],
  ['NODATA for an empty non-terminal', q('empty', 'A'), { authority: [SOA] }],
  ['NXDOMAIN with the SOA', q('absent', 'A'), { status: 'NXDOMAIN', authority: [SOA] }],
  [
    'a referral below a cut',
    q('host.child', 'A'),
    { authority: ['child.interop.example. 300 IN NS ns.child.interop.example.'], flags: ['qr'] },
  ],
  [
    'a large answer whole, after truncation',
    q('large', 'TXT'),
    { answer: Array.from({ length: 10 }, () => /IN TXT "(\d)\1{199}"$/) },
  ],
];

function q(name: string, type: string): Question {
  return { name: name === '' ? 'interop.example' : `${name}.interop.example`, type };
}

function check(message: PrintedMessage, expected: Expected): void {
  expect(message.status).toBe(expected.status ?? 'NOERROR');
  expect(message.flags).toEqual(expect.arrayContaining([...(expected.flags ?? ['qr', 'aa'])]));
  expectRecords(message.answer, expected.answer ?? []);
  if (expected.authority !== undefined) expectRecords(message.authority, expected.authority);
}

function expectRecords(found: readonly string[], wanted: readonly (string | RegExp)[]): void {
  const missing = wanted.filter(
    (record) => !found.some((line) => (typeof record === 'string' ? line === record : record.test(line))),
  );
  expect({ missing, count: found.length, found }).toEqual({ missing: [], count: wanted.length, found });
}

describe.each(Object.keys(PROGRAMS))('%s', (program) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  describe.each([
    ['UDP on 127.0.0.1', { address: '127.0.0.1', tcp: false }],
    ['TCP on 127.0.0.1', { address: '127.0.0.1', tcp: true }],
    ['UDP on ::1', { address: '::1', tcp: false }],
    ['TCP on ::1', { address: '::1', tcp: true }],
  ])('over %s', (_, where) => {
    it.skipIf(left).each(CASES)('gets %s', async (_, question, expected) => {
      // drill does not ask again over TCP by itself.
      if (program === 'drill' && !where.tcp && question.name.startsWith('large')) {
        const { stdout } = await run(PROGRAMS[program]!({ ...question, ...where }));
        expect(parsePrintedMessage(stdout).flags).toContain('tc');
        return;
      }
      const { stdout } = await run(PROGRAMS[program]!({ ...question, ...where }));
      check(parsePrintedMessage(stdout), expected);
    });

    it.skipIf(left)('is refused for a foreign name', async () => {
      const { stdout } = await run(PROGRAMS[program]!({ name: 'example.org', type: 'A', ...where }));
      expect(parsePrintedMessage(stdout).status).toBe('REFUSED');
    });
  });
});

describe('EDNS', () => {
  const left = isMissing('dig is not installed', isInstalled('dig'));
  const ask = async (...words: string[]): Promise<PrintedMessage> => {
    const command = PROGRAMS['dig']!({ name: 'large.interop.example', type: 'TXT' });
    return parsePrintedMessage((await run([...command, ...words] as unknown as CommandLine)).stdout);
  };

  it.skipIf(left)('is answered where it is asked for, and only there', async () => {
    expect((await ask('+edns=0', '+tcp')).hasEdns).toBe(true);
    expect((await ask('+noedns', '+tcp')).hasEdns).toBe(false);
  });

  it.skipIf(left)('truncates at the size asked for', async () => {
    const small = await ask('+bufsize=512', '+ignore');
    expect(small.flags).toContain('tc');
  });

  it.skipIf(left)('says BADVERS to a version that does not exist', async () => {
    expect((await ask('+edns=1', '+noednsneg')).status).toBe('BADVERS');
  });
});
