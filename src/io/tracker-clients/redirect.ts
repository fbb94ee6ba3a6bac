// Where a redirect leads. Trackers behind ordinary web servers redirect by a path alone, too.

import { parseTrackerUrl } from '../../core/rewrite/tracker-url.ts';
import type { HttpTarget } from './http-tracker-client.ts';

/**
 * The URL that `location` means in an answer of `target` (RFC 9110 §10.2.2, RFC 3986 §5); as written where it is whole.
 * Undefined where there is none, or none of HTTP.
 */
export function resolveRedirect(location: string | undefined, target: HttpTarget): string | undefined {
  if (location === undefined || !/^[\x21-\x7e]+$/.test(location)) return undefined;
  if (isHttpUrl(location)) return location;
  const { isSecure, hostname, port, path } = target;
  const resolved = URL.parse(location, `${isSecure ? 'https' : 'http'}://${hostname}:${port}${path}`)?.href;
  return resolved !== undefined && isHttpUrl(resolved) ? resolved : undefined;
}

function isHttpUrl(text: string): boolean {
  const url = parseTrackerUrl(text);
  return url.kind === 'url' && (url.scheme === 'http' || url.scheme === 'https');
}
