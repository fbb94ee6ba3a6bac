// HARDENING line 27, restarts: peers outlive one where they can, and where the disk is full or the process was killed, the
// next life is as good as a first. The server's folder goes with its process, so state has a folder of its own.

import { closeSync, existsSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { openManagerSocket } from '../support/manager-socket.ts';
import { zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { announceUdp, exchange } from '../support/tracker-clients.ts';
import { isFullDiskLeftOut } from './full-disk.ts';
import { startServer, waitUntil } from './server.ts';

const PATIENCE_MILLISECONDS = 15_000;

async function scene() {
  const [port] = await findFreePorts(1);
  const hosts = `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`;
  const state = await temporaryFolder();
  const start = (within: readonly string[] = []) =>
    startServer({
      zones: { 't.example.zone': zoneText('t.example', hosts) },
      settings: ['--state', state],
      within: () => within,
    });
  return { port: port!, state, start };
}

/** BEP 15. */
async function connectionIdFrom(port: number): Promise<Buffer> {
  const hello = Buffer.alloc(16);
  hello.writeBigUInt64BE(0x41727101980n);
  return (await exchange('127.0.0.1', port, hello))!.subarray(8, 16);
}

/** The action of the reply to a scrape: 2 where the id is known. */
async function scrapeWith(id: Buffer, port: number): Promise<number> {
  const packet = Buffer.alloc(36);
  id.copy(packet);
  packet.writeUInt32BE(2, 8);
  return (await exchange('127.0.0.1', port, packet))!.readUInt32BE(0);
}

describe('line 27, restarts', () => {
  it('a stop and a start lose no peer and no connection id, and the manager hears of both', async () => {
    const { port, state, start } = await scene();
    const manager = await openManagerSocket('path');
    const env = ['env', `NOTIFY_SOCKET=${manager.address}`, 'WATCHDOG_USEC=600000'];
    const first = await start(env);
    for (const client of [1, 2, 3]) await announceUdp('127.0.0.1', port, client);
    const id = await connectionIdFrom(port);
    const heard: string[] = [];
    const hears = (fits: RegExp) =>
      waitUntil(() => {
        heard.push(...manager.received());
        return heard.some((message) => fits.test(message));
      }, PATIENCE_MILLISECONDS);
    expect(await hears(/^READY=1\nSTATUS=2 zones, 2 tracker sockets, /)).toBe(true);
    expect(await hears(/^WATCHDOG=1$/)).toBe(true);
    first.signal('SIGHUP');
    expect(await hears(/^RELOADING=1\nMONOTONIC_USEC=\d+$/)).toBe(true);
    expect(await first.stop()).toBe(0);
    expect(await hears(/^STOPPING=1\n/)).toBe(true);
    expect(readdirSync(state)).toContain('swarm.snapshot');

    const second = await start();
    try {
      expect(readdirSync(state)).not.toContain('swarm.snapshot');
      expect(await scrapeWith(id, port)).toBe(2);
      expect(await announceUdp('127.0.0.1', port, 4)).toBe(4);
    } finally {
      await second.stop();
    }
  });

  it('a process that is killed leaves none of it, and the next one starts', async () => {
    const { port, state, start } = await scene();
    const first = await start();
    await announceUdp('127.0.0.1', port, 1);
    first.signal('SIGKILL');
    await first.stop();
    expect(readdirSync(state)).not.toContain('swarm.snapshot');
    const second = await start();
    try {
      expect(await announceUdp('127.0.0.1', port, 2)).toBe(1);
    } finally {
      expect(await second.stop()).toBe(0);
    }
  });
});

describe.skipIf(isFullDiskLeftOut)('line 27, disk full at the snapshot', () => {
  it('costs a line in the log, and the program ends as well as ever', async () => {
    const { port, state, start } = await scene();
    const mount = 'mount -t tmpfs -o size=1m,mode=700 tmpfs "$0" && exec "$@"';
    const server = await start(['unshare', '--mount', 'sh', '-c', mount, state]);
    await announceUdp('127.0.0.1', port, 1);
    const filler = openSync(join(`/proc/${server.pid}/root`, state, 'filler'), 'w');
    expect(() => {
      for (;;) writeSync(filler, Buffer.alloc(4096));
    }).toThrow(/ENOSPC/);
    closeSync(filler);
    expect(await server.stop()).toBe(0);
    const line = server.log().find(({ msg }) => msg.startsWith('the peers are not kept'));
    expect(line).toMatchObject({ level: 'error' });
    expect(line!.msg).toContain('the disk is full; free some space and try again');
    expect(existsSync(join(state, 'swarm.snapshot'))).toBe(false);
  });
});
