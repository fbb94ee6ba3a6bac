// `RUNTIME runtime-check.ts CERTIFICATE SERVER…`: uses the library as a program of another runtime does, and prints what it
// gave as one JSON object: the outcome that each server's answer came to, and a torrent rewritten without any.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { createResolver, rewriteTorrent, rewriteTorrentWithResolver, rewriteUrl } from '../../src/index.ts';

const [certificate, ...servers] = process.argv.slice(2) as [string, ...string[]];
const text = (value: string): string => `${value.length}:${value}`;
const torrent = new TextEncoder().encode(
  `d8:announce${text('http://tracker.test:8080/announce')}4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee`,
);

const found: Record<string, unknown> = {};
for (const server of servers) {
  const resolver = createResolver({
    servers: [server],
    certificateAuthorities: [readFileSync(certificate, 'utf8')],
    timeoutMilliseconds: 5000,
  });
  const outcome = await resolver.lookupPreference('tracker.test');
  const rewritten = await rewriteTorrentWithResolver(torrent, resolver);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  const aborted = await resolver
    .lookupPreference('other.test', controller.signal)
    .catch((error: Error) => error.message);
  resolver.close();
  found[server.replace(/:.*/, '')] = {
    outcome: outcome.kind === 'failed' ? outcome.reason : outcome.kind,
    rewritten: rewritten.kind === 'rewritten' ? rewritten.announce.after : rewritten.code,
    aborted,
  };
}

const lookup = (host: string) =>
  host === 'xn--bcher-kva.test'
    ? ({
        kind: 'denied',
        record: 'BITTORRENT',
        ttlSeconds: 60,
        authenticated: false,
        stale: false,
        ignored: [],
        probableTypo: false,
      } as const)
    : undefined;
const pure = rewriteTorrent(torrent, lookup);
found['pure'] = {
  idna: rewriteUrl('udp://B\u00dcCHER.test:1', lookup).reason,
  torrent: pure.kind === 'rewritten' ? pure.decisions[0]!.reason : pure.code,
};
process.stdout.write(`${JSON.stringify(found)}\n`);
