// One worker thread as the control plane holds it: commands with their answers, and a new thread when one dies.

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Logger } from '../../io/log.ts';
import { takeDescriptors } from '../../io/stream-engine/lent-descriptors.ts';
import type { Command, NumberedCommand, TrackerConnection, WorkerMessage, WorkerSetup } from './commands.ts';
import type { NotifyNotice } from './notify-gate.ts';
import type { Death } from './restart-pause.ts';

/** What a command comes back with: the real port after `open`, else 0. */
export type CommandResult = number;

export interface WorkerThreadOptions {
  readonly kind: 'packet' | 'stream';
  readonly setup: WorkerSetup;
  readonly logger: Logger;
  /** After each command: the loop that blocks on an eventfd is woken. */
  wake(): void;
  /** Closes a descriptor that a thread left behind. */
  close(descriptor: number): void;
  /** The thread ended without being told to; what it was given is to be given to the next. */
  onDeath(death: Death): void;
  /** Connections that it was told to give away. */
  onSurrender?(connections: readonly TrackerConnection[]): void;
  /** A zone has changed at its primary. */
  onNotify?(notice: NotifyNotice): void;
  /** Grace for a worker told to stop; five seconds where it is not said. */
  readonly stopMilliseconds?: number;
  /** Grace for a packet worker told anything else; ten seconds where it is not said. */
  readonly answerMilliseconds?: number;
}

export interface WorkerThread {
  readonly setup: WorkerSetup;
  /** Resolves once commands are taken. */
  readonly ready: Promise<void>;
  /** Rejects with an error whose `code` is the system's when the worker could not, {@link WorkerEndedError} when it died. */
  send(command: Command): Promise<CommandResult>;
  /** Ends the thread after it has closed its sockets; safe twice, and waits. */
  stop(): Promise<void>;
  /** Ends it at once, wherever it is: for tests of what follows. */
  kill(): Promise<void>;
}

/** Grace for a worker told to stop, before it is ended wherever it is. */
const STOP_MILLISECONDS = 5000;
/**
 * A packet worker takes commands between two batches, within a millisecond. One that does not in this time hangs, and
 * makes way for another.
 */
const ANSWER_MILLISECONDS = 10_000;

/** The thread that a command was sent to has ended: its successor is told what counts. */
export class WorkerEndedError extends Error {
  override readonly name = 'WorkerEndedError';
  readonly code = 'worker-ended';

  constructor() {
    super('a worker thread ended');
  }
}

interface Waiting {
  resolve(result: CommandResult): void;
  reject(error: Error): void;
  readonly kind: Command['kind'];
  /** From the moment that the thread takes commands. */
  patience: NodeJS.Timeout | undefined;
}

export function startWorkerThread(options: WorkerThreadOptions): WorkerThread {
  return new Thread(options);
}

class Thread implements WorkerThread {
  readonly setup: WorkerSetup;
  readonly ready: Promise<void>;
  private readonly options: WorkerThreadOptions;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  /** By command id; bounded by what the control plane has under way. */
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<void>;
  private lastId = 0;
  private stopId = 0;
  private readonly bornAt = performance.now();
  private isStopping = false;
  private hasStopped = false;
  private isReady = false;
  /** 0 for none. */
  private epoll = 0;
  private isDead = false;
  private fault = 'it was ended from outside';
  private becomeReady: () => void = () => {};

  constructor(options: WorkerThreadOptions) {
    this.options = options;
    this.setup = options.setup;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const workerData = { ...options.setup, port: port2 };
    this.worker = new Worker(entryOf(options.kind), { workerData, transferList: [port2] });
    this.ready = new Promise((resolve, reject) => {
      this.becomeReady = resolve;
      this.worker.once('exit', () =>
        reject(
          new Error(`a worker thread could not be started (${this.fault}); raise the limits of this process`),
        ),
      );
    });
    this.ready.catch(() => {});
    this.ended = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    port1.on('message', (message: WorkerMessage) => this.hear(message));
    this.worker.on('error', (error: Error) => {
      this.fault = error.message;
    });
    this.worker.once('exit', () => this.bury());
  }

  send(command: Command): Promise<CommandResult> {
    if (this.isDead) return Promise.reject(new WorkerEndedError());
    const id = ++this.lastId;
    const numbered: NumberedCommand = { id, command };
    return new Promise((resolve, reject) => {
      const { kind } = command;
      this.waiting.set(id, { resolve, reject, kind, patience: this.watch(kind) });
      this.port.postMessage(numbered);
      this.options.wake();
    });
  }

  async stop(): Promise<void> {
    if (!this.isStopping) {
      this.isStopping = true;
      const patience = setTimeout(() => void this.kill(), this.options.stopMilliseconds ?? STOP_MILLISECONDS);
      this.stopId = this.lastId + 1;
      this.send({ kind: 'stop' }).catch(() => {});
      await this.ended;
      clearTimeout(patience);
    }
    await this.ended;
  }

  async kill(): Promise<void> {
    // Ended while it loads the C library, a thread takes the process along: koffi throws, which an ending thread cannot.
    if (!this.isReady) await this.ready.catch(() => {});
    const ended = this.worker.terminate();
    // A thread that waits in the kernel ends when it comes back from there.
    this.options.wake();
    await ended;
  }

  /** A stream worker takes its time to close connections; only a packet worker has to answer at once. */
  private watch(kind: Command['kind']): NodeJS.Timeout | undefined {
    if (!this.isReady || this.options.kind !== 'packet' || kind === 'stop') return undefined;
    const patience = setTimeout(() => {
      this.fault = 'it took no command and was ended';
      void this.kill();
    }, this.options.answerMilliseconds ?? ANSWER_MILLISECONDS);
    patience.unref();
    return patience;
  }

  private hear(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      this.isReady = true;
      this.epoll = message.descriptor;
      for (const waiting of this.waiting.values()) waiting.patience = this.watch(waiting.kind);
      this.becomeReady();
      return;
    }
    if (message.kind === 'notify') {
      this.options.onNotify?.(message);
      return;
    }
    if (message.kind === 'surrendered') {
      this.options.onSurrender?.(message.connections);
      return;
    }
    if (message.kind === 'shortage') {
      this.options.logger.warn('a connection could not be accepted; is the limit of open files too low?', {
        reason: message.errno,
      });
      return;
    }
    if (message.kind === 'fault') {
      this.options.logger.error('a packet handler failed, and its packet was dropped', {
        reason: message.message,
      });
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    clearTimeout(waiting?.patience);
    if (message.id === this.stopId) this.hasStopped = true;
    if (message.kind === 'done') waiting?.resolve(message.port);
    else waiting?.reject(Object.assign(new Error(message.message), { code: message.errno }));
  }

  private bury(): void {
    this.isDead = true;
    // Threads have no descriptors of their own: what a dead one had open stays open.
    if (this.epoll > 0 && !this.hasStopped) this.options.close(this.epoll);
    for (const descriptor of takeDescriptors(this.setup.lent)) this.options.close(descriptor);
    this.port.close();
    for (const { reject, patience } of this.waiting.values()) {
      clearTimeout(patience);
      reject(new WorkerEndedError());
    }
    this.waiting.clear();
    if (this.isStopping) return;
    const livedMilliseconds = performance.now() - this.bornAt;
    this.options.onDeath({ reason: this.fault, wasReady: this.isReady, livedMilliseconds });
  }
}

/** Source and distribution differ in the ending: this file's own says which of the two runs. */
function entryOf(kind: 'packet' | 'stream'): URL {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./${kind}-worker${ending}`, import.meta.url);
}
