// The body of a tracker's reply over HTTP, no larger than any reply is, and unpacked: some trackers pack whatever they are
// asked.

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { inflateRaw, unzip } from 'node:zlib';
import { createGatherer } from '../../core/octets/gather.ts';
import { MAX_REPLY_OCTETS } from '../../core/tracker/client/http-messages.ts';

export type HttpBody =
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** Packed or unpacked it has more octets than any reply; the rest of it is not read. */
  | { readonly kind: 'too-large' }
  /** It is not packed as its `Content-Encoding` says. */
  | { readonly kind: 'packed-wrongly' };

/** Rejects when the connection ends before the body does. */
export async function readHttpBody(response: IncomingMessage): Promise<HttpBody> {
  const octets = await gather(response);
  if (octets === undefined) return { kind: 'too-large' };
  const unpackers = UNPACKERS.get((response.headers['content-encoding'] ?? 'identity').toLowerCase());
  return unpackers === undefined ? { kind: 'octets', octets } : await unpack(octets, unpackers);
}

/**
 * Undefined when there are more than {@link MAX_REPLY_OCTETS}. By listeners: an iterator lets pieces of an octet pile up
 * in the stream meanwhile.
 */
function gather(response: IncomingMessage): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const body = createGatherer(MAX_REPLY_OCTETS);
    response.on('data', (chunk: Uint8Array) => {
      if (body.add(chunk)) return;
      response.pause();
      resolve(undefined);
    });
    response.on('end', () => resolve(body.octets()));
    response.on('error', reject);
  });
}

type Unpacker = (octets: Uint8Array, limits: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

/** Takes either of gzip and zlib (RFC 1950), whichever of them it is called. */
const unpackZip: Unpacker = promisify(unzip);
/** RFC 9110 §8.4.1.2: "some non-conformant implementations send the deflate data without the zlib wrapper". */
const unpackRaw: Unpacker = promisify(inflateRaw);

const UNPACKERS: ReadonlyMap<string, readonly Unpacker[]> = new Map([
  ['gzip', [unpackZip]],
  ['x-gzip', [unpackZip]],
  ['deflate', [unpackZip, unpackRaw]],
]);

/** By the first that can. */
async function unpack(octets: Uint8Array, unpackers: readonly Unpacker[]): Promise<HttpBody> {
  for (const each of unpackers) {
    try {
      const unpacked = await each(octets, { maxOutputLength: MAX_REPLY_OCTETS });
      return { kind: 'octets', octets: new Uint8Array(unpacked) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too-large' };
    }
  }
  return { kind: 'packed-wrongly' };
}
