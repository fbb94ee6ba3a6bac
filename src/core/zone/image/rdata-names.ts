// Where rdata holds domain names, and what an answer does with them: compress (RFC 3597 §4), look up (RFC 1034 §3.7).

import { RecordType } from '../../dns/record-type.ts';

export interface RdataNames {
  /** Octets of rdata before the first name. */
  readonly prefixOctets: number;
  /** Names that follow each other from there. */
  readonly names: 1 | 2;
  /** The type is of RFC 1035, so that its names may be compressed in a message. */
  readonly compressible: boolean;
  /** The name's addresses belong in the additional section. */
  readonly additional: boolean;
}

/**
 * Undefined for every type whose rdata is copied as it is. Letters of these names make no difference (RFC 4034 §6.2);
 * of those in newer types, such as LP and SVCB, they do (RFC 6840 §5.1).
 */
export function rdataNamesOf(type: number): RdataNames | undefined {
  switch (type) {
    case RecordType.NS:
    case RecordType.MB:
      return { prefixOctets: 0, names: 1, compressible: true, additional: true };
    case RecordType.CNAME:
    case RecordType.PTR:
    case RecordType.MG:
    case RecordType.MR:
      return { prefixOctets: 0, names: 1, compressible: true, additional: false };
    case RecordType.SOA:
    case RecordType.MINFO:
      return { prefixOctets: 0, names: 2, compressible: true, additional: false };
    case RecordType.MX:
      return { prefixOctets: 2, names: 1, compressible: true, additional: true };
    // RFC 1183 §1 and §3.3, RFC 2230 §3: their addresses go along.
    case RecordType.AFSDB:
    case RecordType.RT:
    case RecordType.KX:
      return { prefixOctets: 2, names: 1, compressible: false, additional: true };
    case RecordType.RP:
      return { prefixOctets: 0, names: 2, compressible: false, additional: false };
    case RecordType.PX:
      return { prefixOctets: 2, names: 2, compressible: false, additional: false };
    case RecordType.SRV:
      return { prefixOctets: 6, names: 1, compressible: false, additional: true };
    case RecordType.DNAME:
      return { prefixOctets: 0, names: 1, compressible: false, additional: false };
    default:
      return undefined;
  }
}
