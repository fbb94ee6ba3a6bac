// Addresses asked of name servers by the rules by which preferences are: the same servers, deadlines, failover and memory.

import { createAnswerCache } from '../../core/dns/answer-cache.ts';
import { isAskedOfDns } from '../../core/rewrite/lookup-host.ts';
import { type AddressAnswer, type AddressLookup, answerOfAddresses, withLiterals } from './address-lookup.ts';
import { createCachedLookups, type LookupOptions } from './cached-lookups.ts';
import { toAsciiHost } from './idna.ts';
import type { RecordsAnswer } from './query-records.ts';

/** Names and families remembered at most: a person's trackers several times over, some 200 octets each. */
const MAX_CACHED_NAMES = 8192;

type FoundAddresses =
  | (Exclude<AddressAnswer, { kind: 'failed' }> & { readonly ttlSeconds: number })
  | Extract<AddressAnswer, { kind: 'failed' }>;

/** Opens nothing until the first look-up. Throws a TypeError for a server that is not an address. */
export function createAddressResolver(options: LookupOptions): AddressLookup {
  const lookups = createCachedLookups<FoundAddresses>(options, {
    cache: createAnswerCache<FoundAddresses>(MAX_CACHED_NAMES),
    questionOf(key) {
      const [type, name] = key.split(' ') as ['A' | 'AAAA', string];
      return { type, name };
    },
    answerOf,
  });
  let closed = false;
  return withLiterals({
    async lookup(host, family) {
      const name = toName(host);
      if (name === undefined) return { kind: 'none' };
      if (name === 'localhost' || name.endsWith('.localhost'))
        return { kind: 'addresses', addresses: [LOOPBACK[family]] };
      if (!isAskedOfDns(name)) return { kind: 'none' };
      if (closed) return { kind: 'failed', reason: 'the resolver is closed' };
      return await lookups.find(`${family === 4 ? 'A' : 'AAAA'} ${name}`);
    },
    close() {
      closed = true;
      lookups.close();
    },
  });
}

/** RFC 6761 §6.3: no name server is asked for it. */
const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;

function answerOf(found: RecordsAnswer): FoundAddresses {
  switch (found.kind) {
    case 'failed':
      return { kind: 'failed', reason: found.reason };
    case 'no-name':
    case 'no-record':
      return { kind: 'none', ttlSeconds: found.ttlSeconds };
    case 'records':
      return { ...answerOfAddresses(found.records), ttlSeconds: found.ttlSeconds };
  }
}

/** Lower case and ASCII, without the final dot; undefined for what no server could be asked for (RFC 1035 §2.3.4). */
function toName(host: string): string | undefined {
  const ascii = /^[\x21-\x7e]+$/.test(host) ? host : toAsciiHost(host);
  const name = ascii?.toLowerCase().replace(/\.$/, '');
  return name !== undefined && name.length <= 253 && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name)
    ? name
    : undefined;
}
