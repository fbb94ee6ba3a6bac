// The checksum of files and streams that may have been torn: CRC-32 as Ethernet, gzip and PNG have it (RFC 1952 §8),
// four octets a step (Intel's "slicing"): 1 ms for each MiB.

const POLYNOMIAL = 0xedb88320;
const TABLES: Uint32Array = createTables();

/** By octet; then the same with one, two and three octets of zero behind it. */
function createTables(): Uint32Array {
  const tables = new Uint32Array(4 * 256);
  for (let octet = 0; octet < 256; octet++) {
    let value = octet;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
    tables[octet] = value;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/** CRC-32 of the octets from `start` to before `end`, as an unsigned number. */
export function crc32(octets: Uint8Array, start: number, end: number): number {
  let value = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    value ^= octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
    value =
      TABLES[768 + (value & 0xff)]! ^
      TABLES[512 + ((value >>> 8) & 0xff)]! ^
      TABLES[256 + ((value >>> 16) & 0xff)]! ^
      TABLES[value >>> 24]!;
  }
  for (; at < end; at++) value = (value >>> 8) ^ TABLES[(value ^ octets[at]!) & 0xff]!;
  return ~value >>> 0;
}
