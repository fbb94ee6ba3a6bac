// NSD, Knot and BIND as secondaries of a zone that is edited here: the first transfer, NOTIFY, and IXFR out of the
// journal, after a restart too.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { askUdp } from '../support/tracker-clients.ts';
import { startPortolan, until } from './portolan-server.ts';
import { isInstalled, isMissing, run } from './programs.ts';
import { SECONDARIES } from './secondaries.ts';

const ZONE = 'edited.example';
const KEY = { name: 'xfr.example', secret: Buffer.alloc(32, 9).toString('base64') };

function zoneText(serial: number): string {
  return `$ORIGIN ${ZONE}.
$TTL 60
@        SOA  ns hostmaster ${serial} 3600 600 86400 60
@        NS   ns
ns       A    127.0.0.1
version  TXT  "this is ${serial}"
${Array.from({ length: 200 }, (_, index) => `host${index} A 192.0.2.${index}\n`).join('')}`;
}

describe.each(Object.entries(SECONDARIES))(
  'a zone that %s copies',
  (name, { program, start, incremental }) => {
    if (isMissing(program, isInstalled(program))) return;

    it('is there after the start, and after each edit', async () => {
      const folder = await temporaryFolder();
      const [port, dnsPort, adminPort] = (await findFreePorts(3)) as [number, number, number];
      const spec = {
        folder: join(folder, 'portolan'),
        dnsPort,
        adminPort,
        zones: { 'edited.zone': zoneText(1) },
        dns: `keys = ["zones/transfer.key"]
transfer = ["127.0.0.1 key:${KEY.name}"]
notify = ["127.0.0.1:${port} key:${KEY.name}"]`,
      };
      const key = `key "${KEY.name}" {\n  algorithm hmac-sha256;\n  secret "${KEY.secret}";\n};\n`;
      const files = { ...spec.zones, 'transfer.key': key };
      const server = await startPortolan({ ...spec, zones: files });
      onTestFinished(() => server.stop().then(() => {}));
      const secondary = await start({
        port,
        primaryPort: dnsPort,
        zone: ZONE,
        folder: join(folder, name),
        key: KEY,
      });
      onTestFinished(() => secondary.stop().then(() => {}));
      const has = (serial: number) => async () => {
        const { answer } = await askUdp('127.0.0.1', port, { name: `version.${ZONE}.`, type: 'TXT' });
        return answer[0]?.includes(`this is ${serial}`) === true;
      };
      await until('the first transfer', has(1));

      const edit = (serial: number): void =>
        writeFileSync(join(spec.folder, 'zones', 'edited.zone'), zoneText(serial));
      edit(2);
      await until('the edit', has(2));
      if (incremental !== undefined) expect(secondary.output()).toMatch(incremental);

      // The journal of before the restart leads from 1 to 2 still, that of after it on to 3.
      expect(await server.stop()).toBe(0);
      const again = await startPortolan({ ...spec, zones: {} });
      onTestFinished(() => again.stop().then(() => {}));
      edit(3);
      await until('the edit after a restart', has(3));
      const words = ['+short', '-y', `hmac-sha256:${KEY.name}:${KEY.secret}`];
      const { stdout } = await run(['dig', '@127.0.0.1', '-p', `${dnsPort}`, ZONE, 'IXFR=1', ...words]);
      expect(stdout.split('\n').filter((line) => /^"this is/.test(line))).toEqual([
        '"this is 1"',
        '"this is 2"',
        '"this is 2"',
        '"this is 3"',
      ]);
      expect(again.output()).not.toContain(KEY.secret);
    });
  },
);
