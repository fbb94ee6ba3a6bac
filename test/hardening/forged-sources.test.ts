// HARDENING 8, and the loops of 4: datagrams that no client can have sent. Only root may forge them.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/io/packet-engine/libc.ts';
import { canForge, sendForged } from '../support/forged-datagram.ts';
import { TRAFFIC } from './budgets.ts';
import { message } from './messages.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const isLeftOut = !(process.platform === 'linux' && canForge(loadLibc())) && process.env['CI'] !== 'true';
if (isLeftOut) console.log('left out: forged sources (a raw socket needs root)');

const DATAGRAMS = 200;
const PATIENCE_MILLISECONDS = 10_000;

describe.skipIf(isLeftOut)('line 8', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    expect(await server?.stop()).toBe(0);
  });

  const forge = (port: number, octets: Uint8Array): void => {
    const target = { address: '127.0.0.1', port: server.dnsPort };
    for (let sent = 0; sent < DATAGRAMS; sent++) {
      sendForged(loadLibc(), { address: '127.0.0.1', port }, target, octets);
    }
  };

  it('what comes from port 0, or from our own address and port, is dropped before it is parsed', async () => {
    const query = message({});
    const malformed = message({ counts: [2, 0, 0, 0] });
    const dropped = await server.metric('portolan_dns_dropped_total');
    const parsed = await server.metric('portolan_dns_queries_total');
    for (const port of [0, server.dnsPort]) for (const octets of [query, malformed]) forge(port, octets);
    const isDropped = async (): Promise<boolean> =>
      (await server.metric('portolan_dns_dropped_total')) >= dropped + 4 * DATAGRAMS;
    expect(await waitUntil(isDropped, PATIENCE_MILLISECONDS)).toBe(true);
    expect(await server.metric('portolan_dns_queries_total')).toBe(parsed);
  });

  it('and keeps nobody from being served (line 4: an answer to an answer would never end)', () =>
    endure(server, TRAFFIC, async () => {
      forge(server.dnsPort, message({ flags: 0x8400 }));
      forge(server.dnsPort, message({}));
      forge(0, message({}));
    }));

  it('source port 53 is a client like others', async () => {
    const resolver = createSocket('udp4');
    try {
      await new Promise<void>((resolve) => resolver.bind(53, '127.1.2.3', resolve));
      resolver.send(message({}), server.dnsPort, '127.0.0.1');
      const [reply] = (await once(resolver, 'message')) as [Buffer];
      expect(reply[3]! & 15).toBe(0);
    } finally {
      resolver.close();
    }
  });
});
