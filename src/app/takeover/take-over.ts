// The new end of a takeover: asks the running server, has its table copied while that still answers, and goes on where it
// stops. What the running server has given stays usable when it dies over it.

import { connect, type Socket } from 'node:net';
import type { Listener } from '../../core/net/endpoint.ts';
import { decodeSnapshotHead, type SnapshotHead } from '../../core/swarm/snapshot-format.ts';
import { createSnapshotReader } from '../../core/swarm/snapshot-reader.ts';
import { createAnnounceReply, createAnnounceRequest } from '../../core/tracker/announce.ts';
import { replayAnnounces } from '../../core/tracker/replay-announces.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import { errnoOf } from '../../io/bind-error.ts';
import type { Clock } from '../../io/clock.ts';
import {
  connectForDescriptors,
  peerUser,
  receiveDescriptors,
  sendDescriptors,
} from '../../io/descriptor-passing/descriptor-socket.ts';
import type { Logger } from '../../io/log.ts';
import { readPackageVersion } from '../../io/package-version.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { randomOctets } from '../../io/random.ts';
import type { TrackerConnection } from '../data-plane/commands.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import { createInheritedSockets, type InheritedSockets } from '../data-plane/plane-takeover.ts';
import { createFrameChannel, type Frame, type FrameChannel, FrameKind, TakeoverError } from './frames.ts';
import {
  formatMessage,
  fromHex,
  PROTOCOL,
  parseConnections,
  parseReason,
  parseWelcome,
  toHex,
  WORD_OCTETS,
} from './messages.ts';
import { takeoverPaths } from './paths.ts';

export interface TakeoverOptions {
  readonly stateFolder: string;
  readonly libc: Libc;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a running server has begun to give. */
export interface Takeover {
  /** With the keys of its table and of its connection ids. */
  readonly head: SnapshotHead;
  readonly sockets: InheritedSockets;
  /** A clock whose second is that of its table. */
  readonly clock: Clock;
  /** Copies the table into that of this data plane from now on. */
  follow(dataPlane: DataPlane, settings: TrackerSettings): void;
  /**
   * Everything is open: resolves when this process answers, and the other does not. Rejects with {@link TakeoverError} where the
   * other goes on. Where the other has ended, this one goes on with what it was given.
   */
  finish(): Promise<void>;
  /** Resolves when the other process has said all that it knows, or has ended. */
  over(): Promise<void>;
  /** The other process goes on, unless this one answers already. Harmless twice. */
  abandon(): void;
}

export type TakeoverResult =
  /** No server runs with this state folder that could be taken over. */
  { readonly kind: 'nobody' } | { readonly kind: 'begun'; readonly takeover: Takeover };

/** For the answer of the other process, which may have to finish reading its zones. */
const WELCOME_MILLISECONDS = 30_000;
/** Between two frames while this process reads its zones and nobody announces: longer than the other one waits. */
const FRAME_MILLISECONDS = 180_000;

/** Rejects with {@link TakeoverError} where a server runs that does not give way, or with the system's error. */
export async function takeOver(options: TakeoverOptions): Promise<TakeoverResult> {
  const { libc, stateFolder, clock } = options;
  const paths = takeoverPaths(stateFolder);
  const words = await connectTo(paths.words);
  if (words === undefined) return { kind: 'nobody' };
  const channel = createFrameChannel(words, clock);
  let socket: number | undefined;
  try {
    socket = connectForDescriptors(libc, paths.descriptors);
    if (peerUser(libc, socket) !== process.geteuid?.())
      throw new TakeoverError(
        'refused',
        'the running server is of another user: start this one as that user',
      );
    const word = randomOctets(WORD_OCTETS);
    sendDescriptors(libc, socket, word, []);
    const hello = { protocol: PROTOCOL, version: readPackageVersion(), word: toHex(word) };
    await channel.send(FrameKind.hello, formatMessage(hello));
    return { kind: 'begun', takeover: await begin(channel, socket, options) };
  } catch (error) {
    channel.destroy();
    if (socket !== undefined) libc.close(socket);
    throw error;
  }
}

/** Undefined where nobody listens. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', (error) => {
      if (['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error))) resolve(undefined);
      else reject(error);
    });
  });
}

async function begin(channel: FrameChannel, socket: number, options: TakeoverOptions): Promise<Takeover> {
  const { libc, clock } = options;
  const frame = await nextFrame(channel, WELCOME_MILLISECONDS);
  const welcome = frame?.kind === FrameKind.welcome ? parseWelcome(frame.octets) : undefined;
  const decoded = welcome && decodeSnapshotHead(fromHex(welcome.head));
  if (welcome === undefined || decoded?.kind !== 'head')
    throw new TakeoverError('protocol', 'the running server does not answer as one that could be taken over');
  const wanted = welcome.sockets.reduce((sum, { count }) => sum + count, 0);
  const descriptors: number[] = [];
  try {
    while (descriptors.length < wanted) {
      const next = await nextFrame(channel);
      if (next?.kind !== FrameKind.descriptors) throw new TakeoverError('protocol', 'sockets did not come');
      descriptors.push(...(await takeDescriptors(libc, socket, channel)));
    }
  } catch (error) {
    for (const descriptor of descriptors) libc.close(descriptor);
    throw error;
  }
  let at = 0;
  const sockets = welcome.sockets.map(({ listener, count }) => {
    const own = descriptors.slice(at, at + count);
    at += count;
    return { listener, descriptors: own };
  });
  const shift = welcome.tableSeconds - clock.nowSeconds();
  return new RunningTakeover({
    ...options,
    channel,
    socket,
    head: decoded.head,
    sockets: createInheritedSockets(sockets),
    clock: { ...clock, nowSeconds: () => clock.nowSeconds() + shift },
  });
}

/** Throws what the other process says against it. */
async function nextFrame(
  channel: FrameChannel,
  milliseconds = FRAME_MILLISECONDS,
): Promise<Frame | undefined> {
  const frame = await channel.receive(milliseconds);
  if (frame?.kind === FrameKind.refused) throw new TakeoverError('refused', parseReason(frame.octets));
  return frame;
}

/** What has been sent is there. */
async function takeDescriptors(
  libc: Libc,
  socket: number,
  channel: FrameChannel,
): Promise<readonly number[]> {
  const passed = receiveDescriptors(libc, socket);
  if (passed === undefined || passed.descriptors.length === 0)
    throw new TakeoverError('protocol', 'sockets were announced, and did not come');
  await channel.send(FrameKind.received);
  return passed.descriptors;
}

interface RunningOptions extends TakeoverOptions {
  readonly channel: FrameChannel;
  readonly socket: number;
  readonly head: SnapshotHead;
  readonly sockets: InheritedSockets;
}

class RunningTakeover implements Takeover {
  readonly head: SnapshotHead;
  readonly sockets: InheritedSockets;
  readonly clock: Clock;
  private readonly options: RunningOptions;
  private dataPlane: DataPlane | undefined;
  private readonly connections: TrackerConnection[] = [];
  /** Settles when the table has been copied, and when the other process answers no more. */
  private readonly copied = Promise.withResolvers<void>();
  private readonly given = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();
  private isSocketOpen = true;
  private isAnswering = false;

