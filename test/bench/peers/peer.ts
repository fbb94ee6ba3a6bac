// The shape that every measured server has, Portolan among them.

import type { Processors } from '../processors.ts';
import type { Address } from '../server-process.ts';

/** What every server is started with. */
export interface Place {
  /** An empty folder of its own, readable by all users. */
  readonly folder: string;
  readonly port: number;
  /** Another free port, for whatever else it must open. */
  readonly sparePort: number;
  readonly processors: Processors;
}

/** A DNS server's work: one zone. */
export interface ZoneScenario {
  /** Text without the last dot. */
  readonly apex: string;
  readonly zoneFile: string;
  /** Names that the zone has, as ../zones.ts numbers them. */
  readonly names: number;
}

/** A tracker's work: some torrents. */
export interface TrackerScenario {
  readonly family: 4 | 6;
  readonly torrents: number;
}

export interface RunningPeer extends Address {
  /** Its first process; what that starts counts too. */
  readonly pid: number;
  /** What it said at last, when it has ended though nobody stopped it. */
  failure(): string | undefined;
  stop(): Promise<void>;
}

export interface Peer<Scenario> {
  /** As the table names it. */
  readonly name: string;
  /** The command that installs it. */
  readonly installHint: string;
  isInstalled(): boolean;
  /** Resolves when it answers; throws when it does not in time. */
  start(scenario: Scenario, place: Place): Promise<RunningPeer>;
}
