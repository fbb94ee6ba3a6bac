// A client asks where to announce, before it announces.

import { type Resolver, rewriteUrlWithResolver } from 'portolan';

/** The URLs to try, in order; none where the tracker says that there is none. One resolver serves the whole program. */
export async function urlsToAnnounceTo(
  url: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const decision = await rewriteUrlWithResolver(url, resolver, { signal });
  if (decision.reason === 'failed') console.warn('not looked up:', decision.outcome);
  return decision.urls;
}
