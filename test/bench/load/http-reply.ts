// As much of a response as a load generator must know: where it ends, whether it is right, whether it is the last.

export interface HttpReplyStatus {
  /** 200, and no `failure reason` within. */
  readonly isGood: boolean;
  /** The server says that it closes the connection. */
  readonly closes: boolean;
}

/** Undefined until the response is complete; one without a length is when the connection has ended. */
export function readHttpReply(
  octets: Uint8Array,
  length: number,
  hasEnded: boolean,
): HttpReplyStatus | undefined {
  const text = Buffer.from(octets.buffer, octets.byteOffset, length).toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd).toLowerCase();
  const bodyStart = headEnd + 4;
  if (!isComplete(text, { head, bodyStart, hasEnded })) return undefined;
  return {
    isGood: text.startsWith('200', 9) && !text.includes('failure reason', bodyStart),
    closes: head.includes('\r\nconnection: close') || text.startsWith('HTTP/1.0'),
  };
}

function isComplete(
  text: string,
  { head, bodyStart, hasEnded }: { head: string; bodyStart: number; hasEnded: boolean },
): boolean {
  const at = head.indexOf('\r\ncontent-length:');
  if (at >= 0) return text.length >= bodyStart + Number.parseInt(head.slice(at + 17), 10);
  if (head.includes('\r\ntransfer-encoding: chunked')) return text.endsWith('0\r\n\r\n');
  return hasEnded;
}
