// Whether validators believe what Portolan says of signed zones: unbound as a resolver with each zone's key as trust
// anchor, and delv, which asks by itself.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { type PrintedMessage, parsePrintedMessage } from './dns-message.ts';
import { type CommandLine, isInstalled, isMissing, type Running, run, start } from './programs.ts';
import { type SignedServing, serveSignedZones } from './signed-serving.ts';
import { SIGNERS } from './signed-zones.ts';

const PROGRAMS = ['unbound', 'delv', 'dig', 'dnssec-signzone', 'dnssec-keygen', 'ldns-signzone'];
const left = PROGRAMS.some((program) => isMissing(`${program} is not installed`, isInstalled(program)));

let serving: SignedServing | undefined;
let resolver: Running | undefined;
let resolverPort = 0;
let anchors = '';

beforeAll(async () => {
  if (left) return;
  serving = await serveSignedZones();
  anchors = join(serving.folder, 'anchors.conf');
  writeFileSync(anchors, `trust-anchors {\n${serving.zones.map(bindAnchor).join('')}};\n`);
  [resolverPort] = (await findFreePorts(1)) as [number];
  resolver = await startUnbound(resolverPort, serving);
});

afterAll(async () => {
  await resolver?.stop();
  const code = await serving?.stop();
  expect(code ?? 0).toBe(0);
});

/** `name TTL IN DNSKEY flags protocol algorithm key` to BIND's clause. */
function bindAnchor({ trustAnchor }: { trustAnchor: string }): string {
  const [name, ...rest] = trustAnchor.split(/\s+/);
  const [flags, protocol, algorithm, ...key] = rest.slice(rest.indexOf('DNSKEY') + 1);
  return `  "${name}" static-key ${flags} ${protocol} ${algorithm} "${key.join('')}";\n`;
}

