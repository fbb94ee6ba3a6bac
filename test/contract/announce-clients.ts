// Clients of the two front ends, reduced to what a story needs: octets go straight into the handler.
import bencode from 'bencode';
import { createCounters } from '../../src/core/counters.ts';
import { formatIpAddress, parseIpAddress } from '../../src/core/net/ip-address.ts';
import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../src/core/net/packet-handler.ts';
import { FOREIGN_HOST } from '../../src/core/preference/host-rule.ts';
import type { SwarmLimits } from '../../src/core/swarm/limits.ts';
import { createSwarmTable } from '../../src/core/swarm/table.ts';
import { createHttpTracker, MAX_HTTP_REPLY_OCTETS } from '../../src/core/tracker/http/tracker.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { createUdpTracker } from '../../src/core/tracker/udp/tracker.ts';
import { createTrafficCounts, NO_ROW } from '../../src/core/traffic.ts';

/** The independent decoder. */
export function decodeBencode(octets: Uint8Array): unknown {
  return (bencode as unknown as { decode(octets: Uint8Array): unknown }).decode(octets);
}

export const SECRET = Uint8Array.from({ length: 20 }, (_, index) => index * 7 + 1);
/** {@link NO_ROW}, and a few more. */
const TRAFFIC_ROWS = 4;
export const CONNECTION_KEY = Uint8Array.from({ length: 16 }, (_, index) => 200 - index);

export interface Announced {
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly left: number;
  readonly event?: 'started' | 'completed' | 'stopped' | 'paused' | undefined;
  readonly numwant?: number | undefined;
  /** The 32 bits of BEP 15; HTTP writes them as eight hexadecimal digits. */
  readonly key?: number | undefined;
}

export type Answer =
  | { readonly failure: string }
  | {
      readonly complete: number;
      readonly incomplete: number;
      readonly intervalSeconds: number;
      /** `address port`, the asker's own family first. */
      readonly peers: readonly string[];
    };

export interface Counts {
  readonly complete: number;
  readonly incomplete: number;
  readonly downloaded: number;
}

export interface TrackerClient {
  announce(announced: Announced, nowSeconds: number): Answer;
  scrape(infoHash: Uint8Array, address: string, nowSeconds: number): Counts;
}

export function createTestTracker(limits: Partial<SwarmLimits> = {}) {
  const counters = createCounters();
  const table = createSwarmTable({
    secret: SECRET,
    counters,
    limits: { torrents: 1000, peers: 20_000, peersPerTorrent: 10_000, heapOctets: 8 << 20, ...limits },
  });
  const settings = DEFAULT_TRACKER_SETTINGS;
  const traffic = createTrafficCounts(TRAFFIC_ROWS);
  const udp = createUdpTracker({ table, settings, connectionKey: CONNECTION_KEY, counters, traffic });
  const http = createHttpTracker({ table, settings, counters, traffic, hostRule: () => FOREIGN_HOST });
  return { table, counters, traffic, settings, udp, http };
}

export type TestTracker = ReturnType<typeof createTestTracker>;

export function sourceOf(address: string, port: number, row: number = NO_ROW) {
  const octets = parseIpAddress(address)!;
  const source = createPacketSource();
  source.family = octets.length === 4 ? 4 : 6;
  source.octets.set(octets);
  source.port = port;
  source.row = row;
  return source;
}

export function readEndpoints(octets: Uint8Array, addressOctets: 4 | 16): string[] {
  const peers: string[] = [];
  for (let at = 0; at < octets.length; at += addressOctets + 2) {
    const address = formatIpAddress(octets.subarray(at, at + addressOctets));
    peers.push(`${address} ${(octets[at + addressOctets]! << 8) | octets[at + addressOctets + 1]!}`);
  }
  return peers;
}

const EVENTS = ['none', 'completed', 'started', 'stopped', 'paused'];

