// Our resolver against those of others, over UDP, TCP, TLS and HTTPS: BIND with a signed zone, and unbound in front of
// it, which validates what BIND says.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAddressLookup } from '../../src/io/resolver/create-address-lookup.ts';
import { createResolver } from '../../src/io/resolver/resolver.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { isInstalled, isMissing, portolan, type Running, run, start } from './programs.ts';

const PROGRAMS = ['unbound', 'named', 'dnssec-keygen', 'dnssec-signzone'];
const left = PROGRAMS.some((program) => isMissing(`${program} is not installed`, isInstalled(program)));

const ZONE = `$ORIGIN example.test.
$TTL 300
@         SOA   ns hostmaster 1 3600 600 604800 120
@         NS    ns
ns        A     127.0.0.1
tracker   TXT   "BITTORRENT UDP:1337" " TCP:443"
tracker   A     192.0.2.10
tracker   AAAA  2001:db8::10
denied    TXT   "BITTORRENT DENY ALL"
two       TXT   "BITTORRENT UDP:1"
two       TXT   "BITTORRENT UDP:2"
alias     CNAME tracker
*.wild    TXT   "BITTORRENT TCP:80"
${Array.from({ length: 30 }, (_, index) => `large     TXT   "v=${index} ${'x'.repeat(200)}"`).join('\n')}
large     TXT   "BITTORRENT UDP:1337"
`;

interface Ports {
  readonly plain: number;
  readonly tls: number;
  readonly https: number;
}

const folder = createFolder();
const certificate = join(folder.path, 'certificate.pem');
const key = join(folder.path, 'key.pem');
const servers: { [name: string]: { readonly ports: Ports; readonly running: Running } } = {};

beforeAll(async () => {
  if (left) return;
  const identity = createTestIdentity({ name: 'ns.example.test' });
  writeFileSync(certificate, identity.certificate);
  writeFileSync(key, identity.key);
  const anchor = await signZone();
  const bind = await findPorts();
  servers['bind'] = { ports: bind, running: await startBind(bind) };
  const unbound = await findPorts();
  servers['unbound'] = { ports: unbound, running: await startUnbound(unbound, bind.plain, anchor) };
}, 60_000);

afterAll(async () => {
  for (const { running } of Object.values(servers)) await running.stop();
  folder.remove();
});

async function findPorts(): Promise<Ports> {
  const [plain, tls, https] = (await findFreePorts(3)) as [number, number, number];
  return { plain, tls, https };
}

/** Signs the zone beside its text, and returns its trust anchor. */
async function signZone(): Promise<string> {
  const file = join(folder.path, 'example.test.zone');
  writeFileSync(file, ZONE);
  const where = ['-K', folder.path] as const;
  for (const flags of [['-f', 'KSK'], []]) {
    const { code, stderr } = await run(['dnssec-keygen', ...where, '-a', '13', ...flags, 'example.test']);
    expect(code, stderr).toBe(0);
  }
  const signed = await run([
    'dnssec-signzone',
    ...where,
    '-S',
    '-d',
    folder.path,
    '-o',
    'example.test',
    file,
  ]);
  expect(signed.code, signed.stderr).toBe(0);
  const keys = readdirSync(folder.path).filter((name) => /^K.*\.key$/.test(name));
  const anchors = keys.map((name) => readFileSync(join(folder.path, name), 'utf8'));
  return /^example\.test\.\s.*DNSKEY 257 .*$/m.exec(anchors.join('\n'))![0].replaceAll(/\s+/g, ' ');
}

async function startBind({ plain, tls, https }: Ports): Promise<Running> {
  const configuration = join(folder.path, 'named.conf');
  writeFileSync(
    configuration,
    `tls local { cert-file "${certificate}"; key-file "${key}"; };
http local { endpoints { "/dns-query"; }; };
options {
  directory "${folder.path}"; pid-file "${folder.path}/named.pid"; session-keyfile "${folder.path}/session.key";
  recursion no; notify no; minimal-responses yes;
  listen-on port ${plain} { 127.0.0.1; };
  listen-on port ${tls} tls local { 127.0.0.1; };
  listen-on port ${https} tls local http local { 127.0.0.1; };
  listen-on-v6 { none; };
};
controls { };
zone "example.test" { type primary; file "example.test.zone.signed"; };
`,
  );
  const server = start(['named', '-g', '-c', configuration]);
  await server.line(/all zones loaded/, 20);
  return server;
}

