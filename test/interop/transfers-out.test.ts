// Portolan as the primary: dig and kdig take its zones, NSD, Knot and BIND copy them, with a key and without.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { startPortolan, until } from './portolan-server.ts';
import { type CommandLine, isInstalled, isMissing, type Running, run } from './programs.ts';
import { SECONDARIES } from './secondaries.ts';

const KEYED = 'keyed.example';
const NAMES = 5000;
const KEY = { name: 'xfr', algorithm: 'hmac-sha256', secret: randomBytes(32).toString('base64') };
const OTHER_SECRET = randomBytes(32).toString('base64');

function zoneText(apex: string): string {
  const many = Array.from({ length: NAMES }, (_, n) => `host${n} A 10.0.${n >> 8}.${n & 255}\n`).join('');
  return `$ORIGIN ${apex}.
$TTL 300
@ SOA ns hostmaster 7 3600 600 604800 60
@ NS ns
@ NS ns.example.net.
@ MX 10 mail
ns A 127.0.0.1
ns AAAA ::1
mail A 192.0.2.25
www CNAME Mail
*.wild TXT "any" "thing"
cut NS ns.cut
ns.cut A 192.0.2.53
generic TYPE65534 \\# 3 010203
${many}`;
}

const folder = createFolder();
let port: number;
/** Gives its zone to whoever has the key; {@link port} gives it to this machine. */
let keyedPort: number;
const servers: Running[] = [];

beforeAll(async () => {
  const [first, firstAdmin, second, secondAdmin] = (await findFreePorts(4)) as [
    number,
    number,
    number,
    number,
  ];
  port = first;
  keyedPort = second;
  const keyFile = join(folder.path, 'transfer.key');
  writeFileSync(keyFile, `key "${KEY.name}" { algorithm ${KEY.algorithm}; secret "${KEY.secret}"; };\n`);
  servers.push(
    await startPortolan({
      folder: join(folder.path, 'open'),
      dnsPort: port,
      adminPort: firstAdmin,
      zones: { 'open.example.zone': zoneText('open.example') },
      dns: 'transfer = ["127.0.0.1"]',
    }),
    await startPortolan({
      folder: join(folder.path, 'keyed'),
      dnsPort: keyedPort,
      adminPort: secondAdmin,
      zones: { 'keyed.example.zone': zoneText(KEYED) },
      dns: `keys = [${JSON.stringify(keyFile)}]\ntransfer = ["127.0.0.0/8 key:${KEY.name}"]`,
    }),
  );
});

afterAll(async () => {
  const codes = await Promise.all(servers.map((server) => server.stop()));
  const said = servers.map((server) => server.output()).join('');
  folder.remove();
  expect(codes).toEqual(servers.map(() => 0));
  expect(said).not.toContain(KEY.secret);
});

/** Records as dig prints them, sorted, the SOA once. */
function recordsIn(printed: string): string[] {
  const lines = printed.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  return [...new Set(lines.map((line) => line.replaceAll(/\s+/g, ' ').toLowerCase()))].sort();
}

function digAxfr(from: number, zone: string, ...words: string[]): CommandLine {
  return ['dig', '@127.0.0.1', '-p', `${from}`, '+noall', '+answer', '+onesoa', ...words, zone, 'AXFR'];
}

const keyWord = (secret = KEY.secret, name = KEY.name): string[] => [
  '-y',
  `${KEY.algorithm}:${name}:${secret}`,
];

const RECORDS = NAMES + 12;

describe('dig and kdig', () => {
  const left = isMissing('dig and kdig', isInstalled('dig') && isInstalled('kdig'));

  it.skipIf(left)('take the zone whole', async () => {
    const { stdout, stderr, code } = await run(digAxfr(port, 'open.example'));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const records = recordsIn(stdout);
    expect(records).toHaveLength(RECORDS);
    const kdig = await run([
      'kdig',
      '@127.0.0.1',
      '-p',
      `${port}`,
      '+noall',
      '+answer',
      'open.example',
      'AXFR',
    ]);
    expect(recordsIn(kdig.stdout)).toEqual(records);
  });

  it.skipIf(left)('check the signature of every message', async () => {
    const { stdout } = await run(digAxfr(keyedPort, KEYED, ...keyWord()));
    expect(stdout).not.toMatch(/failed|Couldn't verify/i);
    expect(recordsIn(stdout)).toHaveLength(RECORDS);
    const kdig = await run([
      'kdig',
      ...['@127.0.0.1', '-p', `${keyedPort}`, '+noall', '+answer', ...keyWord(), KEYED, 'AXFR'],
    ]);
    expect(kdig.stderr).toBe('');
    expect(recordsIn(kdig.stdout)).toHaveLength(RECORDS);
  });

  it.skipIf(left).each([
    ['without a key', [], /Transfer failed/],
    ['with a wrong secret', keyWord(OTHER_SECRET), /tsig indicates error[\s\S]*NOTAUTH/],
    ['with an unknown key', keyWord(KEY.secret, 'stranger'), /tsig indicates error[\s\S]*NOTAUTH/],
  ])('are refused %s', async (_, words, sentence) => {
    const { stdout, stderr } = await run(digAxfr(keyedPort, KEYED, '+comments', ...words));
    expect(stdout + stderr).toMatch(sentence);
    expect(stdout).not.toContain('host1.');
  });

  it.skipIf(left)('get the SOA alone for IXFR when they are current', async () => {
    const { stdout } = await run([
      'dig',
      '@127.0.0.1',
      '-p',
      `${port}`,
      '+noall',
      '+answer',
      'open.example',
      'IXFR=7',
    ]);
    expect(recordsIn(stdout)).toEqual([
      'open.example. 300 in soa ns.open.example. hostmaster.open.example. 7 3600 600 604800 60',
    ]);
  });
});

describe.each(Object.entries(SECONDARIES))('%s', (name, { program, start }) => {
  const left = isMissing(program, isInstalled(program) && isInstalled('dig'));

  it.skipIf(left).each([
    ['without a key', 'open.example', undefined],
    ['with a key', KEYED, KEY],
  ] as const)('copies a zone %s, record for record', async (_, zone, key) => {
    const [own] = (await findFreePorts(1)) as [number];
    const primaryPort = key === undefined ? port : keyedPort;
    const secondary = await start({
      port: own,
      primaryPort,
      zone,
      folder: join(folder.path, `${name}-${zone}`),
      ...(key !== undefined && { key }),
    });
    onTestFinished(async () => void (await secondary.stop()));
    const words = key === undefined ? [] : keyWord();
    const ours = recordsIn((await run(digAxfr(primaryPort, zone, ...words))).stdout);
    const copied = async (): Promise<string[]> => recordsIn((await run(digAxfr(own, zone))).stdout);
    await until(`${name} has copied ${zone}`, async () => (await copied()).length === RECORDS, 40);
    expect(await copied()).toEqual(ours);
  });
});
