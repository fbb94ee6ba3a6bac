// A gateway on loopback with a name server that a test writes, and the smallest client of a proxy.

import { request } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { createGateway, type Gateway } from '../../../src/app/gateway/gateway.ts';
import { readGatewaySettings } from '../../../src/app/gateway/gateway-settings.ts';
import { type Machine, thisMachine } from '../../../src/app/machine.ts';
import { createAddressLookup } from '../../../src/io/resolver/create-address-lookup.ts';
import { createResolver } from '../../../src/io/resolver/resolver.ts';
import { answers, createHostileDns, type HostileDns, txt } from '../../support/hostile-dns.ts';

export interface GatewayUnderTest {
  readonly gateway: Gateway;
  readonly port: number;
  readonly dns: HostileDns;
  /** A host with this record and these addresses. */
  name(host: string, record: string | undefined, addresses?: readonly string[]): void;
  get(url: string, options?: GetOptions): Promise<Answer>;
  /** Octets in, octets out until the gateway closes. */
  raw(octets: string): Promise<string>;
}

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly localAddress?: string;
}

export interface Answer {
  readonly status: number;
  /** One character an octet. */
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

const OPEN = { listen: '127.0.0.1:0', allowPrivate: ['127.0.0.0/8', '::1'] };

/** Trackers on loopback are allowed unless `flags` say otherwise. */
export async function startGateway(
  flags: object = {},
  machine: Partial<Machine> = {},
): Promise<GatewayUnderTest> {
  const read = readGatewaySettings({ ...OPEN, ...flags });
  if (read.kind === 'wrong') throw new Error(read.problems.join('\n'));
  const dns = await createHostileDns();
  const resolver = createResolver({ servers: [dns.server] });
  const addresses = createAddressLookup({ servers: [dns.server] });
  const gateway = createGateway({
    settings: read.settings,
    resolver,
    addresses,
    machine: { ...(await thisMachine()), ...machine },
  });
  onTestFinished(async () => {
    await gateway.stop();
    resolver.close();
    addresses.close();
    await dns.close();
  });
  const [listening] = await gateway.start();
  const { port } = listening!;
  return {
    gateway,
    port,
    dns,
    name: (host, record, found = ['127.0.0.1']) => nameHost(dns, host, record, found),
    get: (url, options) => get(port, url, options),
    raw: (octets) => exchangeRaw(port, octets),
  };
}

function nameHost(dns: HostileDns, host: string, record: string | undefined, found: readonly string[]): void {
  dns.on(host, (asked) => {
    const { type } = asked.query.questions![0]!;
    if (type === 'TXT') return answers(...(record === undefined ? [] : [txt(host, record)]))(asked);
    const data = found.filter((address) => address.includes(':') === (type === 'AAAA'));
    return answers(...data.map((each) => ({ name: host, type: type as 'A', ttl: 60, data: each })))(asked);
  });
}

function get(port: number, url: string, options: GetOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: url,
        agent: false,
        ...options,
        headers: { host: 'x', ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString('latin1');
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

function exchangeRaw(port: number, octets: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(octets, 'latin1'));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

/** The query of an announce, another peer for another letter. */
export function announceOf(letter = 'b', more = ''): string {
  const peerPort = 7000 + letter.charCodeAt(0);
  return `info_hash=${'a'.repeat(20)}&peer_id=${letter.repeat(20)}&port=${peerPort}&left=1000&compact=1${more}`;
}