/** `row` is what requests are counted as. */
export function udpClient({ udp }: TestTracker, row: number = NO_ROW): TrackerClient {
  function exchange(packet: Uint8Array, address: string, nowSeconds: number): Uint8Array {
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS + 3);
    const length = udp(packet, 0, packet.length, sourceOf(address, 4000, row), reply, 3, nowSeconds);
    return reply.slice(3, 3 + length);
  }
  function connect(address: string, nowSeconds: number): Uint8Array {
    const packet = new Uint8Array(16);
    const view = new DataView(packet.buffer);
    view.setBigUint64(0, 0x41727101980n);
    view.setUint32(12, 77);
    return exchange(packet, address, nowSeconds).slice(8, 16);
  }
  return {
    announce(announced, nowSeconds) {
      const packet = new Uint8Array(98);
      const view = new DataView(packet.buffer);
      packet.set(connect(announced.address, nowSeconds));
      view.setUint32(8, 1);
      view.setUint32(12, 0xabcdef01);
      packet.set(announced.infoHash, 16);
      packet.set(announced.peerId, 36);
      view.setBigUint64(64, BigInt(announced.left));
      view.setUint32(80, EVENTS.indexOf(announced.event ?? 'none'));
      view.setUint32(84, 0x08080808);
      view.setUint32(88, announced.key ?? 0);
      view.setInt32(92, announced.numwant ?? -1);
      view.setUint16(96, announced.port);
      const reply = exchange(packet, announced.address, nowSeconds);
      const answer = new DataView(reply.buffer);
      if (answer.getUint32(4) !== 0xabcdef01) throw new Error('wrong transaction id');
      if (answer.getUint32(0) === 3) return { failure: Buffer.from(reply.subarray(8)).toString() };
      return {
        intervalSeconds: answer.getUint32(8),
        incomplete: answer.getUint32(12),
        complete: answer.getUint32(16),
        peers: readEndpoints(reply.subarray(20), announced.address.includes(':') ? 16 : 4),
      };
    },
    scrape(infoHash, address, nowSeconds) {
      const packet = new Uint8Array(36);
      packet.set(connect(address, nowSeconds));
      packet[11] = 2;
      packet.set(infoHash, 16);
      const answer = new DataView(exchange(packet, address, nowSeconds).buffer);
      return {
        complete: answer.getUint32(8),
        downloaded: answer.getUint32(12),
        incomplete: answer.getUint32(16),
      };
    },
  };
}

export function percent(octets: Uint8Array): string {
  return [...octets].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');
}

/** Head and body of a reply, with what the head says checked against the body. */
export function httpRequest(
  { http }: TestTracker,
  head: string | Uint8Array,
  options: { address?: string; nowSeconds?: number; localPort?: number; row?: number } = {},
) {
  const octets = typeof head === 'string' ? Buffer.from(head, 'latin1') : head;
  const reply = new Uint8Array(MAX_HTTP_REPLY_OCTETS);
  const source = sourceOf(options.address ?? '192.0.2.1', 4000, options.row);
  const { localPort = 6969, nowSeconds = 0 } = options;
  const result = http.respond(octets, 0, octets.length, source, localPort, reply, nowSeconds);
  const text = Buffer.from(reply.subarray(0, result.length));
  const gap = text.indexOf('\r\n\r\n');
  const lines = text.subarray(0, gap).toString('latin1').split('\r\n');
  const fields = new Map(lines.slice(1).map((line) => line.split(': ') as [string, string]));
  const body = new Uint8Array(text.subarray(gap + 4));
  return { status: Number(lines[0]!.split(' ')[1]), fields, body, keepAlive: result.keepAlive };
}

/** `row` is what requests are counted as. */
export function httpClient(tracker: TestTracker, row: number = NO_ROW): TrackerClient {
  function get(target: string, address: string, nowSeconds: number): Record<string, never> {
    const head = `GET ${target} HTTP/1.1\r\nHost: 192.0.2.9:6969\r\n\r\n`;
    const { body } = httpRequest(tracker, head, { address, nowSeconds, row });
    return decodeBencode(body) as Record<string, never>;
  }
  return {
    announce(announced, nowSeconds) {
      const query = [
        `info_hash=${percent(announced.infoHash)}&peer_id=${percent(announced.peerId)}`,
        `port=${announced.port}&uploaded=0&downloaded=0&left=${announced.left}&compact=1`,
        announced.event === undefined ? '' : `event=${announced.event}`,
        announced.numwant === undefined ? '' : `numwant=${announced.numwant}`,
        announced.key === undefined ? '' : `key=${announced.key.toString(16).padStart(8, '0')}`,
        'ip=8.8.8.8&ipv4=8.8.8.8&ipv6=2001%3adb8%3a%3a8',
      ];
      const answer = get(`/announce?${query.join('&')}`, announced.address, nowSeconds);
      const failure: Uint8Array | undefined = answer['failure reason'];
      if (failure !== undefined) return { failure: Buffer.from(failure).toString() };
      const ipv4 = readEndpoints(answer['peers']!, 4);
      const ipv6 = readEndpoints(answer['peers6'] ?? new Uint8Array(0), 16);
      const isIpv6 = announced.address.includes(':');
      return {
        complete: answer['complete']!,
        incomplete: answer['incomplete']!,
        intervalSeconds: answer['interval']!,
        peers: isIpv6 ? [...ipv6, ...ipv4] : [...ipv4, ...ipv6],
      };
    },
    scrape(infoHash, address, nowSeconds) {
      const target = `/scrape?info_hash=${percent(infoHash)}`;
      const octets = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n`);
      const { body } = httpRequest(tracker, octets, { address, nowSeconds, row });
      const text = Buffer.from(body).toString('latin1');
      const number = (key: string) => Number(new RegExp(`${key}i([0-9]+)e`).exec(text)![1]);
      return {
        complete: number('8:complete'),
        incomplete: number('10:incomplete'),
        downloaded: number('10:downloaded'),
      };
    },
  };
}
