// One client that opens connections without end and says the first octet of a TLS hello on each.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { connectionCaps } from '../../../src/app/data-plane/connection-caps.ts';
import { Counter } from '../../../src/core/counters.ts';
import { announceRequest, connectHttps } from '../../support/https-client.ts';
import { openHttpsPlane } from '../../support/https-plane.ts';
import { announceHttp } from '../../support/tracker-clients.ts';

const ADDRESS = '127.0.0.1';
const CAPS = connectionCaps(256);
/** Of the test's own clients, and what is closed on another thread a moment later. */
const OTHER_DESCRIPTORS = 24;
const FLOOD_CONNECTIONS = 3000;

/** In another process, whose descriptors are its own. */
function flood(port: number): ChildProcess {
  const script = `
    const { connect } = require('node:net');
    let count = 0;
    const sockets = [];
    (function more() {
      for (let one = 0; one < 100; one++) {
        const socket = connect({ port: ${port}, host: '${ADDRESS}', localAddress: '127.0.9.1' });
        socket.on('error', () => {});
        socket.write(Buffer.of(0x16));
        sockets.push(socket);
      }
      count += 100;
      setTimeout(count < ${FLOOD_CONNECTIONS} ? more : process.exit, 5);
    })();`;
  return spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
}

const countDescriptors = (): number => readdirSync('/proc/self/fd').length;

test.skipIf(process.platform !== 'linux')(
  'a flood of hellos meets the caps, and clients over TLS and in clear text are served meanwhile',
  { timeout: 30_000 },
  async () => {
    const { plane, listener } = await openHttpsPlane(CAPS);
    const before = countDescriptors();
    const other = flood(listener.port);
    let isOver = false;
    const over = once(other, 'exit').then(() => {
      isOver = true;
    });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, countDescriptors() - before);
    }, 2);
    onTestFinished(() => clearInterval(watch));
    let served = 0;
    while (!isOver) {
      const client = await connectHttps(listener);
      expect(await client.ask(announceRequest({ close: true }))).toContain('8:interval');
      client.socket.destroy();
      expect(await announceHttp(ADDRESS, listener.port)).toContain('8:interval');
      served++;
    }
    await over;
    expect(served).toBeGreaterThan(0);
    expect(plane.readCounters()[Counter.httpRejectedConnections]).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3 * CAPS.tracker.all + OTHER_DESCRIPTORS);
  },
);
