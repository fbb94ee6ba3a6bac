// The data plane on worker threads: packet workers share each UDP port, one stream worker has TCP. This thread opens
// the UDP sockets and only lends them, so that a worker that dies leaves its sockets, and what waits in them, behind.

import { type Counters, createCounters } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { recoverShards } from '../../core/swarm/rebuild.ts';
import { CREATING_OWNER, swarmTotals } from '../../core/swarm/table.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import { BindError } from '../../io/bind-error.ts';
import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import { openBatchSocket } from '../../io/packet-engine/batch-socket.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../../io/packet-engine/layout.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { DEFAULT_RECEIVE_BUFFER_OCTETS } from '../../io/udp-socket.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { Command, WorkerSetup } from './commands.ts';
import type { DataPlane, Publication, Service } from './data-plane.ts';
import { hrtimeMilliseconds } from './shared-clock.ts';
import { createSharedState, type SharedState } from './shared-state.ts';
import { startWorkerThread, type WorkerThread } from './worker-thread.ts';

export interface ThreadedDataPlaneOptions {
  readonly libc: Libc;
  /** Packet workers, 1 or more. */
  readonly workerCount: number;
  readonly udpPayload: number;
  readonly settings: TrackerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
}

/** A listener that is open, and how each worker was told of it. */
interface OpenListener {
  readonly listener: Listener;
  readonly service: Service;
  /** UDP: one bound socket a packet worker. */
  readonly descriptors: readonly number[];
}

/** Before another thread is tried where one could not start: what it lacked will not be there at once. */
const RESTART_MILLISECONDS = 1000;

