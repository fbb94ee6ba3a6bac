// What the control plane says to a worker thread and hears back: values that can be cloned, one reply a command.

import type { CompiledAccess } from '../../core/access/compile-access.ts';
import type { Counters } from '../../core/counters.ts';
import type { Listener } from '../../core/net/endpoint.ts';
import type { SharedSwarmTable } from '../../core/swarm/table.ts';
import type { PageSettings } from '../../core/tracker/http/pages.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { TrafficCounts } from '../../core/traffic.ts';
import type { HandOverRing } from '../../io/stream-engine/hand-over-ring.ts';
import type { LentDescriptors } from '../../io/stream-engine/lent-descriptors.ts';
import type { SurrenderedConnection } from '../../io/stream-engine/stream-loop-options.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import type { AnswerSetup } from './answer-setup.ts';
import type { ConnectionCaps } from './connection-caps.ts';
import type { DrainingHost, Service, TransferPolicy } from './data-plane.ts';
import type { NotifyNotice } from './notify-gate.ts';

export type Command =
  /**
   * `descriptor` is the socket of the listener, opened by the control plane: lent to a packet worker, a stream worker's own.
   * `isSecured`: TLS is spoken there, too.
   */
  | {
      readonly kind: 'open';
      readonly service: Service;
      readonly listener: Listener;
      readonly descriptor: number;
      readonly isSecured: boolean;
      /** What its requests are counted as (traffic.ts). */
      readonly row: number;
    }
  | { readonly kind: 'close'; readonly listener: Listener }
  /** Images by their buffers, all compiled with the worker's seed. */
  | {
      readonly kind: 'publish';
      readonly images: readonly SharedArrayBuffer[];
      readonly draining: readonly DrainingHost[];
      readonly transfers: TransferPolicy;
      readonly cookieSecrets: readonly Uint8Array[] | undefined;
      readonly access: CompiledAccess | undefined;
      readonly pages: PageSettings;
      /** Where the requests of each tracker host are counted. */
      readonly hostRows: ReadonlyMap<string, number>;
    }
  /** To the stream worker alone. */
  | { readonly kind: 'identify'; readonly identity: TlsIdentity }
  /** Done at once, by who still takes commands. */
  | { readonly kind: 'ping' }
  /** Notes announces from now on, or no more. */
  | { readonly kind: 'record'; readonly memory: SharedArrayBuffer | undefined }
  /** Lets go of every socket without closing a port, and gives the connections away that can be, before it is done. */
  | { readonly kind: 'surrender' }
  /** Done when the replies are over that were under way at `surrender`. */
  | { readonly kind: 'settle' }
  /** Goes on with connections that another loop gave up. */
  | { readonly kind: 'adopt'; readonly connections: readonly TrackerConnection[] }
  | { readonly kind: 'stop' };

/** A connection to the tracker between two loops, and where it was accepted. */
export interface TrackerConnection extends SurrenderedConnection {
  readonly listener: Listener;
}

export interface NumberedCommand {
  readonly id: number;
  readonly command: Command;
}

export type WorkerMessage =
  /** Commands are taken from now on. `descriptor` is what the thread has open itself (its epoll), 0 for nothing. */
  | { readonly kind: 'ready'; readonly descriptor: number }
  /** The command is carried out; `port` is the real one after `open`. */
  | { readonly kind: 'done'; readonly id: number; readonly port: number }
  /** `errno` is the system's name of what went wrong (`EADDRINUSE`). */
  | { readonly kind: 'failed'; readonly id: number; readonly errno: string; readonly message: string }
  /** What a packet worker gives away: the receiver's from now on. */
  | { readonly kind: 'surrendered'; readonly connections: readonly TrackerConnection[] }
  /** A zone has changed at its primary. */
  | ({ readonly kind: 'notify' } & NotifyNotice)
  /** There is no descriptor or no memory for another connection; told once a minute. */
  | { readonly kind: 'shortage'; readonly errno: string }
  /** A handler threw: our mistake, met once in a while at most. */
  | { readonly kind: 'fault'; readonly message: string };

/** What a worker is born with. Shared memory but for the settings, the keys and the numbers. */
export interface WorkerSetup {
  readonly table: SharedSwarmTable;
  /** The worker's number in the table's locks: no two living threads have the same, and a successor inherits it. */
  readonly owner: number;
  readonly settings: TrackerSettings;
  readonly udpPayload: number;
  readonly answers: AnswerSetup;
  readonly connectionKey: Uint8Array;
  /** What images are compiled with. */
  readonly seed: number;
  /** The worker's own cells; the control plane adds up those of all workers. */
  readonly counters: Counters;
  /** As are these. */
  readonly traffic: TrafficCounts;
  /** Second of the steady clock at `hrtimeMilliseconds` of the process. */
  readonly clockOrigin: { readonly seconds: number; readonly hrtimeMilliseconds: number };
  /** An eventfd for a packet worker, 0 for a stream worker. */
  readonly wakeDescriptor: number;
  readonly caps: ConnectionCaps;
  /** Packet workers in all: each has its share of the caps on connections. */
  readonly workerCount: number;
  /** What connections a packet worker has open; without room for a stream worker. */
  readonly lent: LentDescriptors;
  /** Where a packet worker puts connections that begin with a TLS hello; for the stream worker those of all. */
  readonly rings: readonly HandOverRing[];
}
