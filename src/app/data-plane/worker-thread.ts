// One worker thread as the control plane holds it: commands with their answers, and a new thread when one dies.

import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Logger } from '../../io/log.ts';
import type { Command, NumberedCommand, WorkerMessage, WorkerSetup } from './commands.ts';

/** What a command comes back with: the real port after `open`, else 0. */
export type CommandResult = number;

export interface WorkerThreadOptions {
  readonly kind: 'packet' | 'stream';
  readonly setup: WorkerSetup;
  readonly logger: Logger;
  /** After each command: the loop that blocks on an eventfd is woken. */
  wake(): void;
  /**
   * The thread ended without being told to; what it was given is to be given to the next. `wasReady` is false for one
   * that could not even start.
   */
  onDeath(wasReady: boolean): void;
}

export interface WorkerThread {
  readonly setup: WorkerSetup;
  /** Resolves once commands are taken. */
  readonly ready: Promise<void>;
  /** Rejects with an error whose `code` is the system's when the worker could not, or died. */
  send(command: Command): Promise<CommandResult>;
  /** Ends the thread after it has closed its sockets; safe twice, and waits. */
  stop(): Promise<void>;
  /** Ends it at once, wherever it is: for tests of what follows. */
  kill(): Promise<void>;
}

/** Grace for a worker told to stop, before it is ended wherever it is. */
const STOP_MILLISECONDS = 5000;

interface Waiting {
  resolve(result: CommandResult): void;
  reject(error: Error): void;
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
  private isStopping = false;
  private isReady = false;
  private isDead = false;
  private fault = 'it ended';
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
      options.logger.error(`a ${options.kind} worker failed`, { error });
    });
    this.worker.once('exit', () => this.bury());
  }

  send(command: Command): Promise<CommandResult> {
    if (this.isDead) return Promise.reject(new Error('the worker ended'));
    const id = ++this.lastId;
    const numbered: NumberedCommand = { id, command };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.port.postMessage(numbered);
      this.options.wake();
    });
  }

  async stop(): Promise<void> {
    if (!this.isStopping) {
      this.isStopping = true;
      const patience = setTimeout(() => void this.kill(), STOP_MILLISECONDS);
      this.send({ kind: 'stop' }).catch(() => {});
      await this.ended;
      clearTimeout(patience);
    }
    await this.ended;
  }

  async kill(): Promise<void> {
    const ended = this.worker.terminate();
    // A thread that waits in the kernel ends when it comes back from there.
    this.options.wake();
    await ended;
  }

  private hear(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      this.isReady = true;
      this.becomeReady();
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
    if (message.kind === 'done') waiting?.resolve(message.port);
    else waiting?.reject(Object.assign(new Error(message.message), { code: message.errno }));
  }

  private bury(): void {
    this.isDead = true;
    this.port.close();
    for (const { reject } of this.waiting.values()) reject(new Error('the worker ended'));
    this.waiting.clear();
    if (!this.isStopping) this.options.onDeath(this.isReady);
  }
}

/** Source and distribution differ in the ending: this file's own says which of the two runs. */
function entryOf(kind: 'packet' | 'stream'): URL {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./${kind}-worker${ending}`, import.meta.url);
}
