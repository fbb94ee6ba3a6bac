// The two ends of a takeover at a data plane: what one of the old process gives away, and how one of the new begins with
// it. Ports stay open throughout: what arrives while nobody looks waits in the sockets.

import { formatListener, type Listener } from '../../core/net/endpoint.ts';
import {
  type AnnounceJournal,
  attachJournal,
  createJournalMemory,
} from '../../core/tracker/announce-journal.ts';
import type { Libc } from '../../io/packet-engine/libc.ts';
import type { Command, TrackerConnection } from './commands.ts';
import { type OpenListener, openCommands, type Standing, type WorkerKind } from './hand-over.ts';
import type { SharedState } from './shared-state.ts';
import type { WorkerThread } from './worker-thread.ts';
import type { Workers } from './workers.ts';

/** Listening sockets of a former process, by what they listen on. */
export interface InheritedSockets {
  /** Those of a listener, the taker's from now on; none where there are none. */
  take(listener: Listener): readonly number[];
  /** Those that nobody took, once, to be closed: their ports are not wanted any more. */
  takeRest(): readonly number[];
}

/** What the workers have let go of. */
export interface Surrendered {
  /** To the tracker, between two replies: the receiver's. */
  readonly connections: readonly TrackerConnection[];
  /** Resolves when the replies are over that were under way, and the connections of the stream worker. */
  readonly settled: Promise<void>;
}

export interface PlaneTakeoverOptions {
  readonly libc: Libc;
  readonly state: SharedState;
  readonly threads: Workers;
  /** By `formatListener`. */
  readonly listeners: ReadonlyMap<string, OpenListener>;
  /** With them sockets are opened, and nothing is answered before {@link PlaneTakeover.begin}. */
  readonly inherited: InheritedSockets | undefined;
  standing(): Standing;
  /** Forgets every listener without closing its port. */
  forget(): void;
}

export class PlaneTakeover {
  /** Nothing is answered: not yet, or by another. */
  isAway: boolean;
  readonly libc: Libc;
  readonly inherited: InheritedSockets | undefined;
  /** Resolves with {@link PlaneTakeover.begin}; at once where nothing was to be waited for. */
  readonly begun: Promise<void>;
  private readonly options: PlaneTakeoverOptions;
  private readonly resolveBegun: () => void;
  private memories: readonly SharedArrayBuffer[] = [];
  private surrendered: TrackerConnection[] = [];

  constructor(options: PlaneTakeoverOptions) {
    this.options = options;
    this.libc = options.libc;
    this.inherited = options.inherited;
    this.isAway = options.inherited !== undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.resolveBegun = resolve;
    if (!this.isAway) resolve();
  }

  sockets(): readonly OpenListener[] {
    return [...this.options.listeners.values()];
  }

  /** See {@link Standing}. */
  journals(): readonly SharedArrayBuffer[] {
    return this.memories;
  }

  /** From when this resolves on, every announce is in one of the journals. */
  async record(): Promise<readonly AnnounceJournal[]> {
    this.memories = this.options.threads.all().map(createJournalMemory);
    await this.tellAll((index) => ({ kind: 'record', memory: this.memories[index] }));
    return this.memories.map(attachJournal);
  }

  async stopRecording(): Promise<void> {
    this.memories = [];
    await this.tellAll(() => ({ kind: 'record', memory: undefined }));
  }

  /** To be called with what a packet worker gives away. */
  take(connections: readonly TrackerConnection[]): void {
    this.surrendered.push(...connections);
  }

  /** Answers what has arrived, then nothing more: resolves within milliseconds, with the connections of others to go on. */
  async surrender(): Promise<Surrendered> {
    const { threads } = this.options;
    const { packet } = threads;
    this.isAway = true;
    this.surrendered = [];
    await Promise.allSettled(packet.map((worker) => worker.send({ kind: 'surrender' })));
    // Not waited for: connections there end in their own time. Last, for until now it was given connections of the others.
    const streams = this.sockets()
      .filter(({ listener }) => listener.transport === 'tcp')
      .map(({ listener }) => threads.stream().send({ kind: 'close', listener }));
    const settling = packet.map((worker) => worker.send({ kind: 'settle' }));
    const settled = Promise.allSettled([...streams, ...settling]).then(() => undefined);
    return { connections: this.surrendered, settled };
  }

  /** Answers at every socket that is open, and goes on with the connections. */
  async begin(connections: readonly TrackerConnection[]): Promise<void> {
    const { threads, standing } = this.options;
    this.isAway = false;
    const open = this.sockets();
    const told: Promise<unknown>[] = [];
    const tell = (worker: WorkerThread, kind: WorkerKind, index: number): void => {
      for (const one of open)
        for (const command of openCommands(one, kind, index, standing())) told.push(worker.send(command));
    };
    tell(threads.stream(), 'stream', 0);
    for (const [index, worker] of threads.packet.entries()) {
      tell(worker, 'packet', index);
      const own = connections.filter((_, number) => number % threads.packet.length === index);
      if (own.length > 0) told.push(worker.send({ kind: 'adopt', connections: own }));
    }
    // A worker that dies meanwhile has a successor that is told of the sockets.
    await Promise.allSettled(told);
    this.resolveBegun();
  }

  /** Goes on after {@link PlaneTakeover.surrender} as if it had not been; harmless without. */
  async resume(): Promise<void> {
    if (this.isAway) await this.begin(this.surrendered);
  }

  /** The sockets are another's: closed here, their ports stay open. */
  relinquish(): void {
    for (const { descriptors } of this.sockets())
      for (const descriptor of descriptors) this.options.libc.close(descriptor);
    this.options.forget();
  }

  closeAll(connections: readonly TrackerConnection[]): void {
    for (const { descriptor } of connections) this.options.libc.close(descriptor);
  }

  private async tellAll(command: (index: number) => Command): Promise<void> {
    const workers = this.options.threads.all();
    await Promise.allSettled(workers.map((worker, index) => worker.send(command(index))));
  }
}

export function createInheritedSockets(
  sockets: readonly { readonly listener: Listener; readonly descriptors: readonly number[] }[],
): InheritedSockets {
  /** Bounded by what came. */
  const left = new Map(sockets.map(({ listener, descriptors }) => [formatListener(listener), descriptors]));
  return {
    take(listener) {
      const key = formatListener(listener);
      const descriptors = left.get(key) ?? [];
      left.delete(key);
      return descriptors;
    },
    takeRest() {
      const rest = [...left.values()].flat();
      left.clear();
      return rest;
    },
  };
}