/** Rejects when the threads cannot be started. */
export async function createThreadedDataPlane(options: ThreadedDataPlaneOptions): Promise<ThreadedDataPlane> {
  const plane = new ThreadedDataPlane(options);
  try {
    await plane.ready();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

export class ThreadedDataPlane implements DataPlane {
  readonly seed: number;
  private readonly options: ThreadedDataPlaneOptions;
  private readonly clock: Clock;
  private readonly state: SharedState;
  private readonly packetWorkers: WorkerThread[];
  private streamWorker: WorkerThread;
  private readonly wakes: readonly number[];
  /** By {@link formatListener}; bounded by the control plane's plan. */
  private readonly listeners = new Map<string, OpenListener>();
  private publication: Publication = { images: [], draining: [] };
  private stopped: Promise<void> | undefined;

  constructor(options: ThreadedDataPlaneOptions) {
    const { libc, randomOctets, settings, udpPayload, workerCount } = options;
    this.options = options;
    this.clock = createSteadyClock(options.clock);
    this.state = createSharedState({ settings, clock: this.clock, randomOctets });
    this.seed = this.state.seed;
    const shared = {
      table: this.state.table.shared,
      settings,
      udpPayload,
      connectionKey: this.state.connectionKey,
      seed: this.seed,
      clockOrigin: { seconds: this.clock.nowSeconds(), hrtimeMilliseconds: hrtimeMilliseconds() },
    };
    const wakes = Array.from({ length: workerCount }, () => libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    this.wakes = wakes;
    this.packetWorkers = wakes.map((wakeDescriptor, index) =>
      this.startPacketWorker(index, {
        ...shared,
        owner: CREATING_OWNER + 1 + index,
        wakeDescriptor,
        counters: createCounters(),
      }),
    );
    this.streamWorker = this.startStreamWorker({
      ...shared,
      owner: CREATING_OWNER + 1 + workerCount,
      wakeDescriptor: 0,
      counters: createCounters(),
    });
  }

  async ready(): Promise<void> {
    await Promise.all(this.workers().map(({ ready }) => ready));
  }

  readCounters(): Counters {
    const sum = Float64Array.from(this.state.counters);
    for (const { setup } of this.workers()) {
      for (let index = 0; index < sum.length; index++) sum[index]! += setup.counters[index]!;
    }
    return sum;
  }

  swarmTotals() {
    return swarmTotals(this.state.table);
  }

  async open(listener: Listener, service: Service): Promise<Listener> {
    try {
      const opened =
        listener.transport === 'udp'
          ? await this.openUdp(listener, service)
          : await this.openTcp(listener, service);
      this.listeners.set(formatListener(opened.listener), opened);
      return opened.listener;
    } catch (error) {
      throw error instanceof Error ? new BindError(listener, error) : error;
    }
  }

  async close(listener: Listener): Promise<void> {
    const key = formatListener(listener);
    const open = this.listeners.get(key);
    if (open === undefined) return;
    this.listeners.delete(key);
    const workers = listener.transport === 'udp' ? this.packetWorkers : [this.streamWorker];
    // A worker that dies meanwhile has let go of the socket, too.
    await Promise.allSettled(workers.map((worker) => worker.send({ kind: 'close', listener })));
    this.closeDescriptors(open.descriptors);
  }

  private closeDescriptors(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.options.libc.close(descriptor);
  }

  async publish(publication: Publication): Promise<void> {
    this.publication = publication;
    const command = publishCommand(publication);
    // A worker that dies meanwhile has a successor that is given this publication.
    await Promise.allSettled(this.workers().map((worker) => worker.send(command)));
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** The worker threads, packet workers first: for tests that end one. */
  workers(): readonly WorkerThread[] {
    return [...this.packetWorkers, this.streamWorker];
  }

  private async stopAll(): Promise<void> {
    this.state.stop();
    await Promise.all(this.workers().map((worker) => worker.stop()));
    for (const { descriptors } of this.listeners.values()) this.closeDescriptors(descriptors);
    this.listeners.clear();
    this.closeDescriptors(this.wakes);
  }

  private async openUdp(listener: Listener, service: Service): Promise<OpenListener> {
    const { sockets, port } = this.bindAll(listener);
    const real = { ...listener, port };
    try {
      await Promise.all(
        this.packetWorkers.map((worker, index) =>
          worker.send({ kind: 'open', service, listener: real, descriptor: sockets[index]! }),
        ),
      );
    } catch (error) {
      this.closeDescriptors(sockets);
      throw error;
    }
    return { listener: real, service, descriptors: sockets };
  }

  /**
   * One socket a worker. The first bind is exclusive, because SO_REUSEPORT would share the port with any other
   * program that sets it; with several workers that socket makes way for those that share.
   */
  private bindAll({ address, port }: Listener): { sockets: number[]; port: number } {
    const { libc } = this.options;
    const options = { address, receiveBufferOctets: DEFAULT_RECEIVE_BUFFER_OCTETS };
    const first = openBatchSocket(libc, { ...options, port, isShared: false });
    if (this.packetWorkers.length === 1) return { sockets: [first.descriptor], port: first.port };
    libc.close(first.descriptor);
    const sockets: number[] = [];
    try {
      for (const _ of this.packetWorkers) {
        sockets.push(openBatchSocket(libc, { ...options, port: first.port, isShared: true }).descriptor);
      }
    } catch (error) {
      this.closeDescriptors(sockets);
      throw error;
    }
    return { sockets, port: first.port };
  }

  private async openTcp(listener: Listener, service: Service): Promise<OpenListener> {
    const port = await this.streamWorker.send({ kind: 'open', service, listener, descriptor: 0 });
    return { listener: { ...listener, port }, service, descriptors: [] };
  }

  private startPacketWorker(index: number, setup: WorkerSetup): WorkerThread {
    const { libc, logger } = this.options;
    const one = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
    return startWorkerThread({
      kind: 'packet',
      setup,
      logger,
      wake: () => libc.write(setup.wakeDescriptor, one, one.length),
      onDeath: (wasReady) => {
        logger.error('a packet worker died; another takes over its sockets');
        this.recoverFrom(setup);
        this.succeed(wasReady, () => {
          this.packetWorkers[index] = this.startPacketWorker(index, setup);
          this.handOver(this.packetWorkers[index]!, 'udp', index);
        });
      },
    });
  }

  private startStreamWorker(setup: WorkerSetup): WorkerThread {
    const { logger } = this.options;
    return startWorkerThread({
      kind: 'stream',
      setup,
      logger,
      wake: () => {},
      onDeath: (wasReady) => {
        logger.error('the stream worker died; another opens its ports again');
        this.recoverFrom(setup);
        this.succeed(wasReady, () => {
          this.streamWorker = this.startStreamWorker(setup);
          this.handOver(this.streamWorker, 'tcp', 0);
        });
      },
    });
  }

  /** At once, unless the predecessor could not start either. */
  private succeed(wasReady: boolean, start: () => void): void {
    if (wasReady) start();
    else
      this.options.clock.schedule(RESTART_MILLISECONDS, () => {
        if (this.stopped === undefined) start();
      });
  }

  /** A worker that died while it changed the swarm table would keep the others out of a part of it for ever. */
  private recoverFrom({ owner }: WorkerSetup): void {
    const { logger } = this.options;
    const shards = recoverShards(this.state.table, owner, this.clock.nowSeconds());
    if (shards > 0) logger.warn('a worker died inside the swarm table; that part was rebuilt', { shards });
  }

  /** Gives a new worker what its predecessor had. Commands wait in its port until it is ready. */
  private handOver(worker: WorkerThread, transport: Listener['transport'], index: number): void {
    const commands: Command[] = [publishCommand(this.publication)];
    for (const { listener, service, descriptors } of this.listeners.values()) {
      if (listener.transport !== transport) continue;
      commands.push({ kind: 'open', service, listener, descriptor: descriptors[index] ?? 0 });
    }
    for (const command of commands) {
      worker.send(command).catch((error: Error) => {
        this.options.logger.error('a new worker could not take over', { error });
      });
    }
  }
}

function publishCommand({ images, draining }: Publication): Command {
  return { kind: 'publish', images: images.map(({ buffer }) => buffer), draining };
}
