// A takeover that a running server has agreed to, at the new end: copies the table while the other still answers, and goes on
// where it stops.

import type { Listener } from '../../core/net/endpoint.ts';
import type { SnapshotHead } from '../../core/swarm/snapshot-format.ts';
import { createSnapshotReader } from '../../core/swarm/snapshot-reader.ts';
import { createAnnounceReply, createAnnounceRequest } from '../../core/tracker/announce.ts';
import { replayAnnounces } from '../../core/tracker/replay-announces.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { Clock } from '../../io/clock.ts';
import { receiveDescriptors } from '../../io/descriptor-passing/descriptor-socket.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import type { TrackerConnection } from '../data-plane/commands.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { InheritedSockets } from '../data-plane/plane-takeover.ts';
import { type Frame, type FrameChannel, FrameKind, TakeoverError } from './frames.ts';
import { fromHex, parseConnections, parseReason } from './messages.ts';
import type { Takeover, TakeoverOptions } from './take-over.ts';

/** Between two frames while this process reads its zones and nobody announces: longer than the other one waits. */
const FRAME_MILLISECONDS = 180_000;

export interface RunningOptions extends TakeoverOptions {
  readonly channel: FrameChannel;
  readonly socket: number;
  readonly head: SnapshotHead;
  readonly sockets: InheritedSockets;
}

export class RunningTakeover implements Takeover {
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

/** Throws what the other process says against it. */
export async function nextFrame(
  channel: FrameChannel,
  milliseconds = FRAME_MILLISECONDS,
): Promise<Frame | undefined> {
  const frame = await channel.receive(milliseconds);
  if (frame?.kind === FrameKind.refused) throw new TakeoverError('refused', parseReason(frame.octets));
  return frame;
}

/** What has been sent is there. */
export async function takeDescriptors(
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
