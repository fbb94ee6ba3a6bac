// What goes between two processes, at one end: the other reads slowly, not at all, or is gone.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFrameChannel, FrameKind } from '../../../src/app/takeover/frames.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Both ends of a stream between processes; the second reads nothing yet. */
async function openStream(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  onTestFinished(() => void server.close());
  const path = join(await temporaryFolder(), 'words.sock');
  server.listen(path);
  await once(server, 'listening');
  const one = connect(path);
  const [other] = (await once(server, 'connection')) as [Socket];
  for (const socket of [one, other]) {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
  return [one, other];
}

/** More than the system keeps for who does not read. */
const PIECE = new Uint8Array(1 << 20);

describe('a piece that has no room', () => {
  it('is waited for, and leaves nothing behind at the socket', async () => {
    const [one, other] = await openStream();
    const clock = createManualClock();
    const channel = createFrameChannel(one, clock);
    const before = { close: one.listenerCount('close'), error: one.listenerCount('error') };
    let waited = 0;
    for (let piece = 0; piece < 16; piece++) {
      const sending = channel.send(FrameKind.table, PIECE);
      if (clock.pending() > 0) waited++;
      other.resume();
      await sending;
      other.pause();
    }
    expect(waited).toBeGreaterThan(10);
    expect({ close: one.listenerCount('close'), error: one.listenerCount('error') }).toEqual(before);
    expect(one.listenerCount('drain')).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('is an error where the other process ends meanwhile', async () => {
    const [one, other] = await openStream();
    const clock = createManualClock();
    const sending = createFrameChannel(one, clock).send(FrameKind.table, PIECE);
    expect(clock.pending()).toBe(1);
    other.destroy();
    await expect(sending).rejects.toMatchObject({ name: 'TakeoverError', code: 'closed' });
    expect(clock.pending()).toBe(0);
  });

  it('is an error where the other process reads nothing until the deadline', async () => {
    const [one] = await openStream();
    const clock = createManualClock();
    const sending = createFrameChannel(one, clock).send(FrameKind.table, PIECE);
    const refusal = expect(sending).rejects.toMatchObject({ name: 'TakeoverError', code: 'timeout' });
    await clock.advance(20);
    await refusal;
    expect(one.destroyed).toBe(true);
  });
});

describe('a word that is waited for', () => {
  it('counts where it has come in time, and this process alone was stopped', async () => {
    const [one, other] = await openStream();
    const clock = createManualClock();
    const waiting = createFrameChannel(one, clock).receive(10_000);
    await createFrameChannel(other, systemClock).send(FrameKind.serving);
    await clock.advance(11);
    expect((await waiting)?.kind).toBe(FrameKind.serving);
  });

  it('is an error after its time', async () => {
    const [one] = await openStream();
    const clock = createManualClock();
    const waiting = expect(createFrameChannel(one, clock).receive(10_000)).rejects.toMatchObject({
      code: 'timeout',
    });
    await clock.advance(10);
    await waiting;
  });
});
