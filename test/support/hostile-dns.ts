// A name server over UDP and TCP that does, name by name, what it is told: also what no server should.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import * as dnsPacket from 'dns-packet';

/** One query as it came, and the ways to react to it. */
export interface Asked {
  readonly query: dnsPacket.Packet;
  readonly octets: Buffer;
  readonly transport: 'udp' | 'tcp';
  /** How many queries for this name came before. */
  readonly earlier: number;
  send(octets: Buffer): void;
  /** From another port of the same address (UDP); over TCP as `send`. */
  sendFromElsewhere(octets: Buffer): void;
  /** Over TCP: octets without a length before them. */
  sendRaw(octets: Buffer): void;
  /** Over TCP: ends the connection. */
  hangUp(): void;
}

export type Behaviour = (asked: Asked) => void;

export interface HostileDns {
  /** For `servers` of a resolver: `127.0.0.1:41234`, `[::1]:41234`. */
  readonly server: string;
  /** What happens to queries for `name`; names without a behaviour are met with silence. */
  on(name: string, behaviour: Behaviour): void;
  /** The transports over which `name` was asked, in order. */
  asked(name: string): readonly ('udp' | 'tcp')[];
  close(): Promise<void>;
}

/** A free port is found by UDP and then wanted for TCP too, which another program may hold. */
const ATTEMPTS = 20;

export async function createHostileDns(address: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<HostileDns> {
  const behaviours = new Map<string, Behaviour>();
  const queries = new Map<string, ('udp' | 'tcp')[]>();
  const connections = new Set<Socket>();
  const socketType = address === '::1' ? 'udp6' : 'udp4';
  const elsewhere = createSocket(socketType);
  elsewhere.bind(0, address);
  await once(elsewhere, 'listening');

  function take(
    octets: Buffer,
    transport: 'udp' | 'tcp',
    ways: Omit<Asked, 'query' | 'octets' | 'transport' | 'earlier'>,
  ): void {
    const query = dnsPacket.decode(octets);
    const name = query.questions![0]!.name.toLowerCase();
    const before = queries.get(name) ?? [];
    queries.set(name, [...before, transport]);
    behaviours.get(name)?.({ query, octets, transport, earlier: before.length, ...ways });
  }

  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    const send = (octets: Buffer): void => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(octets.length);
      socket.write(Buffer.concat([length, octets]));
    };
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const octets = pending.subarray(2, end);
        pending = pending.subarray(end);
        take(octets, 'tcp', {
          send,
          sendFromElsewhere: send,
          sendRaw: (raw) => void socket.write(raw),
          hangUp: () => socket.destroy(),
        });
      }
    });
  });

  const onDatagram = (udp: ReturnType<typeof createSocket>) => (octets: Buffer, from: RemoteInfo) => {
    const send = (reply: Buffer): void => udp.send(reply, from.port, from.address);
    take(octets, 'udp', {
      send,
      sendFromElsewhere: (reply) => elsewhere.send(reply, from.port, from.address),
      sendRaw: send,
      hangUp: () => {},
    });
  };

  for (let attempt = 1; ; attempt++) {
    const udp = createSocket(socketType);
    udp.bind(0, address);
    await once(udp, 'listening');
    const { port } = udp.address();
    tcp.listen(port, address);
    try {
      await once(tcp, 'listening');
    } catch (error) {
      udp.close();
      if (attempt === ATTEMPTS) throw error;
      continue;
    }
    udp.on('message', onDatagram(udp));
    return {
      server: address === '::1' ? `[::1]:${port}` : `${address}:${port}`,
      on: (name, behaviour) => void behaviours.set(name, behaviour),
      asked: (name) => queries.get(name) ?? [],
      async close() {
        udp.close();
        elsewhere.close();
        for (const connection of connections) connection.destroy();
        await new Promise((resolve) => tcp.close(resolve));
      },
    };
  }
}

/** What a well-behaved reply to the query would be, with these fields instead. */
export function replyTo({ query }: Pick<Asked, 'query'>, fields: dnsPacket.Packet = {}): Buffer {
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | (fields.flags ?? 0);
  return dnsPacket.encode({ type: 'response', id: query.id!, questions: query.questions!, ...fields, flags });
}

/** The response code in the flags of a reply. */
export const RCODE = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

export const silence: Behaviour = () => {};

/** A good answer with these records. */
export function answers(...records: dnsPacket.Record[]): Behaviour {
  return (asked) => asked.send(replyTo(asked, { answers: records }));
}

export function answersWith(fields: dnsPacket.Packet): Behaviour {
  return (asked) => asked.send(replyTo(asked, fields));
}

export function fails(rcode: keyof typeof RCODE): Behaviour {
  return answersWith({ flags: RCODE[rcode] });
}

/** The first behaviour for the first query, and so on; the last for all that follow. */
export function inTurn(...behaviours: Behaviour[]): Behaviour {
  return (asked) => behaviours[Math.min(asked.earlier, behaviours.length - 1)]!(asked);
}

export function overUdpAndTcp(udp: Behaviour, tcp: Behaviour): Behaviour {
  return (asked) => (asked.transport === 'udp' ? udp(asked) : tcp(asked));
}

/** An empty reply that says that it was cut short. */
export const truncated: Behaviour = answersWith({ flags: dnsPacket.TRUNCATED_RESPONSE });

export function txt(name: string, ...strings: (string | Buffer)[]): dnsPacket.Record {
  return { name, type: 'TXT', ttl: 300, data: strings };
}

export function cname(name: string, target: string, ttl = 300): dnsPacket.Record {
  return { name, type: 'CNAME', ttl, data: target };
}

/** The SOA of a negative answer. */
export function soa(name: string, ttl: number, minimum: number): dnsPacket.Record {
  const fields = {
    mname: `ns.${name}`,
    rname: `hostmaster.${name}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
  };
  return { name, type: 'SOA', ttl, data: { ...fields, minimum } };
}
