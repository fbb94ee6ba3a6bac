// One zone of another server: what is known of its copy, and the round in which its primary is asked.

import { isSameNameAt, nameLength, parseName } from '../../core/dns/name.ts';
import { RecordType } from '../../core/dns/record-type.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import { readUint32 } from '../../core/octets/big-endian.ts';
import type { CatalogMember } from '../../core/transfer/catalog-zone.ts';
import { createRefreshState, type RefreshState, type ZoneTimes } from '../../core/transfer/refresh.ts';
import { SOA_NUMBERS_OCTETS } from '../../core/transfer/serial.ts';
import type { RecordTable } from '../../core/zone/record-table.ts';
import type { Cancel } from '../../io/clock.ts';
import type { SecondaryConfig } from '../config/transfer-config.ts';

/** A catalog zone, and its entry for this zone. */
export interface Membership {
  readonly catalog: SecondaryZone;
  readonly entry: CatalogMember;
}

export interface SecondaryZone {
  config: SecondaryConfig;
  /** What lists it; undefined for a zone of the configuration. */
  membership: Membership | undefined;
  /** Wire form. */
  readonly apex: Uint8Array;
  /** Its number among the zones that may be notified of. */
  readonly slot: number;
  state: RefreshState;
  /** One sentence, since the last round that went well. */
  lastError: string | undefined;
  /** As it was published last. */
  wasServable: boolean;
  /** A round is under way. */
  isBusy: boolean;
  isGone: boolean;
  cancelTimer: Cancel;
}

export interface NewSecondaryZone {
  readonly config: SecondaryConfig;
  readonly membership: Membership | undefined;
  readonly slot: number;
  /** From the last run. */
  readonly state: RefreshState | undefined;
  readonly nowSeconds: number;
}

export function createSecondaryZone({
  config,
  membership,
  slot,
  state,
  nowSeconds,
}: NewSecondaryZone): SecondaryZone {
  return {
    config,
    membership,
    apex: apexOf(config.zone),
    slot,
    state: state ?? createRefreshState(nowSeconds),
    lastError: undefined,
    wasServable: false,
    isBusy: false,
    isGone: false,
    cancelTimer: () => {},
  };
}

/** The name is one that the configuration or a catalog has parsed. */
function apexOf(zone: string): Uint8Array {
  const apex = parseName(zone);
  if (typeof apex === 'string') throw new TypeError(`${zone} is no name: ${apex}`);
  return apex;
}

export function primaryOf({ config }: SecondaryZone, index: number): SocketAddress {
  return config.primaries[index] ?? config.primaries[0]!;
}

/** Undefined where the records have no SOA at the apex. */
export function timesOf(records: RecordTable, apex: Uint8Array): ZoneTimes | undefined {
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.SOA) continue;
    const owner = records.owners[row]!;
    if (nameLength(records.octets, owner) !== apex.length || !isSameNameAt(records.octets, owner, apex, 0))
      continue;
    const rdata = records.rdata(row);
    const at = rdata.length - SOA_NUMBERS_OCTETS;
    return {
      serial: readUint32(rdata, at),
      refresh: readUint32(rdata, at + 4),
      retry: readUint32(rdata, at + 8),
      expire: readUint32(rdata, at + 12),
    };
  }
  return undefined;
}
