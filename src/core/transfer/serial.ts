// Serial numbers of zones: 32 bits that wrap around (RFC 1982).

/** At the end of a SOA's rdata: serial, refresh, retry, expire, minimum (RFC 1035 §3.3.13). */
export const SOA_NUMBERS_OCTETS = 20;

const HALF = 2 ** 31;

/**
 * Negative: `left` is older; 0: the same; positive: `left` is newer. Undefined for two that are exactly half of the
 * numbers apart: there is no order between them (RFC 1982 §3.2).
 */
export function compareSerials(left: number, right: number): number | undefined {
  const distance = (left - right) >>> 0;
  if (distance === HALF) return undefined;
  return distance > HALF ? distance - 2 ** 32 : distance;
}

/** Whether a server that has `than` should fetch `serial`. */
export function isNewerSerial(serial: number, than: number): boolean {
  return (compareSerials(serial, than) ?? 0) > 0;
}

/** RFC 1982 §3.1; never 0, which some servers take for "none". */
export function nextSerial(serial: number): number {
  return (serial + 1) >>> 0 || 1;
}
