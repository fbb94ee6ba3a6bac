// The data plane on worker threads: packet workers share each port for UDP and for the tracker's HTTP, one stream worker has
// the rest of TCP. This thread opens the shared sockets and only lends them, so that a worker that dies leaves its sockets,
// and what waits in them, behind.

import type { Counters } from '../../core/counters.ts';
import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import { swarmTotals } from '../../core/swarm/table.ts';
import { NO_ROW } from '../../core/traffic.ts';
import { BindError } from '../../io/bind-error.ts';
import type { Clock } from '../../io/clock.ts';
import { duplicate } from '../../io/descriptor-passing/descriptor-socket.ts';
import { EFD_CLOEXEC, EFD_NONBLOCK, SHUT_RD } from '../../io/packet-engine/layout.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import { takeWaiting } from '../../io/stream-engine/hand-over-ring.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import { createSteadyClock } from '../steady-clock.ts';
import type { Command } from './commands.ts';
import { connectionCaps } from './connection-caps.ts';
import type { DataPlane, DataPlaneSetup, OpenSocket, Publication, Service } from './data-plane.ts';
import { type OpenListener, openCommands, publishCommand, type Standing } from './hand-over.ts';
import { PlaneTakeover } from './plane-takeover.ts';
import { createReceiveBufferReport, type ReceiveBuffer } from './receive-buffer.ts';
import { hrtimeMilliseconds } from './shared-clock.ts';
import { openOwnPort, openSharedPort } from './shared-port.ts';
import { createSharedState, type SharedState } from './shared-state.ts';
import { createTrafficBook, type TrafficBook } from './traffic-book.ts';
import { createWorkerSetups } from './worker-setups.ts';
import { WorkerEndedError, type WorkerThread } from './worker-thread.ts';
import { Workers } from './workers.ts';

export interface ThreadedDataPlaneOptions extends DataPlaneSetup {
  readonly libc: Libc;
  /** Packet workers, 1 or more. */
  readonly workerCount: number;
  /** The stream worker has all of TCP: the stream engine does not run here. */
  readonly withoutStreamLoop?: boolean;
  /** See WorkerThreadOptions. */
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
  readonly takeover: PlaneTakeover;
  private readonly threads: Workers;
  private readonly wakes: readonly number[];
  /** By {@link formatListener}; bounded by the control plane's plan. */
  private readonly listeners = new Map<string, OpenListener>();
  private publication: Publication = { images: [], draining: [] };
  private identity: TlsIdentity | undefined;
  private readonly traffic: TrafficBook;
  private hostRows: ReadonlyMap<string, number> = new Map();
  private readonly reportReceiveBuffer: (buffer: ReceiveBuffer | undefined) => void;
  private stopped: Promise<void> | undefined;

