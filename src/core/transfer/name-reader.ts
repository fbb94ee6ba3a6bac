// Reads one domain name out of a message that nobody vouches for: pointers followed, every step bounded (RFC 1035
// §4.1.4). One object a reader of messages, overwritten by each name.
// Non-null assertions: every offset is compared with the end first, and this runs once a record.

import { MAX_NAME_OCTETS, MAX_POINTERS } from '../dns/name.ts';
import { HEADER_OCTETS } from '../dns/query.ts';

export class NameReader {
  /** The name that was read last: wire form without pointers, letters as they came. */
  readonly octets = new Uint8Array(MAX_NAME_OCTETS);
  length = 0;

  /**
   * Returns the position after the name at `start` of `message`, or -1: cut short by `end`, over 255 octets, a label
   * type other than 00 and 11, or a pointer that does not lead back.
   */
  read(message: Uint8Array, start: number, end: number): number {
    let after = -1;
    let pointers = 0;
    let length = 0;
    for (let at = start; at < end; ) {
      const size = message[at]!;
      if (size >= 0xc0) {
        if (at + 2 > end || ++pointers > MAX_POINTERS) return -1;
        const target = ((size & 0x3f) << 8) | message[at + 1]!;
        if (target >= at || target < HEADER_OCTETS) return -1;
        if (after < 0) after = at + 2;
        at = target;
        continue;
      }
      if (size > 63 || at + size >= end || length + size + 1 > MAX_NAME_OCTETS) return -1;
      this.octets[length++] = size;
      at++;
      if (size === 0) {
        this.length = length;
        return after < 0 ? at : after;
      }
      for (const stop = at + size; at < stop; at++) this.octets[length++] = message[at]!;
    }
    return -1;
  }
}
