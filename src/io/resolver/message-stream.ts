// DNS messages on a stream: two octets of length before each (RFC 1035 §4.2.2).

/** In one write, so that the length does not travel alone (RFC 7766 §8). */
export function framed(message: Uint8Array): Buffer {
  const octets = Buffer.alloc(2 + message.length);
  octets.writeUInt16BE(message.length);
  octets.set(message, 2);
  return octets;
}

/**
 * Takes what comes from a stream, in whatever pieces, and gives each whole message to `onMessage`, until that says
 * false. Holds at most one message that is not whole, of 65,535 octets, and one piece.
 */
export function createMessageReader(onMessage: (message: Uint8Array) => boolean): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let isOver = false;
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (!isOver && pending.length >= 2) {
      const end = 2 + pending.readUInt16BE(0);
      if (pending.length < end) return;
      isOver = !onMessage(pending.subarray(2, end));
      pending = pending.subarray(end);
    }
  };
}
