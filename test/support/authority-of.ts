// An authority in this process from zone text, and questions to it over either transport.

import { createCounters } from '../../src/core/counters.ts';
import { parseName } from '../../src/core/dns/name.ts';
import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import {
  type Authority,
  createAuthority,
  MAX_STREAM_REPLY_OCTETS,
} from '../../src/core/zone/answer/authority.ts';
import { checkZone } from '../../src/core/zone/check/check.ts';
import { isError } from '../../src/core/zone/diagnostic.ts';
import type { DiagnosticCode } from '../../src/core/zone/diagnostic-codes.ts';
import { createCatalog } from '../../src/core/zone/image/catalog.ts';
import { type CompileOptions, compileZone } from '../../src/core/zone/image/compile.ts';
import type { ZoneImage } from '../../src/core/zone/image/image.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { decodeReply, encodeQuery, type QuerySpec, type ReplyLines } from './dns-message.ts';

export const SEED = 0x5eed;

export interface ImageOptions extends Partial<CompileOptions> {
  /** Codes of errors that are no obstacle here. */
  readonly tolerated?: readonly DiagnosticCode[];
}

/** Throws with the zone's diagnostics where it has errors that are not tolerated. */
export function imageOf(text: string, origin: string, options: ImageOptions = {}): ZoneImage {
  const { tolerated = [], ...compiling } = options;
  const name = parseName(origin);
  if (typeof name === 'string') throw new Error(`${origin}: ${name}`);
  const zone = parseZone({ path: `${origin}zone`, octets: Buffer.from(text, 'latin1') }, { origin: name });
  const errors = [...zone.diagnostics, ...checkZone(zone)].filter(
    (finding) => isError(finding) && !tolerated.includes(finding.code),
  );
  if (errors.length > 0 || zone.apex === undefined) {
    throw new Error(
      errors.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`).join('\n'),
    );
  }
  return compileZone({ apex: zone.apex, records: zone.records }, { seed: SEED, ...compiling });
}

export function authorityOf(...images: readonly ZoneImage[]): Authority {
  return createAuthority({ catalog: createCatalog(images, SEED), counters: createCounters() });
}

/** The reply's octets, empty for silence. `over` is the transport. */
export function exchange(authority: Authority, query: Uint8Array, over: 'udp' | 'tcp' = 'udp'): Uint8Array {
  const reply = new Uint8Array(over === 'udp' ? MAX_DATAGRAM_OCTETS : MAX_STREAM_REPLY_OCTETS);
  const handler = over === 'udp' ? authority.handle : authority.handleStream;
  const length = handler(query, 0, query.length, createPacketSource(), reply, 0, 0);
  return reply.subarray(0, length);
}

export function ask(authority: Authority, query: QuerySpec, over: 'udp' | 'tcp' = 'udp'): ReplyLines {
  return decodeReply(exchange(authority, encodeQuery(query), over));
}
