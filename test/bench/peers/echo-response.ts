// What the floors over HTTP answer, and the least that they must read of a request.

/** A bencoded reply of 50 peers is about as long. */
const BODY_OCTETS = 400;

export const BODY = `d${'x'.repeat(BODY_OCTETS - 2)}e`;

export function echoResponse(): Uint8Array {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}`;
  return new TextEncoder().encode(`${head}\r\n\r\n${BODY}`);
}

/** Requests of the load generators end in `Connection: close` or `Connection: keep-alive`, and an empty line. */
export function isLastRequest(octets: Uint8Array, length: number): boolean {
  return octets[length - 6] === 's'.charCodeAt(0);
}
