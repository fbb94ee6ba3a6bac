// HARDENING 27: what a machine does to a server. Descriptors that run out, families that are missing, an address that is
// taken away, ports that others have. What needs a network of its own is in test/interop/machine.test.ts.

import { createSocket, type Socket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { connectTcp, type TcpClient } from '../support/tcp-client.ts';
import { announceHttp, announceUdp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { createVictim, VICTIM_FILE, versionText } from './victim.ts';
import { endure } from './witness.ts';

const ADDRESS = '127.0.0.1';
/** What the process may open; some 60 are its own. */
const DESCRIPTORS = 160;
const PATIENCE_MILLISECONDS = 20_000;

function trackerZone(words: string): string {
  return zoneText('tracker.example', `@ A ${ADDRESS}\n@ TXT "BITTORRENT ${words}"\n`);
}

describe.skipIf(process.platform !== 'linux')('descriptors run out', () => {
  let server: ServerProcess;
  let port = 0;
  const clients: TcpClient[] = [];
  beforeAll(async () => {
    [port] = (await findFreePorts(1)) as [number];
    server = await startServer({
      zones: { 'tracker.example.zone': trackerZone(`UDP:${port} TCP:${port}`) },
      within: () => ['prlimit', `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, '--'],
    });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    expect(await server?.stop()).toBe(0);
  });

  it('connections beyond are shed, datagrams are answered, and newcomers served all the while', () =>
    endure(server, TRAFFIC, async () => {
      for (let index = 0; index < 3 * DESCRIPTORS; index++) {
        const client = await connectTcp(
          { address: ADDRESS, port },
          { localAddress: `127.0.${index % 50}.9` },
        );
        clients.push(client);
        client.send(Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
      }
      expect(await announceUdp(ADDRESS, port, 7001)).toBe(1);
      expect(await announceHttp(ADDRESS, port, { peerPort: 7002 })).toContain('8:interval');
      expect(await server.metric('portolan_tracker_connections_closed_total')).toBeGreaterThan(0);
    }));

  it('and when they are free again, edits open ports as before', async () => {
    for (const client of clients.splice(0)) client.destroy();
    const [other] = (await findFreePorts(1)) as [number];
    const zone = trackerZone(`UDP:${port} TCP:${port} UDP:${other}`);
    writeFileSync(server.path('tracker.example.zone'), zone);
    const isOpen = async (): Promise<boolean> => (await announceUdp(ADDRESS, other, 7003)) !== undefined;
    expect(await waitUntil(isOpen, PATIENCE_MILLISECONDS)).toBe(true);
  });
});

describe('ports that a zone may not have', () => {
  let server: ServerProcess;
  let taken: Socket;
  let takenPort = 0;
  beforeAll(async () => {
    taken = createSocket({ type: 'udp4', reusePort: process.platform === 'linux' });
    await new Promise<void>((resolve) => taken.bind(0, ADDRESS, resolve));
    takenPort = taken.address().port;
    server = await startServer({ zones: { [VICTIM_FILE]: versionText(1) } });
  });
  afterAll(async () => {
    taken?.close();
    expect(await server?.stop()).toBe(0);
  });

  it.each([
    ['that another program has, which would share it', () => `UDP:${takenPort}`, 'port-taken'],
    ['where our own DNS is', () => `UDP:${server.dnsPort}`, 'port-reserved'],
  ])('%s: the edit is rejected at its line, and the last good zone answers', async (_name, words, code) => {
    const victim = createVictim(server);
    const { line } = await victim.isExplained(code, () =>
      writeFileSync(victim.path, versionText(2, `p A ${ADDRESS}\np TXT "BITTORRENT ${words()}"\n`)),
    );
    expect(line).toBe(versionText(2).split('\n').length);
    writeFileSync(victim.path, versionText(1));
  });
});