  constructor(options: RunningOptions) {
    this.options = options;
    this.head = options.head;
    this.sockets = options.sockets;
    this.clock = options.clock;
    this.copied.promise.catch(() => {});
    this.given.promise.catch(() => {});
  }

  follow(dataPlane: DataPlane, settings: TrackerSettings): void {
    this.dataPlane = dataPlane;
    this.read(dataPlane, settings).then(
      () => this.isOver(),
      (error: unknown) => {
        this.copied.reject(error);
        this.given.reject(error);
        this.ended.resolve();
        this.options.channel.destroy();
      },
    );
  }

  async finish(): Promise<void> {
    const { channel, libc } = this.options;
    const plane = this.dataPlane?.takeover;
    if (plane === undefined) throw new TypeError('a takeover is followed before it is finished');
    await this.copied.promise;
    if (channel.isOpen()) await channel.send(FrameKind.ready).catch(() => {});
    await this.given.promise;
    for (const descriptor of this.sockets.takeRest()) libc.close(descriptor);
    this.isAnswering = true;
    await plane.begin(this.connections.splice(0));
    if (channel.isOpen()) await channel.send(FrameKind.serving).catch(() => {});
  }

  over(): Promise<void> {
    return this.ended.promise;
  }

  abandon(): void {
    const { channel, libc } = this.options;
    if (this.isAnswering) return;
    channel.destroy();
    this.closeSocket();
    for (const descriptor of this.sockets.takeRest()) libc.close(descriptor);
    for (const { descriptor } of this.connections.splice(0)) libc.close(descriptor);
  }

  /** Everything that the other process says, to its end. */
  private async read(dataPlane: DataPlane, settings: TrackerSettings): Promise<void> {
    const { channel, libc, socket, head } = this.options;
    const { table } = dataPlane.swarm;
    const seconds = head.worldSeconds;
    const reader = createSnapshotReader({ table, head, worldSeconds: seconds, tableSeconds: seconds });
    const tracker = { table, settings };
    const request = createAnnounceRequest();
    const reply = createAnnounceReply();
    const isGood = (is: boolean): void => {
      if (!is) throw new TakeoverError('protocol', 'the running server sent a table that makes no sense');
    };
    for (;;) {
      const frame = await nextFrame(channel);
      switch (frame?.kind) {
        case undefined:
          return;
        case FrameKind.table:
          isGood(reader.read(frame.octets) !== 'damaged');
          break;
        case FrameKind.announces:
          isGood(replayAnnounces(tracker, frame.octets, request, reply));
          break;
        case FrameKind.tableEnd:
          this.copied.resolve();
          break;
        case FrameKind.connections: {
          const described = parseConnections(frame.octets);
          const beside = await nextFrame(channel);
          isGood(described !== undefined && beside?.kind === FrameKind.descriptors);
          this.takeConnections(described!, await takeDescriptors(libc, socket, channel));
          break;
        }
        case FrameKind.yours:
          this.closeSocket();
          this.given.resolve();
          break;
        default:
          isGood(false);
      }
    }
  }

  private takeConnections(
    described: NonNullable<ReturnType<typeof parseConnections>>,
    descriptors: readonly number[],
  ): void {
    for (const [index, descriptor] of descriptors.entries()) {
      const one = described[index];
      if (one === undefined) {
        this.options.libc.close(descriptor);
        continue;
      }
      const { listener, family, port, isNew, awaitsProxy } = one;
      this.connections.push({
        descriptor,
        listener: listener satisfies Listener,
        source: { family, port, octets: fromHex(one.address) },
        octets: new Uint8Array(Buffer.from(one.octets, 'base64')),
        isNew,
        awaitsProxy,
      });
    }
  }

  /** The other process has ended: as it should, or before. */
  private isOver(): void {
    if (!this.isAnswering)
      this.options.logger.warn(
        'the running server ended in the middle of the takeover; this one goes on with what it has',
      );
    this.closeSocket();
    this.copied.resolve();
    this.given.resolve();
    this.ended.resolve();
  }

  private closeSocket(): void {
    if (this.isSocketOpen) this.options.libc.close(this.options.socket);
    this.isSocketOpen = false;
  }
}
