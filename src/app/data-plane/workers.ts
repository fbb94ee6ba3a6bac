// The worker threads of a data plane, and who follows one that dies: a thread with the same number, the same counters and the
// same sockets, told all that its predecessor had been told.

import { recoverShards } from '../../core/swarm/rebuild.ts';
import type { SwarmTable } from '../../core/swarm/table.ts';
import type { Cancel, Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import type { TrackerConnection, WorkerSetup } from './commands.ts';
import { handOverCommands, type Standing, type WorkerKind } from './hand-over.ts';
import type { NotifyNotice } from './notify-gate.ts';
import { createRestartPause, type Death } from './restart-pause.ts';
import { startWorkerThread, type WorkerThread, type WorkerThreadOptions } from './worker-thread.ts';

export interface WorkersOptions {
  readonly libc: Libc;
  readonly logger: Logger;
  /** The data plane's steady clock. */
  readonly clock: Clock;
  readonly table: SwarmTable;
  /** One a packet worker. */
  readonly packetSetups: readonly WorkerSetup[];
  readonly streamSetup: WorkerSetup;
  /** See {@link WorkerThreadOptions}. */
  readonly stopMilliseconds?: number | undefined;
  readonly answerMilliseconds?: number | undefined;
  /** What the workers have been told, at this moment. */
  standing(): Standing;
  onNotify?(notice: NotifyNotice): void;
  /** Connections that packet workers were told to give away. */
  onSurrender(connections: readonly TrackerConnection[]): void;
}

export class Workers {
  readonly packet: WorkerThread[];
  private readonly options: WorkersOptions;
  private streamWorker: WorkerThread;
  /** Successors that wait for their start; one a worker at most. */
  private readonly restarts = new Set<Cancel>();

  constructor(options: WorkersOptions) {
    this.options = options;
    this.packet = options.packetSetups.map((setup, index) => this.startPacketWorker(index, setup));
    this.streamWorker = this.startStreamWorker(options.streamSetup);
  }

  /** The one that runs now: it changes with its death. */
  stream(): WorkerThread {
    return this.streamWorker;
  }

  /** Packet workers first. */
  all(): readonly WorkerThread[] {
    return [...this.packet, this.streamWorker];
  }

  /** Ends all threads, and nobody follows; safe twice, and waits. */
  async stop(): Promise<void> {
    for (const cancel of this.restarts) cancel();
    await Promise.all(this.all().map((worker) => worker.stop()));
    // One that had to be ended may have been inside the table.
    for (const { setup } of this.all()) this.recoverFrom(setup);
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
            this.packet[index] = start();
            this.handOver(this.packet[index]!, 'packet', index);
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
      onSurrender: (connections) => this.options.onSurrender(connections),
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
    const shards = recoverShards(this.options.table, owner, this.options.clock.nowSeconds());
    if (shards > 0) logger.warn('a worker died inside the swarm table; that part was rebuilt', { shards });
  }

  /** Gives a new worker what its predecessor had. Commands wait in its port until it is ready. */
  private handOver(worker: WorkerThread, kind: WorkerKind, index: number): void {
    for (const command of handOverCommands(this.options.standing(), kind, index)) {
      worker.send(command).catch((error: Error) => {
        this.options.logger.error('a new worker could not take over', { error });
      });
    }
  }
}
