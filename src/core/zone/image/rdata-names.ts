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

/** Undefined for every type whose rdata is copied as it is. */
export function rdataNamesOf(type: number): RdataNames | undefined {
  switch (type) {
    case RecordType.NS:
      return { prefixOctets: 0, names: 1, compressible: true, additional: true };
    case RecordType.CNAME:
    case RecordType.PTR:
      return { prefixOctets: 0, names: 1, compressible: true, additional: false };
    case RecordType.SOA:
      return { prefixOctets: 0, names: 2, compressible: true, additional: false };
    case RecordType.MX:
      return { prefixOctets: 2, names: 1, compressible: true, additional: true };
    case RecordType.SRV:
      return { prefixOctets: 6, names: 1, compressible: false, additional: true };
    case RecordType.DNAME:
      return { prefixOctets: 0, names: 1, compressible: false, additional: false };
    default:
      return undefined;
  }
}
