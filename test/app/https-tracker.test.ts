// A tracker with a certificate, from its configuration to an announce over TLS.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TlsIdentity } from '../../src/io/streams/tls-server.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { announceRequest, connectHttps } from '../support/https-client.ts';
import { serve, zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { announceHttp } from '../support/tracker-clients.ts';

const ADDRESS = '127.0.0.1';

async function save(folder: string, { certificate, key }: TlsIdentity): Promise<void> {
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'certificate.pem'), certificate);
}

async function serialAt(port: number): Promise<string> {
  const client = await connectHttps({ address: ADDRESS, port });
  onTestFinished(() => void client.socket.destroy());
  expect(await client.ask(announceRequest())).toContain('8:interval');
  return client.socket.getPeerCertificate().serialNumber;
}

test('a declared port answers HTTPS with the certificate of the configuration, and with the next one', async () => {
  const folder = await temporaryFolder();
  await save(folder, createTestIdentity({ serial: 1 }));
  const [port] = (await findFreePorts(1)) as [number];
  const { server, started } = await serve({
    zones: { 'example.zone': zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT TCP:${port}"`) },
    settings: {
      'tls.certificate': join(folder, 'certificate.pem'),
      'tls.key': join(folder, 'key.pem'),
    },
  });
  expect(started.kind).toBe('serving');
  expect(await announceHttp(ADDRESS, port)).toContain('8:interval');
  expect(await serialAt(port)).toBe('01');
  await save(folder, createTestIdentity({ serial: 2 }));
  await server.reload('signal');
  expect(await serialAt(port)).toBe('02');
  await writeFile(join(folder, 'key.pem'), 'no key');
  await server.reload('signal');
  expect(await serialAt(port)).toBe('02');
});
