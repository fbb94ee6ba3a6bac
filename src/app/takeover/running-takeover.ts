// A takeover that a running server has agreed to, at the new end: copies the table while the other still answers, and goes on
// where it stops.

import type { Listener } from '../../core/net/endpoint.ts';
import type { SnapshotHead } from '../../core/swarm/snapshot-format.ts';
import { createSnapshotReader } from '../../core/swarm/snapshot-reader.ts';
import { createAnnounceReply, createAnnounceRequest } from '../../core/tracker/announce.ts';
import { replayAnnounces } from '../../core/tracker/replay-announces.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { Cancel, Clock } from '../../io/clock.ts';
import { receiveDescriptors } from '../../io/descriptor-passing/descriptor-socket.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import type { TrackerConnection } from '../data-plane/commands.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';
import type { InheritedSockets } from '../data-plane/plane-takeover.ts';
import { type Frame, type FrameChannel, FrameKind, readArrived, TakeoverError } from './frames.ts';
import { fromHex, parseConnections, parseReason } from './messages.ts';
import { takeoverPaths } from './paths.ts';
import { isAnswered } from './state-folder.ts';
import type { Takeover, TakeoverOptions } from './take-over.ts';

/** A process that has just ended has its door open for a moment longer than what it says. */
const LOOK_AGAIN_MILLISECONDS = 100;

/** For threads to let go of what the other process has again. */
const SURRENDER_MILLISECONDS = 5_000;

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
  /** Only rejects: the other process goes on, whatever this one was told or has begun. */
  private readonly refused = Promise.withResolvers<never>();
  private isSocketOpen = true;
  private isAnswering = false;
  private isRefused = false;

  constructor(options: RunningOptions) {
    this.options = options;
    this.head = options.head;
    this.sockets = options.sockets;
    this.clock = options.clock;
    this.copied.promise.catch(() => {});
    this.given.promise.catch(() => {});
    this.refused.promise.catch(() => {});
  }

  follow(dataPlane: DataPlane, settings: TrackerSettings): void {
    this.dataPlane = dataPlane;
    this.read(dataPlane, settings)
      .catch((error: unknown) => {
        // What was still to be said to it: its own last words have been read.
        if (!(error instanceof TakeoverError && error.code === 'closed')) throw error;
      })
      .then(() => this.isOver())
      .catch((error: unknown) => {
        this.isRefused = error instanceof TakeoverError && error.code === 'refused';
        if (this.isRefused) this.refused.reject(error);
        this.copied.reject(error);
        this.given.reject(error);
        this.ended.resolve();
        this.options.channel.destroy();
      });
  }

  async finish(): Promise<void> {
    const { channel, libc } = this.options;
    const plane = this.dataPlane?.takeover;
    if (plane === undefined) throw new TypeError('a takeover is followed before it is finished');
    await this.copied.promise;
    if (channel.isOpen()) await channel.send(FrameKind.ready).catch(() => {});
    await this.given.promise;
    // Who was stopped for too long finds a second word behind that one: the other process goes on.
    await Promise.race([this.refused.promise, readArrived()]);
    for (const descriptor of this.sockets.takeRest()) libc.close(descriptor);
    this.isAnswering = true;
    await Promise.race([this.refused.promise, plane.begin(this.connections.splice(0))]);
    if (channel.isOpen()) await channel.send(FrameKind.serving).catch(() => {});
  }

  over(): Promise<void> {
    return Promise.race([this.refused.promise, this.ended.promise]);
  }

  async abandon(): Promise<void> {
    const { channel, libc } = this.options;
    if (this.isAnswering && !this.isRefused) return;
    channel.destroy();
    this.closeSocket();
    for (const descriptor of this.sockets.takeRest()) libc.close(descriptor);
    for (const { descriptor } of this.connections.splice(0)) libc.close(descriptor);
    if (this.isAnswering) await this.giveBack();
  }

  /** What the other process answers again, and must not be shut down, is closed here as the copy that it is. */
  private async giveBack(): Promise<void> {
    const { clock } = this.options;
    const plane = this.dataPlane?.takeover;
    if (plane === undefined) return;
    let cancel: Cancel = () => {};
    const tooLate = new Promise<undefined>((resolve) => {
      cancel = clock.schedule(SURRENDER_MILLISECONDS, () => resolve(undefined));
    });
    const surrendered = await Promise.race([plane.surrender(), tooLate]);
    cancel();
    plane.closeAll(surrendered?.connections ?? []);
    plane.relinquish();
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

  /**
   * The other process has ended: as it should, or before. Throws where it has not: it answers at its door until it is
   * told that this one does, and one process answers, not two.
   */
  private async isOver(): Promise<void> {
    if (await this.goesOn())
      throw new TakeoverError('refused', 'the running server goes on: this one took too long');
    if (!this.isAnswering)
      this.options.logger.warn(
        'the running server ended in the middle of the takeover; this one goes on with what it has',
      );
    this.closeSocket();
    this.copied.resolve();
    this.given.resolve();
    this.ended.resolve();
  }

  private async goesOn(): Promise<boolean> {
    const { stateFolder, clock } = this.options;
    const { words } = takeoverPaths(stateFolder);
    if (!(await isAnswered(words))) return false;
    await new Promise<void>((resolve) => clock.schedule(LOOK_AGAIN_MILLISECONDS, resolve));
    return await isAnswered(words);
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
