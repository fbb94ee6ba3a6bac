// Who comes to the door of a running server: strangers, processes that break off, and two at once. Whatever they do, the
// server answers as before.

import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findEngine } from '../../../src/app/data-plane/create-data-plane.ts';
import { thisMachine } from '../../../src/app/machine.ts';
import { createServer } from '../../../src/app/serve/serve.ts';
import {
  createFrameChannel,
  type Frame,
  type FrameChannel,
  FrameKind,
} from '../../../src/app/takeover/frames.ts';
import {
  formatMessage,
  PROTOCOL,
  parseReason,
  parseWelcome,
  toHex,
} from '../../../src/app/takeover/messages.ts';
import { takeoverPaths } from '../../../src/app/takeover/paths.ts';
import { startTakeover } from '../../../src/app/takeover/start-takeover.ts';
import { systemClock } from '../../../src/io/clock.ts';
import {
  connectForDescriptors,
  receiveDescriptors,
  sendDescriptors,
} from '../../../src/io/descriptor-passing/descriptor-socket.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { testConfig } from '../../support/serving.ts';
import { expectService, keepConnection, type Serving, serveForReal } from '../../support/takeover-giver.ts';
import { openTrackerClient } from '../../support/takeover-load.ts';

const engine = findEngine();
const word = new Uint8Array(16).fill(7);

