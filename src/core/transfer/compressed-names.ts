// Where the rdata of a message may hold compressed names: RFC 3597 §4 lists the types whose senders were ever allowed
// to, so that a receiver writes those names out. In all others two octets that look like a pointer are data.
// Non-null assertions: offsets are compared with the end.

import { RecordType } from '../dns/record-type.ts';

/** Types without a mnemonic here, by number (IANA). */
const MD = 3;
const MF = 4;

/** Names that follow each other in the rdata of `type`. */
export function namesIn(type: number): 0 | 1 | 2 {
  switch (type) {
    case RecordType.NS:
    case RecordType.CNAME:
    case RecordType.PTR:
    case RecordType.MX:
    case RecordType.SRV:
    case RecordType.NAPTR:
    case RecordType.DNAME:
    case MD:
    case MF:
    case RecordType.MB:
    case RecordType.MG:
    case RecordType.MR:
    case RecordType.AFSDB:
    case RecordType.RT:
    case RecordType.SIG:
    case RecordType.NXT:
      return 1;
    case RecordType.SOA:
    case RecordType.RP:
    case RecordType.MINFO:
    case RecordType.PX:
      return 2;
    default:
      return 0;
  }
}

/** Where the first of them starts, in rdata from `start` to `end`; beyond `end` when the rdata is too short. */
export function firstName(type: number, message: Uint8Array, start: number, end: number): number {
  switch (type) {
    case RecordType.MX:
    case RecordType.AFSDB:
    case RecordType.RT:
    case RecordType.PX:
      return start + 2;
    case RecordType.SRV:
      return start + 6;
    case RecordType.SIG:
      return start + 18;
    case RecordType.NAPTR: {
      // Order and preference, then three character-strings (RFC 3403 §4.1).
      let at = start + 4;
      for (let left = 3; left > 0 && at < end; left--) at += message[at]! + 1;
      return at;
    }
    default:
      return start;
  }
}
