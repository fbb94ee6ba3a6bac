// A name server over TLS and HTTPS that does, name by name, what it is told, with the behaviours of hostile-dns.ts.

import { once } from 'node:events';
import { createSecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import * as dnsPacket from 'dns-packet';
import type { TlsIdentity } from '../../src/io/streams/tls-server.ts';
import type { Asked, Behaviour } from './hostile-dns.ts';
import { createTestIdentity } from './test-certificate.ts';

export interface HostileSecureDns {
  /** For `servers` of a resolver: `tls://127.0.0.1:41234`. */
  readonly tls: string;
  /** `https://127.0.0.1:41234/dns-query` */
  readonly https: string;
  /** For `certificateAuthorities` of a resolver. */
  readonly certificate: string;
  on(name: string, behaviour: Behaviour): void;
  /** How often `name` was asked. */
  asked(name: string): number;
  /** Connections that came over TLS and HTTPS in all. */
  connections(): number;
  /** Ends every connection that is open, as a server does that restarts. */
  hangUp(): Promise<void>;
  close(): Promise<void>;
}

/** Valid for 127.0.0.1 and ns.test, unless told otherwise. */
export async function createHostileSecureDns(
  { certificate, key }: TlsIdentity = createTestIdentity({ name: 'ns.test' }),
): Promise<HostileSecureDns> {
  const behaviours = new Map<string, Behaviour>();
  const queries = new Map<string, number>();
  const open = new Set<TLSSocket | Http2Session>();
  let connections = 0;

  function keep(connection: TLSSocket | Http2Session): void {
    connections++;
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    connection.on('error', () => connection.destroy());
  }

  function take(octets: Buffer, ways: Pick<Asked, 'send' | 'sendRaw' | 'hangUp'>): void {
    const query = dnsPacket.decode(octets);
    const asked = query.questions![0]!.name.toLowerCase();
    const earlier = queries.get(asked) ?? 0;
    queries.set(asked, earlier + 1);
    behaviours.get(asked)?.({
      query,
      octets,
      transport: 'tcp',
      earlier,
      sendFromElsewhere: ways.send,
      ...ways,
    });
  }

  const tls = createServer({ cert: certificate, key, ALPNProtocols: ['dot'] }, (socket) => {
    keep(socket);
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
        const sendRaw = (raw: Buffer): void => void socket.write(raw);
        take(octets, { send, sendRaw, hangUp: () => socket.destroy() });
      }
    });
  });

  const https = createSecureServer({ cert: certificate, key });
  https.on('session', keep);
  https.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => stream.destroy());
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const octets = Buffer.concat(chunks);
      if (headers[':path'] !== '/dns-query' || headers[':method'] !== 'POST')
        stream.respond({ ':status': 404 });
      const respond = (body: Buffer, fields: Record<string, string | number>): void => {
        if (!stream.headersSent)
          stream.respond({ ':status': 200, 'content-type': 'application/dns-message', ...fields });
        stream.write(body);
        stream.end();
      };
      take(octets, {
        send: (body) => respond(body, {}),
        // For HTTP: header fields and body as JSON.
        sendRaw(raw) {
          const { body = '', ...fields } = JSON.parse(raw.toString()) as { body?: string };
          respond(Buffer.from(body, 'base64'), fields);
        },
        hangUp: () => stream.session?.destroy(),
      });
    });
  });

  tls.listen(0, '127.0.0.1');
  https.listen(0, '127.0.0.1');
  await Promise.all([once(tls, 'listening'), once(https, 'listening')]);
  const portOf = (server: typeof tls | typeof https): number => (server.address() as AddressInfo).port;
  const hangUp = async (): Promise<void> => {
    const closed = [...open].map((connection) => once(connection, 'close'));
    for (const connection of open) connection.destroy();
    await Promise.all(closed);
  };
  return {
    tls: `tls://127.0.0.1:${portOf(tls)}`,
    https: `https://127.0.0.1:${portOf(https)}/dns-query`,
    certificate,
    on: (asked, behaviour) => void behaviours.set(asked, behaviour),
    asked: (asked) => queries.get(asked) ?? 0,
    connections: () => connections,
    hangUp,
    async close() {
      await hangUp();
      await Promise.all([tls, https].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Over HTTPS only: these header fields, and this body instead of a message. */
export function respondsWith(
  fields: Record<string, string | number>,
  body: Uint8Array = new Uint8Array(0),
): Behaviour {
  return ({ sendRaw }) =>
    sendRaw(Buffer.from(JSON.stringify({ ...fields, body: Buffer.from(body).toString('base64') })));
}