  constructor(options: ThreadedDataPlaneOptions) {
    const { libc, settings, udpPayload, answers = {}, workerCount } = options;
    this.options = options;
    this.reportReceiveBuffer = createReceiveBufferReport(options.logger);
    this.traffic = createTrafficBook(options.maxTrafficRows);
    this.clock = createSteadyClock(options.clock);
    this.state = createSharedState({ ...options, clock: this.clock });
    this.seed = this.state.seed;
    this.counters = this.state.counters;
    const shared = {
      table: this.state.table.shared,
      settings,
      udpPayload,
      answers,
      connectionKey: this.state.connectionKey,
      seed: this.seed,
      caps: options.caps ?? connectionCaps(undefined),
      workerCount,
      clockOrigin: { seconds: this.clock.nowSeconds(), hrtimeMilliseconds: hrtimeMilliseconds() },
    };
    this.wakes = Array.from({ length: workerCount }, () => libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    this.threads = new Workers({
      ...options,
      clock: this.clock,
      table: this.state.table,
      ...createWorkerSetups({ shared, wakes: this.wakes, traffic: this.traffic }),
      standing: () => this.standing(),
      onNotify: (notice) => this.options.onNotify?.(notice),
      onSurrender: (connections) => this.takeover.take(connections),
    });
    this.takeover = new PlaneTakeover({
      libc,
      state: this.state,
      threads: this.threads,
      listeners: this.listeners,
      inherited: options.inherited,
      standing: () => this.standing(),
      forget: () => this.listeners.clear(),
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

  get swarm() {
    return this.state;
  }

  async ping(): Promise<void> {
    await Promise.all(this.workers().map((worker) => worker.send({ kind: 'ping' })));
  }

  swarmSeconds(): number {
    return this.clock.nowSeconds();
  }

  swarmTotals() {
    return swarmTotals(this.state.table);
  }

  sockets(): OpenSocket[] {
    return [...this.listeners.values()].map(({ listener, service, receiveBuffer, row }) => ({
      listener,
      service,
      receiveBuffer,
      traffic: service === 'tracker' ? this.traffic.read(row) : undefined,
    }));
  }

  hostTraffic() {
    return this.traffic.readHosts();
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
    const workers = open.worker === 'packet' ? this.threads.packet : [];
    // A worker that dies meanwhile has let go of the socket, too.
    await Promise.allSettled(workers.map((worker) => worker.send({ kind: 'close', listener })));
    // Last, for until then it is given connections of the others.
    await Promise.allSettled([this.threads.stream().send({ kind: 'close', listener })]);
    // A thread that died over it may have left another descriptor of it behind.
    if (open.worker === 'stream' && !this.takeover.isAway)
      this.options.libc.shutdown(open.descriptors[0]!, SHUT_RD);
    this.closeDescriptors(open.descriptors);
    this.traffic.releaseRow(open.row);
  }

  private closeDescriptors(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.options.libc.close(descriptor);
  }

  async publish(publication: Publication): Promise<void> {
    this.publication = publication;
    this.hostRows = this.traffic.takeHosts(publication.hosts ?? []);
    const command = publishCommand(publication, this.hostRows);
    // A worker that dies meanwhile has a successor that is given this publication.
    await Promise.allSettled(this.workers().map((worker) => worker.send(command)));
    this.traffic.settleHosts();
  }

  async identify(identity: TlsIdentity): Promise<void> {
    await this.sendToStreamWorker(() => ({ kind: 'identify', identity }));
    this.identity = identity;
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** The worker threads, packet workers first: for tests that end one. */
  workers(): readonly WorkerThread[] {
    return this.threads.all();
  }

  private standing(): Standing {
    const { publication, hostRows, identity } = this;
    const { libc, workerCount } = this.options;
    return {
      publication,
      hostRows,
      identity,
      listeners: this.takeover.isAway ? [] : this.listeners.values(),
      workerCount,
      journals: this.takeover.journals(),
      duplicate: (descriptor) => duplicate(libc, descriptor),
    };
  }

  private async stopAll(): Promise<void> {
    this.state.stop();
    await this.threads.stop();
    this.closeDescriptors(takeWaiting(this.threads.stream().setup.rings));
    for (const { descriptors } of this.listeners.values()) this.closeDescriptors(descriptors);
    this.listeners.clear();
    this.closeDescriptors(this.wakes);
  }

  /** One socket a packet worker. */
  private async openShared(listener: Listener, service: Service): Promise<Listener> {
    const { libc, workerCount, inherited } = this.options;
    const opened = openSharedPort(libc, listener, workerCount, inherited?.take(listener));
    const { descriptors, receiveBuffer } = opened;
    this.reportReceiveBuffer(receiveBuffer);
    const real = { ...listener, port: opened.port };
    // Noted first, so that the successor of a worker that dies meanwhile is given it.
    const row = this.rowFor(service);
    const open: OpenListener = { listener: real, service, worker: 'packet', descriptors, receiveBuffer, row };
    this.listeners.set(formatListener(real), open);
    if (this.takeover.isAway) return real;
    await Promise.allSettled(
      this.threads.packet.flatMap((worker, index) =>
        openCommands(open, 'packet', index, this.standing()).map((command) => worker.send(command)),
      ),
    );
    return real;
  }

  /** The stream worker's. */
  private async openOwn(listener: Listener, service: Service): Promise<Listener> {
    const { libc, inherited } = this.options;
    const opened = openOwnPort(libc, listener, inherited?.take(listener));
    const real = { ...listener, port: opened.port };
    const row = this.rowFor(service);
    const descriptors = [opened.descriptor];
    const own: OpenListener = {
      listener: real,
      service,
      worker: 'stream',
      descriptors,
      receiveBuffer: undefined,
      row,
    };
    if (!this.takeover.isAway) {
      try {
        await this.sendToStreamWorker(() => openCommands(own, 'stream', 0, this.standing())[0]!);
      } catch (error) {
        this.closeDescriptors(descriptors);
        this.traffic.releaseRow(row);
        throw error;
      }
    }
    this.listeners.set(formatListener(real), own);
    return real;
  }

  private rowFor(service: Service): number {
    return service === 'tracker' ? this.traffic.takeRow() : NO_ROW;
  }

  /** Sent again to the successor of a worker that dies over it, once: it may be what the worker died of. */
  private async sendToStreamWorker(command: () => Command): Promise<number> {
    const worker = this.threads.stream();
    try {
      return await worker.send(command());
    } catch (error) {
      const successor = this.threads.stream();
      if (error instanceof WorkerEndedError && successor !== worker) return await successor.send(command());
      throw error;
    }
  }
}