async function openWords({ folder }: Serving): Promise<Socket> {
  const socket = connect(takeoverPaths(join(folder, 'state')).words);
  socket.on('error', () => {});
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A process that does what it should, as far as the test lets it. */
async function visit(serving: Serving, said: { protocol?: number; word?: Uint8Array } = {}) {
  if (engine.kind !== 'engine') throw new Error(engine.reason);
  const { libc } = engine;
  const channel = createFrameChannel(await openWords(serving), systemClock);
  const socket = connectForDescriptors(libc, takeoverPaths(join(serving.folder, 'state')).descriptors);
  onTestFinished(() => void libc.close(socket));
  sendDescriptors(libc, socket, word, []);
  const hello = { protocol: said.protocol ?? PROTOCOL, version: 'test', word: toHex(said.word ?? word) };
  await channel.send(FrameKind.hello, formatMessage(hello));
  return {
    channel,
    /** Every frame up to one of this kind; descriptors are taken and closed. */
    async readTo(kind: FrameKind): Promise<Frame> {
      for (;;) {
        const frame = await channel.receive(5000);
        if (frame === undefined) throw new Error('the stream ended');
        if (frame.kind === FrameKind.descriptors) {
          for (const descriptor of receiveDescriptors(libc, socket)?.descriptors ?? [])
            libc.close(descriptor);
          await channel.send(FrameKind.received);
        }
        if (frame.kind === kind) return frame;
      }
    },
  };
}

async function isClosed(channel: FrameChannel): Promise<boolean> {
  for (;;) if ((await channel.receive(8000)) === undefined) return true;
}

describe.skipIf(engine.kind !== 'engine')('at the door of a running server', () => {
  it('a second server of the same state folder is turned away before it has read anything there', async () => {
    const said: string[] = [];
    const warn = (message: string): void => void said.push(message);
    const serving = await serveForReal({ logger: { ...silentLogger, warn } });
    const ledger = join(serving.folder, 'state', 'ledger.json');
    const before = await readFile(ledger, 'utf8');
    const second = createServer({
      config: testConfig(serving.folder, { 'workers.count': '1' }),
      machine: await thisMachine(),
      logger: silentLogger,
    });
    await expect(second).rejects.toMatchObject({ code: 'state-in-use' });
    expect(await readFile(ledger, 'utf8')).toBe(before);
    await expectService(serving);
    expect(said).toEqual([]);
  });

  it.each([
    ['octets that are no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame that never ends', Buffer.from([0x7f, 0xff, 0xff, 0xff, 1])],
    ['an empty frame', Buffer.from([0, 0, 0, 0, 1])],
    ['a hello that is no JSON', Buffer.from([0, 0, 0, 3, 1, 0x7b, 0x7b])],
    ['another frame than a hello', Buffer.from([0, 0, 0, 1, 9])],
    ['a hello without a word', Buffer.concat([Buffer.from([0, 0, 0, 15, 1]), Buffer.from('{"protocol":1}')])],
  ])('%s end the conversation', async (_, octets) => {
    const serving = await serveForReal();
    const socket = await openWords(serving);
    socket.write(octets);
    socket.resume();
    await once(socket, 'close');
    await expectService(serving);
  });

  it('somebody who connects and leaves is nobody', async () => {
    const serving = await serveForReal();
    (await openWords(serving)).destroy();
    await expectService(serving);
  });

  it('another protocol is refused with what to do', async () => {
    const serving = await serveForReal();
    const { readTo } = await visit(serving, { protocol: PROTOCOL + 1 });
    expect(parseReason((await readTo(FrameKind.refused)).octets)).toContain('stop the one, start the other');
    await expectService(serving);
  });

  it('who does not show its word beside gets no descriptor', async () => {
    const serving = await serveForReal();
    const { channel } = await visit(serving, { word: new Uint8Array(16) });
    expect((await channel.receive(5000))?.kind).toBe(FrameKind.refused);
    await expectService(serving);
  });

  it('a second one is refused while the first is served', async () => {
    const serving = await serveForReal();
    const first = await visit(serving);
    const welcome = parseWelcome((await first.readTo(FrameKind.welcome)).octets);
    expect(welcome?.sockets.map(({ listener }) => listener.port)).toContain(serving.trackerPort);
    const second = createFrameChannel(await openWords(serving), systemClock);
    const refusal = await second.receive(5000);
    expect(refusal?.kind).toBe(FrameKind.refused);
    expect(parseReason(refusal!.octets)).toBe('another takeover is under way');
    first.channel.destroy();
    await expectService(serving);
  });

  it.each([
    ['after the welcome', FrameKind.welcome],
    ['after the table', FrameKind.tableEnd],
  ])('one that breaks off %s has changed nothing', async (_, kind) => {
    const serving = await serveForReal();
    const { channel, readTo } = await visit(serving);
    await readTo(kind);
    channel.destroy();
    await expectService(serving);
  });

  it('one that ends when all is its own leaves everything answered', async () => {
    const serving = await serveForReal();
    const ask = keepConnection(serving);
    expect(await ask()).toContain('failure reason');
    const { channel, readTo } = await visit(serving);
    await readTo(FrameKind.tableEnd);
    await channel.send(FrameKind.ready);
    await readTo(FrameKind.yours);
    channel.destroy();
    await expectService(serving);
    // The connection has come back with the sockets.
    expect(await ask()).toContain('failure reason');
  });

  it('one that has nothing to serve leaves the peers, and their keys, to the running server', async () => {
    const serving = await serveForReal();
    const { folder, trackerPort } = serving;
    const client = await openTrackerClient(trackerPort);
    expect((await client.announce()).readUInt32BE(0)).toBe(1);
    client.close();
    const zones = [join(folder, 'nothing')];
    const config = testConfig(folder, { zones, 'workers.count': '1' });
    const machine = await thisMachine();
    // Nor does it read a file that lies there: what it goes on with is in the running server.
    await writeFile(join(folder, 'state', 'swarm.snapshot'), 'of an earlier life');
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const takeover = await startTakeover({ config, machine, logger });
    expect(takeover).toBeDefined();
    const next = await createServer({ config, machine, logger, takeover });
    expect(warnings).toEqual([]);
    onTestFinished(() => next.stop());
    const started = await next.start().catch(() => undefined);
    expect(started?.kind).not.toBe('serving');
    await next.stop();
    expect(await readdir(join(folder, 'state'))).not.toContain('swarm.snapshot');
    await expectService(serving);
    // At its own end it keeps them, as always.
    await serving.server.stop();
    expect(await readdir(join(folder, 'state'))).toContain('swarm.snapshot');
  });

  it('one that says something else than that it answers does not get the place', async () => {
    const serving = await serveForReal();
    const { channel, readTo } = await visit(serving);
    await readTo(FrameKind.tableEnd);
    await channel.send(FrameKind.ready);
    await readTo(FrameKind.yours);
    await channel.send(FrameKind.hello);
    expect(await isClosed(channel)).toBe(true);
    await expectService(serving);
  });
});