async function startUnbound({ plain, tls, https }: Ports, target: number, anchor: string): Promise<Running> {
  const home = join(folder.path, 'unbound');
  mkdirSync(home);
  const configuration = join(home, 'unbound.conf');
  writeFileSync(
    configuration,
    `server:
  interface: 127.0.0.1@${plain}
  interface: 127.0.0.1@${tls}
  interface: 127.0.0.1@${https}
  tls-port: ${tls}
  https-port: ${https}
  tls-service-key: "${key}"
  tls-service-pem: "${certificate}"
  do-daemonize: no
  use-syslog: no
  verbosity: 1
  username: ""
  chroot: ""
  directory: "${home}"
  pidfile: "${home}/unbound.pid"
  do-not-query-localhost: no
  do-ip6: no
  local-zone: "test." nodefault
  module-config: "validator iterator"
  trust-anchor: "${anchor}"
remote-control:
  control-enable: no
stub-zone:
  name: "example.test"
  stub-addr: 127.0.0.1@${target}
`,
  );
  const server = start(['unbound', '-d', '-c', configuration]);
  await server.line(/start of service/, 20);
  return server;
}

function addressOf(server: string, transport: 'udp' | 'tls' | 'https'): string {
  const { ports } = servers[server]!;
  switch (transport) {
    case 'udp':
      return `127.0.0.1:${ports.plain}`;
    case 'tls':
      return `tls://127.0.0.1:${ports.tls}#ns.example.test`;
    case 'https':
      return `https://127.0.0.1:${ports.https}/dns-query`;
  }
}

const udp1337 = { transport: 'udp', port: 1337 };

const OUTCOMES: readonly [host: string, outcome: object, hasRecord: boolean][] = [
  ['tracker', { kind: 'declared', endpoints: [udp1337, { transport: 'tcp', port: 443 }] }, true],
  ['alias', { kind: 'declared', endpoints: [udp1337, { transport: 'tcp', port: 443 }] }, true],
  ['some.wild', { kind: 'declared', endpoints: [{ transport: 'tcp', port: 80 }] }, true],
  ['large', { kind: 'declared', endpoints: [udp1337] }, true],
  ['denied', { kind: 'denied' }, true],
  ['two', { kind: 'conflict', records: ['BITTORRENT UDP:1', 'BITTORRENT UDP:2'] }, false],
  ['ns', { kind: 'silent', reason: 'no-record' }, false],
  ['nothing', { kind: 'silent', reason: 'no-name' }, false],
];

describe.skipIf(left).each([
  ['bind', 'udp'],
  ['bind', 'tls'],
  ['bind', 'https'],
  ['unbound', 'udp'],
  ['unbound', 'tls'],
  ['unbound', 'https'],
] as const)('%s over %s', (name, transport) => {
  const open = (options = {}) =>
    createResolver({
      servers: [addressOf(name, transport)],
      certificateAuthorities: [readFileSync(certificate, 'utf8')],
      ...options,
    });

  test('gives every outcome, and unbound vouches for what it has validated', async () => {
    const resolver = open();
    for (const [host, outcome, hasRecord] of OUTCOMES) {
      const vouched = hasRecord ? { authenticated: name === 'unbound' } : {};
      const found = await resolver.lookupPreference(`${host}.example.test`);
      expect(found, host).toMatchObject({ ...outcome, ...vouched });
    }
    resolver.close();
  });

  test('requireAuthenticated takes what unbound has validated, and nothing from BIND, which vouches for nothing', async () => {
    const resolver = open({ requireAuthenticated: true });
    const kinds = await Promise.all(
      ['tracker', 'nothing'].map(
        async (host) => (await resolver.lookupPreference(`${host}.example.test`)).kind,
      ),
    );
    expect(kinds).toEqual(name === 'unbound' ? ['declared', 'silent'] : ['failed', 'failed']);
    resolver.close();
  });

  test('gives the addresses of a tracker, too', async () => {
    const addresses = createAddressLookup({
      servers: [addressOf(name, transport)],
      certificateAuthorities: [readFileSync(certificate, 'utf8')],
      requireAuthenticated: name === 'unbound',
    });
    const found = (host: string, family: 4 | 6) => addresses.lookup(`${host}.example.test`, family);
    const own = [
      { kind: 'addresses', addresses: ['192.0.2.10'] },
      { kind: 'addresses', addresses: ['2001:db8::10'] },
    ];
    for (const host of ['tracker', 'alias'])
      expect(await Promise.all([found(host, 4), found(host, 6)]), host).toMatchObject(own);
    expect(await found('ns', 6)).toMatchObject({ kind: 'none' });
    expect(await found('nothing', 4)).toMatchObject({ kind: 'none' });
    addresses.close();
  });

  test('the command does the same, with the certificate among those that Node trusts', async () => {
    const flags = ['--resolver', addressOf(name, transport), '--json'];
    const { code, stdout, stderr } = await run([
      'env',
      `NODE_EXTRA_CA_CERTS=${certificate}`,
      ...portolan,
      'lookup',
      ...flags,
      'tracker.example.test',
    ]);
    expect(JSON.parse(stdout), stderr).toMatchObject({
      outcome: 'declared',
      authenticated: name === 'unbound',
    });
    expect(code).toBe(0);
  });
});
