// Asks a running server's admin address, from this machine or another one.

import { get, type IncomingMessage } from 'node:http';
import { formatSocketAddress, type SocketAddress } from '../core/net/endpoint.ts';
import { createGatherer } from '../core/octets/gather.ts';

/** A server that is slower hangs, which is what whoever asks wants to know. */
const TIMEOUT_MILLISECONDS = 10_000;
/** Ten thousand zones with their hosts have some ten megabytes. */
const MAX_STATUS_OCTETS = 256 * 1024 * 1024;

/** No server answers there, or it is none of ours. */
export class AdminClientError extends Error {
  override readonly name = 'AdminClientError';
  readonly code = 'admin-failed';
}

/** What `/status.json` says, as JSON has it. Rejects with {@link AdminClientError}, after ten seconds at the latest. */
export async function readStatus(address: SocketAddress): Promise<unknown> {
  const url = `http://${formatSocketAddress(address)}/status.json`;
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false, signal }, resolve).on('error', reject);
    });
    const body = await readBody(response);
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    return JSON.parse(body);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'no JSON' : reasonOf(cause as Error);
    throw new AdminClientError(`no status from ${url}: ${reason}`, { cause });
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const body = createGatherer(MAX_STATUS_OCTETS);
  for await (const chunk of response as AsyncIterable<Buffer>)
    if (!body.add(chunk)) throw new Error('too long');
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(body.octets());
}

function reasonOf({ name, message, code }: Error & { readonly code?: string }): string {
  if (name === 'AbortError' || name === 'TimeoutError') return 'timeout';
  return code ?? message;
}
