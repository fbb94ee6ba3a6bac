// Queries for A records of a zone as ../zones.ts writes it, some of them for names that it has not.

import { AnswerKind, type UdpProtocol } from './protocol.ts';
import { Random } from './random.ts';

/** Digits of a name's number: `h0000042`. */
export const NAME_DIGITS = 7;
/** First letters of names that are there, and of names that are not. */
export const PRESENT = 'h';
export const ABSENT = 'x';

const HEADER_OCTETS = 12;
const LETTER = HEADER_OCTETS + 1;

export interface DnsProtocolOptions {
  /** Text without the last dot. */
  readonly apex: string;
  readonly names: number;
  readonly negativePercent: number;
  readonly seed: number;
}

export function createDnsProtocol(options: DnsProtocolOptions): UdpProtocol {
  const template = queryTemplate(options.apex);
  const random = new Random(options.seed);
  return {
    write(octets, _words, offset, tag) {
      for (let index = 0; index < template.length; index++) octets[offset + index] = template[index]!;
      octets[offset] = tag >>> 8;
      octets[offset + 1] = tag;
      if (random.below(100) < options.negativePercent) octets[offset + LETTER] = ABSENT.charCodeAt(0);
      let number = random.below(options.names);
      for (let at = offset + LETTER + NAME_DIGITS; at > offset + LETTER; at--) {
        octets[at] = 0x30 + (number % 10);
        number = (number / 10) | 0;
      }
      return template.length;
    },
    readTag: (octets, offset, length) =>
      length >= HEADER_OCTETS && octets[offset + 2]! >= 0x80
        ? (octets[offset]! << 8) | octets[offset + 1]!
        : -1,
    readKind(octets, offset) {
      const rcode = octets[offset + 3]! & 15;
      if (rcode === 0) return AnswerKind.positive;
      return rcode === 3 ? AnswerKind.negative : AnswerKind.error;
    },
  };
}

/** A query for the A record of `h0000000.APEX`, recursion not desired, without EDNS, as dnsperf sends it. */
function queryTemplate(apex: string): Uint8Array {
  const labels = [`${PRESENT}${'0'.repeat(NAME_DIGITS)}`, ...apex.split('.')];
  const name = labels.flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  return Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1);
}
