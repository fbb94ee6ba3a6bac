// Ports that a zone under test can declare: nothing else can name port 0 for it.

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { hasFamily } from '../../src/io/interfaces.ts';

// They lie below what systems give to sockets that name no port (Linux from 32768, others from 49152), and each process
// begins somewhere else: what a test has closed must not be open again for somebody else.

const FIRST_PORT = 10_240;
const PORTS = 22_000;
/** Apart by more than one file's tests take. */
const PORTS_A_PROCESS = 200;

let next = (process.pid * PORTS_A_PROCESS) % PORTS;

/** Ports that were free for UDP and TCP on both families a moment ago, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  // The IPv6 wildcard takes IPv4 along, where there is IPv6.
  const address = (await hasFamily(6)) ? '::' : '0.0.0.0';
  while (ports.length < count) {
    const port = FIRST_PORT + next;
    next = (next + 1) % PORTS;
    if (await isFree(address, port)) ports.push(port);
  }
  return ports;
}

async function isFree(address: string, port: number): Promise<boolean> {
  const stream = createServer();
  const datagram = createSocket(address === '::' ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.listen({ port, host: address, exclusive: true }, resolve);
    });
    await new Promise<void>((resolve, reject) => {
      datagram.once('error', reject);
      datagram.bind({ port, address, exclusive: true }, resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => stream.close(() => resolve()));
    await new Promise<void>((resolve) => datagram.close(() => resolve()));
  }
}
