// A zone that this server is to answer for and cannot: a copy that has expired (RFC 1035 §3.3.13, RFC 2182 §6), or that
// has not come yet. NSD, Knot and BIND say SERVFAIL, so that the asker tries another server.

import { RecordType } from '../../dns/record-type.ts';
import { RecordTable } from '../record-table.ts';
import { compileZone } from './compile.ts';
import { Header, type ZoneImage } from './image.ts';

/** Two roots and five numbers (RFC 1035 §3.3.13). */
const EMPTY_SOA_OCTETS = 22;

/** An image that stands for the zone in a catalog: whatever is asked of it is answered with SERVFAIL. */
export function createUnavailableZone(apex: Uint8Array, seed: number): ZoneImage {
  const records = new RecordTable();
  records.add({
    owner: records.append(apex),
    type: RecordType.SOA,
    ttl: 0,
    rdataOffset: records.append(new Uint8Array(EMPTY_SOA_OCTETS)),
    rdataLength: EMPTY_SOA_OCTETS,
    file: 0,
    line: 1,
    column: 1,
  });
  const image = compileZone({ apex, records }, { seed });
  image.words[Header.unavailable] = 1;
  return image;
}
