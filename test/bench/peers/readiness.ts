// Knowing when a server answers.

import { type Address, acceptsConnection, answersDatagram, type ServerProcess } from '../server-process.ts';
import type { RunningPeer } from './peer.ts';

/** A million records take the slowest server some ten seconds on a busy machine. */
const START_SECONDS = 120;

/** Resolves when the zone's SOA is answered with NOERROR. */
export async function whenDnsAnswers(server: ServerProcess, at: Address, apex: string): Promise<RunningPeer> {
  const query = soaQuery(apex);
  return await whenReady(server, at, () =>
    answersDatagram(at, query, (reply) => reply.length > query.length && (reply[3]! & 15) === 0),
  );
}

/** Resolves when a BEP 15 connect is answered. */
export async function whenUdpTrackerAnswers(server: ServerProcess, at: Address): Promise<RunningPeer> {
  const connect = Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 0, 0, 0, 1);
  return await whenReady(server, at, () => answersDatagram(at, connect, (reply) => reply.length === 16));
}

/** Resolves when a TCP connection is accepted. */
export async function whenStreamAccepts(server: ServerProcess, at: Address): Promise<RunningPeer> {
  return await whenReady(server, at, () => acceptsConnection(at));
}

async function whenReady(
  server: ServerProcess,
  at: Address,
  isReady: () => Promise<boolean>,
): Promise<RunningPeer> {
  try {
    await server.waitFor(isReady, START_SECONDS);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...at, pid: server.pid, failure: server.failure, stop: server.stop };
}

function soaQuery(apex: string): Uint8Array {
  const name = apex.split('.').flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  return Uint8Array.of(0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 6, 0, 1);
}
