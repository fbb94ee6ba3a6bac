// The data plane on worker threads: packet workers share each port for UDP and for the tracker's HTTP, one stream worker has
// the rest of TCP. This thread opens the shared sockets and only lends them, so that a worker that dies leaves its sockets,
// and what waits in them, behind.

import { type Counters, createCounters } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { recoverShards } from '../../core/swarm/rebuild.ts';
import { CREATING_OWNER, swarmTotals } from '../../core/swarm/table.ts';
import { BindError } from '../../io/bind-error.ts';
import type { Cancel, Clock } from '../../io/clock.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../../io/packet-engine/layout.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { createLentDescriptors } from '../../io/stream-engine/lent-descriptors.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { Command, WorkerSetup } from './commands.ts';
import type { DataPlane, DataPlaneSetup, Publication, Service } from './data-plane.ts';
import { handOverCommands, type OpenListener, publishCommand, type WorkerKind } from './hand-over.ts';
import { createRestartPause, type Death } from './restart-pause.ts';
import { hrtimeMilliseconds } from './shared-clock.ts';
import { createReceiveBufferReport, openSharedPort, type SharedPort } from './shared-port.ts';
import { createSharedState, type SharedState } from './shared-state.ts';
import { createTrackerDescriptors } from './tracker-streams.ts';
import {
  startWorkerThread,
  WorkerEndedError,
  type WorkerThread,
  type WorkerThreadOptions,
} from './worker-thread.ts';

