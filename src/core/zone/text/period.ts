// TTLs and other periods of time in text: seconds, or numbers with units as BIND writes them (1h30m).

/** RFC 2181 §8. */
export const MAX_TTL_SECONDS = 2 ** 31 - 1;

/** What {@link parsePeriod} returns for text that is no period. */
export const NOT_A_PERIOD = -1;

/** What {@link parsePeriod} returns for a period of more than 2^32 − 1 seconds. */
export const PERIOD_TOO_LONG = -2;

/** RFC 1035 §3.2.1: a TTL, and each period of an SOA record, has 32 bits. */
const MAX_UINT32 = 2 ** 32 - 1;

/** Seconds a unit, by the lower-case octet; 0 for octets that are none. */
const UNIT_SECONDS = Uint32Array.from({ length: 256 }, (_, octet) => {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return units[String.fromCharCode(octet | 0x20)] ?? 0;
});

/** Seconds of the octets from `start` to `end`: `3600`, `1h`, `1w2d3h4m5s`; a negative constant when they are none. */
export function parsePeriod(octets: Uint8Array, start: number, end: number): number {
  let total = 0;
  let value = 0;
  let digits = 0;
  let hasUnit = false;
  for (let index = start; index < end; index++) {
    const octet = octets[index]!;
    if (octet >= 0x30 && octet <= 0x39) {
      value = value * 10 + (octet - 0x30);
      digits++;
      if (value > MAX_UINT32) return isPeriod(octets, index, end) ? PERIOD_TOO_LONG : NOT_A_PERIOD;
    } else {
      const unit = UNIT_SECONDS[octet]!;
      if (unit === 0 || digits === 0) return NOT_A_PERIOD;
      total += value * unit;
      hasUnit = true;
      value = 0;
      digits = 0;
    }
  }
  // A bare number after units (1h30) is no period to BIND, and two things to two readers.
  if (digits > 0 && hasUnit) return NOT_A_PERIOD;
  if (end === start) return NOT_A_PERIOD;
  total += value;
  return total > MAX_UINT32 ? PERIOD_TOO_LONG : total;
}

/** Whether the rest is digits and units, so that "too long" is the right complaint. */
function isPeriod(octets: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const octet = octets[index]!;
    if ((octet < 0x30 || octet > 0x39) && UNIT_SECONDS[octet] === 0) return false;
  }
  return true;
}
