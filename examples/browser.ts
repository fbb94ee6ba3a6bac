// A page has no DNS of its own: it brings what it knows of hosts, here as the records themselves.

import { type Outcome, parsePreference, rewriteMagnet } from 'portolan/pure';

/** `records` are TXT texts by host, as a DNS-over-HTTPS service or a server of the page's own gives them. */
export function rightMagnet(uri: string, records: ReadonlyMap<string, string>): string {
  const outcomes = new Map(Array.from(records, ([host, record]) => [host, outcomeOf(record)]));
  const result = rewriteMagnet(uri, (host) => outcomes.get(host));
  return result.kind === 'rewritten' ? result.uri : uri;
}

function outcomeOf(record: string): Outcome | undefined {
  const preference = parsePreference(record);
  if (preference === undefined) return { kind: 'silent', reason: 'no-record', ttlSeconds: 300 };
  const { endpoints, ignored, probableTypo } = preference;
  const found = { record, ttlSeconds: 300, authenticated: false, stale: false, ignored };
  return endpoints.length > 0
    ? { kind: 'declared', endpoints, ...found }
    : { kind: 'denied', probableTypo, ...found };
}
