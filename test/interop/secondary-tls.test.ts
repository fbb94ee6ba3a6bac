// BIND as a primary over TLS (RFC 9103), with a catalog of zones (RFC 9432): copied where the certificate is for the name
// that was configured, and from nobody else. Knot as the producer of a catalog.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { projectRoot } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { askUdp } from '../support/tracker-clients.ts';
import { startPortolan, until } from './portolan-server.ts';
import { isInstalled, isMissing, type Running, start } from './programs.ts';

const CERTIFICATES = join(projectRoot, 'test', 'vectors', 'tls');

function zoneText(zone: string, serial: number, lines = ''): string {
  return `$ORIGIN ${zone}.\n$TTL 60\n@ SOA ns hostmaster ${serial} 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n${lines}`;
}

async function serialOf(port: number, zone: string): Promise<string> {
  const { rcode, answer } = await askUdp('127.0.0.1', port, { name: `${zone}.`, type: 'SOA' });
  return rcode === 'NOERROR' ? answer[0]!.split(' ')[6]! : rcode;
}

async function launch(words: readonly [string, ...string[]], ready: RegExp): Promise<Running> {
  const server = start(words);
  onTestFinished(() => server.stop().then(() => {}));
  await server.line(ready, 20);
  return server;
}

describe('BIND over TLS', () => {
  if (isMissing('named', isInstalled('named'))) return;

  it('is copied from where its certificate is for the configured name, and its catalog is followed', async () => {
    const folder = await temporaryFolder();
    const [plain, tls, dnsPort, adminPort] = (await findFreePorts(4)) as [number, number, number, number];
    const catalog = (serial: number, ...members: string[]): string =>
      zoneText(
        'catalog.example',
        serial,
        ['version TXT "2"', ...members.map((zone, index) => `id${index}.zones PTR ${zone}.`), ''].join('\n'),
      );
    const zones = ['catalog.example', 'one.example', 'two.example'];
    writeFileSync(join(folder, 'catalog.example'), catalog(1, 'one.example', 'two.example'));
    writeFileSync(join(folder, 'one.example'), zoneText('one.example', 11));
    writeFileSync(join(folder, 'two.example'), zoneText('two.example', 12));
    writeFileSync(
      join(folder, 'named.conf'),
      `tls own { cert-file "${CERTIFICATES}/ns1.pem"; key-file "${CERTIFICATES}/ns1-key.pem"; };
options {
  directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
  listen-on port ${plain} { 127.0.0.1; };
  listen-on port ${tls} tls own { 127.0.0.1; };
  listen-on-v6 { none; };
  allow-transfer port ${tls} transport tls { 127.0.0.1; };
  recursion no; notify explicit; also-notify { 127.0.0.1 port ${dnsPort}; }; notify-delay 0;
};
controls { };
${zones.map((zone) => `zone "${zone}" { type primary; file "${zone}"; check-integrity no; };`).join('\n')}
`,
    );
    const bind = await launch(['named', '-g', '-c', join(folder, 'named.conf')], /all zones loaded/);
    const authority = `tls_ca = "${CERTIFICATES}/authority.pem"`;
    const server = await startPortolan({
      folder: join(folder, 'portolan'),
      dnsPort,
      adminPort,
      dns: `[[dns.secondaries]]
zone = "catalog.example"
primaries = ["127.0.0.1:${tls}"]
tls = "ns1.example.net"
${authority}
catalog = true
[[dns.secondaries]]
zone = "two.example"
primaries = ["127.0.0.1:${tls}"]
tls = "ns2.example.net"
${authority}`,
    });
    onTestFinished(() => server.stop().then(() => {}));
    await until('a member', async () => (await serialOf(dnsPort, 'one.example')) === '11');
    expect(await serialOf(dnsPort, 'catalog.example')).toBe('1');
    await until('the refusal', async () =>
      /two\.example was not fetched.*ns2\.example\.net/.test(server.output()),
    );
    expect(await serialOf(dnsPort, 'two.example')).toBe('SERVFAIL');

    writeFileSync(join(folder, 'catalog.example'), catalog(2));
    bind.child.kill('SIGHUP');
    await until('the end of the member', async () => (await serialOf(dnsPort, 'one.example')) === 'REFUSED');
    expect(await server.stop()).toBe(0);
  });
});

describe('a catalog that Knot makes', () => {
  if (isMissing('knotd', isInstalled('knotd'))) return;

  it('brings its members', async () => {
    const folder = await temporaryFolder();
    const [port, dnsPort, adminPort] = (await findFreePorts(3)) as [number, number, number];
    mkdirSync(join(folder, 'knot'));
    for (const [zone, serial] of [
      ['one.example', 21],
      ['two.example', 22],
    ] as const)
      writeFileSync(join(folder, 'knot', `${zone}.zone`), zoneText(zone, serial));
    writeFileSync(
      join(folder, 'knot.conf'),
      `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}/knot
log:
  - target: stdout
    any: info
database:
  storage: ${folder}/knot
acl:
  - id: anybody
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: ${folder}/knot
    file: "%s.zone"
    acl: anybody
  - id: member
    storage: ${folder}/knot
    file: "%s.zone"
    acl: anybody
    catalog-role: member
    catalog-zone: made.example
zone:
  - domain: made.example
    catalog-role: generate
  - domain: one.example
    template: member
  - domain: two.example
    template: member
`,
    );
    await launch(['knotd', '-c', join(folder, 'knot.conf')], /server started/);
    const server = await startPortolan({
      folder: join(folder, 'portolan'),
      dnsPort,
      adminPort,
      dns: `secondaries = [{ zone = "made.example", primaries = ["127.0.0.1:${port}"], catalog = true }]`,
    });
    onTestFinished(() => server.stop().then(() => {}));
    await until('the first member', async () => (await serialOf(dnsPort, 'one.example')) === '21');
    await until('the second member', async () => (await serialOf(dnsPort, 'two.example')) === '22');
    expect(await server.stop()).toBe(0);
  });
});
