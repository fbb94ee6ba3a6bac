// NSD, Knot and BIND as primaries of a zone that Portolan copies, by TSIG: the first transfer, an edit that NOTIFY tells
// of and IXFR brings, a restart without any primary.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { textToOctets } from '../../src/core/octets/text.ts';
import type { TsigKey } from '../../src/core/transfer/tsig-key.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { announceUdp, askUdp } from '../support/tracker-clients.ts';
import { startPortolan, until } from './portolan-server.ts';
import { PRIMARIES, reload } from './primaries.ts';
import { isInstalled, isMissing } from './programs.ts';

const KEY: TsigKey = {
  name: textToOctets('\x03xfr\x07example\0'),
  algorithm: 'hmac-sha256',
  secret: new Uint8Array(32).fill(7),
};

function zoneText(serial: number, trackerPort: number, lines = ''): string {
  return `$ORIGIN copied.example.
$TTL 60
@        SOA  ns hostmaster ${serial} 3600 600 86400 60
@        NS   ns
ns       A    127.0.0.1
tracker  A    127.0.0.1
tracker  TXT  "BITTORRENT UDP:${trackerPort}"
deep.er  AAAA 2001:db8::1
*.wild   MX   10 ns
${Array.from({ length: 200 }, (_, index) => `host${index} A 192.0.2.${index}\n`).join('')}${lines}`;
}

function answerOf(port: number, name: string, type: string) {
  return askUdp('127.0.0.1', port, { name, type });
}

async function isTrackerOpen(port: number): Promise<boolean> {
  return (await announceUdp('127.0.0.1', port)) !== undefined;
}

describe.each(Object.entries(PRIMARIES))('a zone of %s', (name, { program, start }) => {
  if (isMissing(program, isInstalled(program))) return;

  it('is copied, follows an edit, and outlives its primary', async () => {
    const folder = await temporaryFolder();
    const [primaryPort, dnsPort, adminPort, trackerPort] = await findFreePorts(4);
    const file = join(folder, 'copied.example.zone');
    writeFileSync(file, zoneText(1, trackerPort!));
    const zone = 'copied.example';
    const primary = await start({
      port: primaryPort!,
      zone,
      file,
      folder: join(folder, name),
      keys: [KEY],
      notify: dnsPort!,
    });
    onTestFinished(() => primary.stop().then(() => {}));
    mkdirSync(join(folder, 'portolan'));
    const secret = Buffer.from(KEY.secret).toString('base64');
    writeFileSync(join(folder, 'portolan', 'transfer.key'), `hmac-sha256:xfr.example:${secret}\n`);
    const spec = {
      folder: join(folder, 'portolan'),
      dnsPort: dnsPort!,
      adminPort: adminPort!,
      dns: `keys = ["transfer.key"]
[[dns.secondaries]]
zone = "${zone}"
primaries = ["127.0.0.1:${primaryPort}"]
key = "xfr.example"
tracker = true`,
    };
    const first = await startPortolan(spec);
    onTestFinished(() => first.stop().then(() => {}));
    const serial = async () => (await answerOf(dnsPort!, `${zone}.`, 'SOA')).answer[0]?.split(' ')[6];
    await until('the first transfer', async () => (await serial()) === '1');
    expect((await answerOf(dnsPort!, 'host199.copied.example.', 'A')).answer[0]).toMatch(/192\.0\.2\.199$/);
    await until('the tracker port', () => isTrackerOpen(trackerPort!));

    writeFileSync(file, zoneText(2, trackerPort!, 'new A 192.0.2.1\n'));
    reload(primary);
    await until('the edit', async () => (await serial()) === '2');
    expect((await answerOf(dnsPort!, 'new.copied.example.', 'A')).answer[0]).toMatch(/192\.0\.2\.1$/);
    expect(first.output()).toMatch(/at serial 2, fetched by its changes/);
    // Knot says so over TCP, NSD and BIND by datagram.
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    const queriesOverTcp = Number(
      /^portolan_dns_queries_total\{transport="tcp"\} (\d+)$/m.exec(metrics)?.[1],
    );
    expect(queriesOverTcp > 0).toBe(name === 'knot');
    expect(metrics).toMatch(/^portolan_notify_received_total\{taken="yes"\} [1-9]/m);
    expect(metrics).toMatch(/^portolan_secondary_rounds_total\{outcome="fetched"\} 2$/m);
    expect(first.output()).not.toContain(secret);

    await primary.stop();
    expect(await first.stop()).toBe(0);
    const second = await startPortolan(spec);
    onTestFinished(() => second.stop().then(() => {}));
    expect(await serial()).toBe('2');
    expect(await isTrackerOpen(trackerPort!)).toBe(true);
    expect(await second.stop()).toBe(0);
  });
});