export interface ThreadedDataPlaneOptions extends DataPlaneSetup {
  readonly libc: Libc;
  /** Packet workers, 1 or more. */
  readonly workerCount: number;
  /** The stream worker has all of TCP: the stream engine does not run here. */
  readonly withoutStreamLoop?: boolean;
  /** See {@link WorkerThreadOptions}. */
  readonly stopMilliseconds?: number;
  readonly answerMilliseconds?: number;
}

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
  readonly counters: Counters;
  private readonly options: ThreadedDataPlaneOptions;
  private readonly clock: Clock;
  private readonly state: SharedState;
  private readonly packetWorkers: WorkerThread[];
  private streamWorker: WorkerThread;
  private readonly wakes: readonly number[];
  /** By {@link formatListener}; bounded by the control plane's plan. */
  private readonly listeners = new Map<string, OpenListener>();
  private publication: Publication = { images: [], draining: [] };
  private identity: TlsIdentity | undefined;
  /** Successors that wait for their start; one a worker at most. */
  private readonly restarts = new Set<Cancel>();
  private readonly reportReceiveBuffer: (port: SharedPort) => void;
  private stopped: Promise<void> | undefined;

  constructor(options: ThreadedDataPlaneOptions) {
    const { libc, randomOctets, settings, limits, udpPayload, answers = {}, workerCount } = options;
    this.options = options;
    this.reportReceiveBuffer = createReceiveBufferReport(options.logger);
    this.clock = createSteadyClock(options.clock);
    this.state = createSharedState({ settings, limits, clock: this.clock, randomOctets });
    this.seed = this.state.seed;
    this.counters = this.state.counters;
    const shared = {
      table: this.state.table.shared,
      settings,
      udpPayload,
      answers,
      connectionKey: this.state.connectionKey,
      seed: this.seed,
      workerCount,
      clockOrigin: { seconds: this.clock.nowSeconds(), hrtimeMilliseconds: hrtimeMilliseconds() },
    };
    const wakes = Array.from({ length: workerCount }, () => libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    this.wakes = wakes;
    this.packetWorkers = wakes.map((wakeDescriptor, index) =>
      this.startPacketWorker(index, {
        ...shared,
        owner: CREATING_OWNER + 1 + index,
        wakeDescriptor,
        lent: createTrackerDescriptors(workerCount),
        counters: createCounters(),
      }),
    );
    this.streamWorker = this.startStreamWorker({
      ...shared,
      owner: CREATING_OWNER + 1 + workerCount,
      wakeDescriptor: 0,
      lent: createLentDescriptors(0),
      counters: createCounters(),
    });
  }

  async ready(): Promise<void> {
    await Promise.all(this.workers().map(({ ready }) => ready));
  }

  readCounters(): Counters {
    const sum = Float64Array.from(this.counters);
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
      const isShared =
        listener.transport === 'udp' || (service === 'tracker' && !this.options.withoutStreamLoop);
      return isShared ? await this.openShared(listener, service) : await this.openOwn(listener, service);
    } catch (error) {
      throw error instanceof Error ? new BindError(listener, error) : error;
    }
  }

  async close(listener: Listener): Promise<void> {
    const key = formatListener(listener);
    const open = this.listeners.get(key);
    if (open === undefined) return;
    this.listeners.delete(key);
    const workers = open.descriptors.length > 0 ? this.packetWorkers : [this.streamWorker];
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

  async identify(identity: TlsIdentity): Promise<void> {
    await this.sendToStreamWorker({ kind: 'identify', identity });
    this.identity = identity;
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
    for (const cancel of this.restarts) cancel();
    await Promise.all(this.workers().map((worker) => worker.stop()));
    for (const { descriptors } of this.listeners.values()) this.closeDescriptors(descriptors);
    this.listeners.clear();
    this.closeDescriptors(this.wakes);
  }

  /** One socket a packet worker. */
  private async openShared(listener: Listener, service: Service): Promise<Listener> {
    const { libc, workerCount } = this.options;
    const opened = openSharedPort(libc, listener, workerCount);
    this.reportReceiveBuffer(opened);
    const real = { ...listener, port: opened.port };
    // Noted first, so that the successor of a worker that dies meanwhile is given it.
    this.listeners.set(formatListener(real), { listener: real, service, descriptors: opened.descriptors });
    await Promise.allSettled(
      this.packetWorkers.map((worker, index) =>
        worker.send({ kind: 'open', service, listener: real, descriptor: opened.descriptors[index]! }),
      ),
    );
    return real;
  }

  /** A socket that the stream worker opens itself. */
  private async openOwn(listener: Listener, service: Service): Promise<Listener> {
    const port = await this.sendToStreamWorker({ kind: 'open', service, listener, descriptor: 0 });
    const real = { ...listener, port };
    this.listeners.set(formatListener(real), { listener: real, service, descriptors: [] });
    return real;
  }

  /** Sent again to the successor of a worker that dies over it, once: it may be what the worker died of. */
  private async sendToStreamWorker(command: Command): Promise<number> {
    const worker = this.streamWorker;
    try {
      return await worker.send(command);
    } catch (error) {
      const hasSuccessor = this.streamWorker !== worker;
      if (error instanceof WorkerEndedError && hasSuccessor) return await this.streamWorker.send(command);
      throw error;
    }
  }

  private startPacketWorker(index: number, setup: WorkerSetup): WorkerThread {
    const { libc } = this.options;
    const one = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
    const pause = createRestartPause();
    const start = (): WorkerThread =>
      this.startThread({
        kind: 'packet',
        setup,
        wake: () => libc.write(setup.wakeDescriptor, one, one.length),
        onDeath: (death) =>
          this.succeed(setup, death, pause(death), () => {
            this.packetWorkers[index] = start();
            this.handOver(this.packetWorkers[index]!, 'packet', index);
          }),
      });
    return start();
  }

  private startStreamWorker(setup: WorkerSetup): WorkerThread {
    const pause = createRestartPause();
    const start = (): WorkerThread =>
      this.startThread({
        kind: 'stream',
        setup,
        wake: () => {},
        onDeath: (death) =>
          this.succeed(setup, death, pause(death), () => {
            this.streamWorker = start();
            this.handOver(this.streamWorker, 'stream', 0);
          }),
      });
    return start();
  }

  private startThread(
    thread: Pick<WorkerThreadOptions, 'kind' | 'setup' | 'wake' | 'onDeath'>,
  ): WorkerThread {
    const { logger, libc, stopMilliseconds, answerMilliseconds } = this.options;
    return startWorkerThread({
      ...thread,
      logger,
      close: (descriptor) => libc.close(descriptor),
      onNotify: (notice) => this.options.onNotify?.(notice),
      ...(stopMilliseconds !== undefined && { stopMilliseconds }),
      ...(answerMilliseconds !== undefined && { answerMilliseconds }),
    });
  }

  /** Lets another thread take over, after a pause where its predecessors died young. */
  private succeed(setup: WorkerSetup, { reason }: Death, pauseMilliseconds: number, start: () => void): void {
    const { clock, logger } = this.options;
    logger.error('a worker thread died; another takes over', { reason, pauseMilliseconds });
    this.recoverFrom(setup);
    if (pauseMilliseconds === 0) {
      start();
      return;
    }
    const cancel = clock.schedule(pauseMilliseconds, () => {
      this.restarts.delete(cancel);
      start();
    });
    this.restarts.add(cancel);
  }

  /** A worker that died while it changed the swarm table would keep the others out of a part of it for ever. */
  private recoverFrom({ owner }: WorkerSetup): void {
    const { logger } = this.options;
    const shards = recoverShards(this.state.table, owner, this.clock.nowSeconds());
    if (shards > 0) logger.warn('a worker died inside the swarm table; that part was rebuilt', { shards });
  }

  /** Gives a new worker what its predecessor had. Commands wait in its port until it is ready. */
  private handOver(worker: WorkerThread, kind: WorkerKind, index: number): void {
    const { publication, identity } = this;
    const standing = { publication, identity, listeners: this.listeners.values() };
    for (const command of handOverCommands(standing, kind, index)) {
      worker.send(command).catch((error: Error) => {
        this.options.logger.error('a new worker could not take over', { error });
      });
    }
  }
}
