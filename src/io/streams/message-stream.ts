// DNS messages on a stream: two octets of length before each (RFC 1035 §4.2.2).

import { readUint16, writeUint16 } from '../../core/octets/big-endian.ts';

/** RFC 1035 §4.2.2. */
const LENGTH_OCTETS = 2;
/** What {@link LENGTH_OCTETS} can count. */
const MAX_MESSAGE_OCTETS = 65_535;

/** In one write, so that the length does not travel alone (RFC 7766 §8). At most 65,535 octets. */
export function framed(message: Uint8Array): Uint8Array {
  const octets = new Uint8Array(LENGTH_OCTETS + message.length);
  writeUint16(octets, 0, message.length);
  octets.set(message, LENGTH_OCTETS);
  return octets;
}

/**
 * Takes what comes from a stream, in whatever pieces, and gives each whole message to `onMessage`, whose octets are valid
 * during the call, until that says false; so does each call from then on. One message is held at a time, and each octet is
 * copied once, however they dribble.
 */
export function createMessageReader(
  onMessage: (message: Uint8Array) => boolean,
): (chunk: Uint8Array) => boolean {
  const held = new Uint8Array(LENGTH_OCTETS + MAX_MESSAGE_OCTETS);
  let filled = 0;
  let isOver = false;
  return (chunk) => {
    for (let at = 0; !isOver && at < chunk.length; ) {
      const end = filled < LENGTH_OCTETS ? LENGTH_OCTETS : LENGTH_OCTETS + readUint16(held, 0);
      const part = chunk.subarray(at, at + end - filled);
      held.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < LENGTH_OCTETS || filled < LENGTH_OCTETS + readUint16(held, 0)) continue;
      const message = held.subarray(LENGTH_OCTETS, filled);
      filled = 0;
      isOver = !onMessage(message);
    }
    return !isOver;
  };
}
