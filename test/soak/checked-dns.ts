// Queries whose answers are compared, octet by octet, with those of the authority on this thread.

import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import type { Authority } from '../../src/core/zone/answer/authority.ts';
import { AnswerKind, type UdpProtocol } from '../bench/load/protocol.ts';
import { authorityOfVersion, queries, type ZonePorts } from './zone-versions.ts';

/** Cells of the memory that the one who edits the zone shares with those who ask. */
export const Control = { oldest: 0, newest: 1, isOver: 2, cells: 3 } as const;

/** Spreads tags over the queries: a query is known by the tag that its answer brings back. */
const SPREAD = 40_503;
/** Wrong answers that are kept to be shown. */
const MAX_SHOWN = 5;

export interface CheckedDns extends UdpProtocol {
  /** One line each, the first few. */
  readonly wrong: string[];
}

export function createCheckedDns(control: Int32Array, ports: ZonePorts): CheckedDns {
  const asked = queries();
  const wrong: string[] = [];
  const source = createPacketSource();
  const expected = new Uint8Array(MAX_DATAGRAM_OCTETS);
  /** By version; as many as may be answered from at once. */
  const authorities = new Map<number, Authority>();

  function authorityFor(version: number): Authority {
    const known = authorities.get(version);
    if (known !== undefined) return known;
    for (const old of authorities.keys()) if (old < control[Control.oldest]!) authorities.delete(old);
    const authority = authorityOfVersion(version, ports);
    authorities.set(version, authority);
    return authority;
  }

  function queryOf(tag: number): Uint8Array {
    const query = asked[(Math.imul(tag, SPREAD) >>> 0) % asked.length]!;
    query[0] = tag >>> 8;
    query[1] = tag & 255;
    return query;
  }

  function isFrom(version: number, query: Uint8Array, reply: Uint8Array): boolean {
    const length = authorityFor(version).handle(query, 0, query.length, source, expected, 0, 0);
    if (length !== reply.length) return false;
    for (let index = 0; index < length; index++) if (reply[index] !== expected[index]) return false;
    return true;
  }

  return {
    wrong,
    write(octets, _words, offset, tag) {
      const query = queryOf(tag);
      octets.set(query, offset);
      return query.length;
    },
    readTag: (octets, offset, length) =>
      length >= 12 && octets[offset + 2]! >= 0x80 ? (octets[offset]! << 8) | octets[offset + 1]! : -1,
    readKind(octets, offset, length) {
      const reply = octets.subarray(offset, offset + length);
      const query = queryOf((octets[offset]! << 8) | octets[offset + 1]!);
      const oldest = Atomics.load(control, Control.oldest);
      const newest = Atomics.load(control, Control.newest);
      for (let version = newest; version >= oldest; version--) {
        if (isFrom(version, query, reply)) return AnswerKind.positive;
      }
      const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex');
      if (wrong.length < MAX_SHOWN)
        wrong.push(`versions ${oldest} to ${newest}: ${hex(query)} was answered ${hex(reply)}`);
      return AnswerKind.error;
    },
  };
}
