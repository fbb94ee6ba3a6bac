// What answers packets, as the control plane sees it: sockets are opened and closed, a catalog is swapped. Everything
// that goes in or comes out could cross to another thread: values and promises, no callbacks.

import type { CompiledAccess } from '../../core/access/compile-access.ts';
import type { Counters } from '../../core/counters.ts';
import type { Listener, Transport } from '../../core/net/endpoint.ts';
import type { SwarmLimits } from '../../core/swarm/limits.ts';
import type { SwarmTotals } from '../../core/swarm/table.ts';
import type { NO_PAGE_SETTINGS, PageSettings } from '../../core/tracker/http/pages.ts';
import type { TrackerSettings } from '../../core/tracker/settings.ts';
import type { TransferRule } from '../../core/transfer/access.ts';
import type { ZoneJournal } from '../../core/transfer/changes.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import type { ZoneImage } from '../../core/zone/image/image.ts';
import type { Clock } from '../../io/clock.ts';
import type { Logger } from '../../io/log.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import type { AnswerSetup } from './answer-setup.ts';
import type { ConnectionCaps } from './connection-caps.ts';
import type { NotifyNotice, NotifyPolicy } from './notify-gate.ts';
import type { InheritedSockets, PlaneTakeover } from './plane-takeover.ts';
import type { ReceiveBuffer } from './receive-buffer.ts';
import type { Swarm } from './shared-state.ts';
import type { TrafficSum } from './traffic-book.ts';

/** What a socket answers: DNS, DNS over TLS, or the tracker (BEP 15 over UDP, HTTP over TCP). */
export type Service = 'dns' | 'dns-tls' | 'tracker';

/** A host that was declared at a port and that caches may still name there. */
export interface DrainingHost {
  readonly host: string;
  readonly transport: Transport;
  readonly port: number;
}

export interface Publication {
  /** All compiled with the data plane's seed. */
  readonly images: readonly ZoneImage[];
  readonly draining: readonly DrainingHost[];
  /** {@link NO_TRANSFERS} when left out. */
  readonly transfers?: TransferPolicy;
  /** Of DNS cookies; those that were stay where it is left out. */
  readonly cookieSecrets?: readonly Uint8Array[] | undefined;
  /** Tracker hosts and wildcards whose HTTP requests are counted: as many as there are rows for. */
  readonly hosts?: readonly string[];
  /** Whom the tracker refuses; nobody where it is left out. */
  readonly access?: CompiledAccess | undefined;
  /** Of tracker hosts; {@link NO_PAGE_SETTINGS} where they are left out. */
  readonly pages?: PageSettings;
}

/** Who may take zones, and what changes are known of them. */
export interface TransferPolicy {
  readonly rules: readonly TransferRule[];
  /** Every key that is known here, whatever for. */
  readonly keys: readonly TsigKey[];
  /** One a zone at most. */
  readonly journals: readonly ZoneJournal[];
  /** Undefined: no zone is copied from elsewhere. */
  readonly notify?: NotifyPolicy | undefined;
}

/** Nobody may. */
export const NO_TRANSFERS: TransferPolicy = { rules: [], keys: [], journals: [] };

/** What any data plane is made with. */
export interface DataPlaneSetup {
  readonly udpPayload: number;
  /** Answers with nothing beside them where it is left out. */
  readonly answers?: AnswerSetup;
  readonly settings: TrackerSettings;
  /** Of the swarm table; the rest as it comes. */
  readonly limits?: Partial<SwarmLimits> | undefined;
  /** What a former process knew; made with `settings` and `limits`. */
  readonly swarm?: Swarm | undefined;
  /** Sockets of a former process. With them nothing is answered before `takeover.begin`; only where there is `takeover`. */
  readonly inherited?: InheritedSockets | undefined;
  /** As many as clients need where it is left out. */
  readonly caps?: ConnectionCaps | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A zone has changed at its primary. */
  onNotify?(notice: NotifyNotice): void;
  /** Octets that strangers cannot know. */
  randomOctets(length: number): Uint8Array;
  /** Tracker sockets, and tracker hosts, that are counted apart; see createTrafficBook. */
  readonly maxTrafficRows?: number | undefined;
}

/** What is known of a socket that is open. */
export interface OpenSocket {
  readonly listener: Listener;
  readonly service: Service;
  /** Of UDP: room for what comes at once. */
  readonly receiveBuffer: ReceiveBuffer | undefined;
  /** Of the tracker. */
  readonly traffic: TrafficSum | undefined;
}

export interface DataPlane {
  /** What images are compiled with. */
  readonly seed: number;
  /**
   * Resolves with the real port once the socket answers. The port is taken exclusively.
   * Rejects with {@link BindError}, and nothing is open then.
   */
  open(listener: Listener, service: Service): Promise<Listener>;
  /**
   * The certificate of every TLS listener, for handshakes from now on; before the first of them is opened.
   * Rejects where it is refused, and the one before stays.
   */
  identify(identity: TlsIdentity): Promise<void>;
  /** Resolves when the port is free; harmless when it is not open. */
  close(listener: Listener): Promise<void>;
  /** Resolves once every loop answers from the publication and none from the one before. */
  publish(publication: Publication): Promise<void>;
  /** Cells for what the control plane itself counts. */
  readonly counters: Counters;
  /** Resolves once every loop has taken a turn; rejects where one of them has just ended. */
  ping(): Promise<void>;
  /** Of all loops and the control plane together, at this moment. */
  readCounters(): Counters;
  swarmTotals(): SwarmTotals;
  /** In the order in which they were opened. */
  sockets(): readonly OpenSocket[];
  /** What HTTP requests named, of {@link Publication.hosts}. */
  hostTraffic(): ReadonlyMap<string, TrafficSum>;
  /** For who goes on from it: whole once this data plane has stopped, and until then as it is at the moment. */
  readonly swarm: Swarm;
  /** The second of the clock that the times in the table are of. */
  swarmSeconds(): number;
  /** Undefined where sockets cannot go to another process. */
  readonly takeover?: PlaneTakeover | undefined;
  /** Closes every socket; safe twice, and waits. */
  stop(): Promise<void>;
}