async function startUnbound(port: number, { folder, zones, port: target }: SignedServing): Promise<Running> {
  const home = join(folder, 'unbound');
  mkdirSync(home);
  const configuration = join(home, 'unbound.conf');
  const anchorLines = zones.map(
    ({ trustAnchor }) => `  trust-anchor: "${trustAnchor.replace(/\s+/g, ' ')}"\n`,
  );
  const stubs = zones.map(
    ({ name }) => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${target}\n  stub-no-cache: no\n`,
  );
  writeFileSync(
    configuration,
    `server:
  interface: 127.0.0.1@${port}
  do-daemonize: no
  use-syslog: no
  log-time-ascii: yes
  verbosity: 1
  username: ""
  chroot: ""
  directory: "${home}"
  pidfile: "${home}/unbound.pid"
  do-not-query-localhost: no
  do-ip6: no
  local-zone: "test." nodefault
  module-config: "validator iterator"
  harden-referral-path: no
  aggressive-nsec: no
${anchorLines.join('')}remote-control:
  control-enable: no
${stubs.join('')}`,
  );
  const server = start(['unbound', '-d', '-c', configuration]);
  await server.line(/start of service/, 20);
  return server;
}

type Case = readonly [what: string, label: string, type: string, status: string];

/** What stands before the apex, the type, and the response code that unbound must vouch for. */
const SECURE: readonly Case[] = [
  ['an answer at the apex', '', 'SOA', 'NOERROR'],
  ['the keys', '', 'DNSKEY', 'NOERROR'],
  ['an answer', 'www', 'A', 'NOERROR'],
  ['an answer in other letters', 'WwW', 'A', 'NOERROR'],
  ['an answer over TCP after truncation', 'large', 'TXT', 'NOERROR'],
  ['no data', 'www', 'AAAA', 'NOERROR'],
  ['an empty non-terminal', 'b.ent', 'A', 'NOERROR'],
  ['a wildcard by its own name', '*.wild', 'A', 'NOERROR'],
  ['an alias', 'alias', 'A', 'NOERROR'],
  ['a chain of aliases', 'chain1', 'TXT', 'NOERROR'],
  ['an alias to no data', 'tonodata', 'TXT', 'NOERROR'],
  ['a DNAME', 'host.red', 'A', 'NOERROR'],
  ['the DS of a child', 'signed', 'DS', 'NOERROR'],
  ['no DS at a name of the zone', 'www', 'DS', 'NOERROR'],
];

/** The same; but where NSEC3 opts out, what is not there may be an unsigned child: nobody can vouch (RFC 5155 §9.2). */
const SECURE_UNLESS_OPT_OUT: readonly Case[] = [
  ['no name', 'nothing', 'A', 'NXDOMAIN'],
  ['no name, several labels down', 'a.b.c.d.nothing', 'A', 'NXDOMAIN'],
  ['no name before all others', '0', 'A', 'NXDOMAIN'],
  ['no name after all others', 'zzzz', 'A', 'NXDOMAIN'],
  ['no name below an empty non-terminal', 'x.b.ent', 'A', 'NXDOMAIN'],
  ['a wildcard', 'q.wild', 'A', 'NOERROR'],
  ['a wildcard over several labels', 'p.q.r.wild', 'TXT', 'NOERROR'],
  ['a wildcard without the type', 'q.wild', 'AAAA', 'NOERROR'],
  ["no name below a wildcard's sibling", 'x.host.wild', 'A', 'NXDOMAIN'],
  ['a wildcard below a wildcard', 'x.*.nest', 'TXT', 'NOERROR'],
  ['a wildcard above a wildcard', 'q.nest', 'A', 'NOERROR'],
  ['a wildcard above a wildcard without the type', 'q.nest', 'TXT', 'NOERROR'],
  ['a wildcard above a wildcard, asked with an asterisk', '*.q.nest', 'TXT', 'NOERROR'],
  ['an asterisk that is an empty non-terminal', 'q.ast', 'A', 'NOERROR'],
  ['an alias to nothing', 'tonothing', 'A', 'NXDOMAIN'],
  ['an alias to a wildcard', 'towild', 'A', 'NOERROR'],
  ['an alias by wildcard', 'q.cwild', 'A', 'NOERROR'],
  ['an alias by wildcard to an alias by wildcard', 'q.ctwice', 'A', 'NOERROR'],
  ['an alias by wildcard to a wildcard without the type', 'q.cwildno', 'AAAA', 'NOERROR'],
  ['an alias by wildcard to nothing', 'q.cnothing', 'A', 'NXDOMAIN'],
  ['a DNAME to a wildcard', 'x.red', 'A', 'NOERROR'],
  ['a DNAME to nothing', 'q.rednx', 'A', 'NXDOMAIN'],
];

describe.skipIf(left).each(SIGNERS)('$what', ({ name }) => {
  const isOptOut = name.includes('optout') || name.includes('bind-salt');

  async function ask(label: string, type: string): Promise<PrintedMessage> {
    const asked = label === '' ? name : `${label}.${name}`;
    const { stdout } = await run(['dig', '@127.0.0.1', '-p', `${resolverPort}`, '+dnssec', asked, type]);
    return parsePrintedMessage(stdout);
  }

  it.each(SECURE)('unbound finds %s secure', async (_what, label, type, status) => {
    expect(await ask(label, type)).toMatchObject({ status, flags: expect.arrayContaining(['ad']) });
  });

  it.each(SECURE_UNLESS_OPT_OUT)('unbound takes %s for what it is', async (_what, label, type, status) => {
    const message = await ask(label, type);
    expect(message.status).toBe(status);
    expect(message.flags.includes('ad')).toBe(!isOptOut);
  });

  it('unbound finds an unsigned child provably unsigned', async () => {
    const message = await ask('unsigned', 'DS');
    expect(message.status).toBe('NOERROR');
    expect(message.flags.includes('ad')).toBe(!isOptOut);
  });

  it.each([
    ['an answer', 'www', 'A', '; fully validated'],
    ['no data', 'www', 'AAAA', '; negative response, fully validated'],
    ['no name', 'nothing', 'A', '; negative response, fully validated'],
    ['a wildcard', 'q.wild', 'A', isOptOut ? '; unsigned answer' : '; fully validated'],
  ])('delv says what is to be said of %s', async (_what, label, type, expected) => {
    const command = ['delv', '@127.0.0.1', '-p', `${serving!.port}`, '-a', anchors, `+root=${name}`];
    const { stdout } = await run([...command, `${label}.${name}`, type] as unknown as CommandLine);
    expect(stdout.split('\n')).toContain(expected);
  });
});
