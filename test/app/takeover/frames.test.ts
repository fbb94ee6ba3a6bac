// Frames between two processes: what is sent faster than it is taken waits with its sender.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createFrameChannel, FrameKind } from '../../../src/app/takeover/frames.ts';
import { systemClock } from '../../../src/io/clock.ts';

/** Two ends of a connection. */
async function connectedPair(): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const one = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [other] = (await once(server, 'connection')) as [Socket];
  onTestFinished(async () => {
    one.destroy();
    other.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return [one, other];
}

it('holds a few frames that nobody takes, and reads on when they are taken', async () => {
  const [from, to] = await connectedPair();
  const sender = createFrameChannel(from, systemClock);
  const receiver = createFrameChannel(to, systemClock);
  const frames = 400;
  const octets = 100_000;
  const sending = (async () => {
    for (let index = 0; index < frames; index++) {
      await sender.send(FrameKind.table, new Uint8Array(octets).fill(index));
    }
    sender.end();
  })();
  await expect.poll(() => to.isPaused()).toBe(true);
  // Some in the hands of each end; the system holds the rest of what has left.
  expect(to.bytesRead).toBeLessThan((frames * octets) / 4);
  const kinds: string[] = [];
  for (let index = 0; index < frames; index++) {
    const frame = await receiver.receive(10_000);
    kinds.push(`${frame?.kind} ${frame?.octets.length} ${frame?.octets[0]}`);
  }
  await sending;
  expect(kinds).toEqual(
    Array.from({ length: frames }, (_, index) => `${FrameKind.table} ${octets} ${index & 255}`),
  );
  expect(await receiver.receive(10_000)).toBeUndefined();
});
