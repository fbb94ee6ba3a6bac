// Ports that a zone under test can declare: nothing else can name port 0 for it.

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Ports that were free for UDP and TCP on both families a moment ago, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const held: { port: number; release(): void }[] = []; // as many as asked for
  while (held.length < count) {
    const claim = await claimPort();
    if (claim !== undefined) held.push(claim);
  }
  for (const { release } of held) release();
  return held.map(({ port }) => port);
}

async function claimPort(): Promise<{ port: number; release(): void } | undefined> {
  const stream = createServer();
  const datagram = createSocket('udp6');
  const release = (): void => {
    stream.close();
    datagram.close();
  };
  try {
    const port = await new Promise<number>((resolve, reject) => {
      stream.once('error', reject);
      stream.listen(0, '::', () => resolve((stream.address() as { port: number }).port));
    });
    await new Promise<void>((resolve, reject) => {
      datagram.once('error', reject);
      datagram.bind(port, '::', resolve);
    });
    return { port, release };
  } catch {
    release();
    return undefined;
  }
}
