// Who serves the parent of a zone, and what each of them says: questions to one server, over UDP and then TCP.

import { Resolver } from 'node:dns/promises';
import {
  encodeParentQuery,
  type ParentQuery,
  type ParentReply,
  readParentReply,
} from '../../core/delegation/parent-message.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { Clock } from '../clock.ts';
import { exchangeDatagram } from './dns-exchange.ts';
import { parseServer } from './name-server.ts';
import { readTransfer, TransferError } from './transfer-client.ts';

/** resolv.conf(5)'s default, for each try. */
const TRY_MILLISECONDS = 5000;
const TRIES = 2;

export interface ParentServersOptions {
  /** As of `--resolver`; those over UDP and TCP count. None: the system's. */
  readonly nameServers: readonly string[];
  readonly clock: Pick<Clock, 'schedule'>;
  readonly signal: AbortSignal;
}

export type NameServers =
  /** Names without final dot. */
  | { readonly kind: 'servers'; readonly names: readonly string[] }
  /** The name is no zone. */
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly code: string };

export interface ParentServers {
  /** Who serves the zone of that name (no final dot; empty is the root). */
  serversOf(zone: string): Promise<NameServers>;
  /** Never rejects. */
  ask(server: SocketAddress, query: ParentQuery): Promise<ParentReply>;
}

export function createParentServers(options: ParentServersOptions): ParentServers {
  const { clock, signal } = options;
  const resolver = new Resolver({ timeout: TRY_MILLISECONDS, tries: TRIES });
  const own = options.nameServers.filter((text) => parseServer(text)?.transport === 'udp');
  if (own.length > 0) resolver.setServers(own);
  return {
    async serversOf(zone) {
      try {
        const names = await resolver.resolveNs(zone === '' ? '.' : zone);
        return { kind: 'servers', names };
      } catch (error) {
        const code = String((error as NodeJS.ErrnoException).code ?? 'unknown');
        return code === 'ENODATA' || code === 'ENOTFOUND' ? { kind: 'none' } : { kind: 'failed', code };
      }
    },
    async ask(server, query) {
      const request = encodeParentQuery(query);
      const accept = (message: Uint8Array): ParentReply | undefined => readParentReply(message, query);
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const exchange = await exchangeDatagram(server, request, {
          timeoutMilliseconds: TRY_MILLISECONDS,
          clock,
          signal,
          accept,
        });
        if (exchange.kind === 'unreachable') return { kind: 'failed', message: 'it cannot be reached' };
        if (exchange.kind === 'silence') continue;
        return exchange.reply.kind === 'truncated' ? await askOverTcp(server, request) : exchange.reply;
      }
      return { kind: 'failed', message: 'it does not answer' };

      async function askOverTcp(address: SocketAddress, message: Uint8Array): Promise<ParentReply> {
        let reply: ParentReply | undefined;
        try {
          const limits = { totalMilliseconds: 2 * TRY_MILLISECONDS };
          const take = (received: Uint8Array): boolean => {
            reply = accept(received);
            return true;
          };
          await readTransfer({ server: address, request: message, clock, signal, limits, take });
        } catch (error) {
          if (!(error instanceof TransferError)) throw error;
          return { kind: 'failed', message: `over TCP: ${error.reason}` };
        }
        return reply === undefined || reply.kind === 'truncated'
          ? { kind: 'failed', message: 'over TCP it answers something else' }
          : reply;
      }
    },
  };
}
