// Our resolver asks our authority, over real sockets: what the one publishes is what the other reads.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/io/clock.ts';
import { createResolver, type Resolver } from '../../../src/io/resolver/resolver.ts';
import { openDnsStream } from '../../../src/io/streams/dns-stream.ts';
import type { StreamServer } from '../../../src/io/streams/stream-server.ts';
import { openUdpSocket, type UdpSocket } from '../../../src/io/udp-socket.ts';
import { authorityOf, imageOf } from '../../support/authority-of.ts';

const ZONE = `
$ORIGIN example.
$TTL 600
@          SOA ns hostmaster 1 1h 15m 1w 90
           NS ns
ns         A 127.0.0.1
tracker    TXT "BITTORRENT UDP:1337 TCP:80"
*.tracker  TXT "BITTORRENT " "TCP:443"
alias      120 CNAME tracker
away       CNAME tracker.elsewhere.
www        TXT "BITTORRENT DENY ALL"
two        TXT "BITTORRENT UDP:1"
           TXT "BITTORRENT UDP:2"
plain      TXT "v=spf1 -all"
sub        NS ns.sub
ns.sub     A 127.0.0.1
crowd      TXT "BITTORRENT UDP:1337"
${Array.from({ length: 40 }, (_, index) => `           TXT "filler ${index} ${'x'.repeat(60)}"`).join('\n')}
`;

let udp: UdpSocket;
let tcp: StreamServer;
let resolver: Resolver;

beforeAll(async () => {
  const authority = authorityOf(
    imageOf(ZONE, 'example.', { tolerated: ['preference-conflict', 'preference-needs-certificate'] }),
  );
  [udp, tcp] = await openBoth(authority);
  resolver = createResolver({ servers: [`127.0.0.1:${udp.port}`] });
});

afterAll(async () => {
  resolver.close();
  await Promise.all([udp.close(), tcp.close()]);
});

/** One port for both transports; a port that is free for UDP may be taken for TCP. */
async function openBoth(
  authority: ReturnType<typeof authorityOf>,
  attempts = 20,
): Promise<[UdpSocket, StreamServer]> {
  const address = '127.0.0.1';
  const datagrams = await openUdpSocket({ address, port: 0, handler: authority.handle, clock: systemClock });
  try {
    const { port } = datagrams;
    const answer = authority.handleStream;
    return [datagrams, await openDnsStream({ address, port, answer, clock: systemClock })];
  } catch (error) {
    await datagrams.close();
    if (attempts === 1) throw error;
    return openBoth(authority, attempts - 1);
  }
}

const declared = (ttlSeconds: number, ...endpoints: string[]) => ({
  kind: 'declared',
  ttlSeconds,
  endpoints: endpoints.map((word) => {
    const [transport, port] = word.split(':');
    return { transport, port: Number(port) };
  }),
});

test.each([
  ['tracker.example', declared(600, 'udp:1337', 'tcp:80')],
  ['TRACKER.Example.', declared(600, 'udp:1337', 'tcp:80')],
  ['any.name.tracker.example', declared(600, 'tcp:443')],
  ['alias.example', declared(120, 'udp:1337', 'tcp:80')],
  ['crowd.example', declared(600, 'udp:1337')],
  ['www.example', { kind: 'denied', ttlSeconds: 600 }],
  ['two.example', { kind: 'conflict', records: ['BITTORRENT UDP:1', 'BITTORRENT UDP:2'] }],
  ['plain.example', { kind: 'silent', reason: 'no-record' }],
  ['ns.example', { kind: 'silent', reason: 'no-record', ttlSeconds: 90 }],
  ['nothing.example', { kind: 'silent', reason: 'no-name', ttlSeconds: 90 }],
  ['away.example', { kind: 'failed', reason: 'the name server answered REFUSED' }],
  ['x.sub.example', { kind: 'failed', reason: 'the name server names other servers instead of asking them' }],
  ['tracker.elsewhere', { kind: 'failed', reason: 'the name server answered REFUSED' }],
])('%s', async (host, expected) => {
  expect(await resolver.lookupPreference(host)).toMatchObject(expected);
});
