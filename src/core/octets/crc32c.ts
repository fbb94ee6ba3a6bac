// CRC32C (Castagnoli), as SCTP has it (RFC 9260 appendix A): reflected, for the few octets of a header.

/** The polynomial 0x1EDC6F41, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

/** Unsigned. Goes on from `previous`, the sum of the octets before these. */
export function crc32c(octets: Uint8Array, previous = 0): number {
  let sum = ~previous;
  for (const octet of octets) {
    sum ^= octet;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) === 0 ? 0 : POLYNOMIAL);
  }
  return ~sum >>> 0;
}
