// Record types, classes, opcodes and response codes by number (IANA, "Domain Name System Parameters").

export const RecordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  SIG: 24,
  KEY: 25,
  PX: 26,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DLV: 32769,
} as const;

/** Types that IANA has a mnemonic for and whose data is octets to us: obsolete ones, and those that few servers read. */
const UNREAD_TYPES: ReadonlyMap<string, number> = new Map([
  ['MD', 3],
  ['MF', 4],
  ['NSAP-PTR', 23],
  ['GPOS', 27],
  ['EID', 31],
  ['NIMLOC', 32],
  ['ATMA', 34],
  ['A6', 38],
  ['SINK', 40],
  ['HIP', 55],
  ['NINFO', 56],
  ['RKEY', 57],
  ['TALINK', 58],
  ['DSYNC', 66],
  ['HHIT', 67],
  ['BRID', 68],
  ['UINFO', 100],
  ['UID', 101],
  ['GID', 102],
  ['UNSPEC', 103],
  ['DOA', 259],
  ['AMTRELAY', 260],
  ['RESINFO', 261],
  ['WALLET', 262],
  ['CLA', 263],
  ['IPN', 264],
  ['TA', 32768],
]);

export const RecordClass = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;

export const Opcode = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;

export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** A DNAME makes a name over 255 octets (RFC 6672 §2.2). */
  YXDOMAIN: 6,
  NOTAUTH: 9,
  /** Extended: its upper octet travels in the OPT record (RFC 6891 §6.1.3). */
  BADVERS: 16,
  /** RFC 7873 §8. */
  BADCOOKIE: 23,
} as const;

const NAMES = new Map<number, string>(Object.entries(RecordType).map(([name, code]) => [code, name]));
const CODES = new Map<string, number>(Object.entries(RecordType));

/** The mnemonic, or `TYPE12345` (RFC 3597 §5). */
export function formatRecordType(type: number): string {
  return NAMES.get(type) ?? `TYPE${type}`;
}

/** A mnemonic in either case, or `TYPE12345`; undefined when it is neither. */
export function parseRecordType(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = CODES.get(upper);
  if (known !== undefined) return known;
  const match = /^TYPE(0|[1-9][0-9]{0,4})$/.exec(upper);
  const code = match === null ? Number.NaN : Number(match[1]);
  return code <= 65535 ? code : undefined;
}

/** The same for every mnemonic that IANA has given, also of types whose data we do not read. */
export function parseRegisteredType(text: string): number | undefined {
  return parseRecordType(text) ?? UNREAD_TYPES.get(text.toUpperCase());
}
