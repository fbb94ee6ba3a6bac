// Rewriting for strangers: the look-ups that one request may cause are bounded, and end with it.

import type { RewriteOptions } from '../../core/rewrite/decide.ts';
import { toAsciiHost } from '../../io/resolver/idna.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { ProblemError } from '../http/problem.ts';
import { lookUpHosts } from '../rewrite/lookup-hosts.ts';
import {
  type Content,
  type ContentError,
  type RewrittenContent,
  rewriteContent,
} from '../rewrite/rewrite-content.ts';
import { MAX_HOSTS } from './limits.ts';
import type { RewriteQuery } from './schemas.ts';

export interface StrangerOptions extends Pick<RewriteOptions, 'takeMemory'> {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly signal: AbortSignal;
}

/** Throws ProblemError for what cannot be rewritten, and the reason of an aborted `signal`. */
export async function rewriteForStranger(
  content: Content,
  query: RewriteQuery,
  { resolver, signal, takeMemory }: StrangerOptions,
): Promise<RewrittenContent> {
  const lookUp = (hosts: readonly string[]) => {
    if (hosts.length > MAX_HOSTS) {
      throw new ProblemError('too-many-hosts', {
        detail: `At most ${MAX_HOSTS} hosts are looked up for one request, and these are ${hosts.length}.`,
      });
    }
    return lookUpHosts(resolver, hosts, { signal });
  };
  const result = await rewriteContent(content, lookUp, { ...rewriteOptionsOf(query), takeMemory });
  if (result.kind === 'error') throw problemOfContent(content, result);
  return result;
}

export function rewriteOptionsOf(query: RewriteQuery): RewriteOptions {
  return {
    mode: query.mode,
    spread: query.spread,
    keepDenied: query.keep_denied,
    allowDowngrade: query.allow_downgrade,
    toAscii: toAsciiHost,
  };
}

function problemOfContent({ kind }: Content, { code, offset, message }: ContentError): ProblemError {
  if (kind !== 'torrent') return new ProblemError('bad-magnet');
  const detail = offset === undefined ? message : `At offset ${offset}: ${message}.`;
  return new ProblemError('bad-torrent', { detail, offset, reason: code });
}
