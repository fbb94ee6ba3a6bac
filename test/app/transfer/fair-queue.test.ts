import { describe, expect, it } from 'vitest';
import { createFairQueue } from '../../../src/app/transfer/fair-queue.ts';

interface Work {
  readonly item: string;
  end(): void;
}

/** A queue whose work ends when the test says so. */
function prepare(total: number, perServer: number) {
  const begun: Work[] = [];
  const queue = createFairQueue<string>({
    total,
    perServer,
    run: (item) => new Promise((resolve) => begun.push({ item, end: resolve })),
  });
  const end = async (item: string): Promise<void> => {
    begun.find((work) => work.item === item)!.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, end, items: () => begun.map(({ item }) => item) };
}

describe('a fair queue', () => {
  it('begins no more for one server than its share, and lets others pass', () => {
    const { queue, items } = prepare(4, 2);
    for (const item of ['slow1', 'slow2', 'slow3', 'slow4']) queue.push('slow', item);
    expect(items()).toEqual(['slow1', 'slow2']);
    queue.push('quick', 'quick1');
    expect(items()).toEqual(['slow1', 'slow2', 'quick1']);
  });

  it('begins no more in all than there are places', async () => {
    const { queue, end, items } = prepare(2, 2);
    for (const server of ['a', 'b', 'c']) queue.push(server, server);
    expect(items()).toEqual(['a', 'b']);
    await end('a');
    expect(items()).toEqual(['a', 'b', 'c']);
  });

  it('keeps the order of what waits for one server, and lets servers take turns', async () => {
    const { queue, end, items } = prepare(1, 1);
    for (const item of ['a1', 'a2', 'a3']) queue.push('a', item);
    queue.push('b', 'b1');
    queue.push('b', 'b2');
    for (const item of ['a1', 'a2', 'b1', 'a3', 'b2']) await end(item);
    expect(items()).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
  });

  it('takes what is pushed while its last work ends', async () => {
    const { queue, end, items } = prepare(1, 1);
    queue.push('a', 'a1');
    queue.push('a', 'a2');
    await end('a1');
    queue.push('a', 'a1 again');
    await end('a2');
    expect(items()).toEqual(['a1', 'a2', 'a1 again']);
  });

  it('has what waits once, and lets it change the server', async () => {
    const { queue, end, items } = prepare(2, 1);
    queue.push('slow', 'slow1');
    for (const item of ['x', 'y', 'x']) queue.push('slow', item);
    expect(items()).toEqual(['slow1']);
    queue.push('quick', 'x');
    expect(items()).toEqual(['slow1', 'x']);
    await end('slow1');
    await end('x');
    expect(items()).toEqual(['slow1', 'x', 'y']);
  });

  it('stops when what is under way has ended, and begins nothing more', async () => {
    const { queue, end, items } = prepare(1, 1);
    queue.push('a', 'a1');
    queue.push('a', 'a2');
    let hasStopped = false;
    const stopping = queue.stop().then(() => {
      hasStopped = true;
    });
    queue.push('a', 'a3');
    expect(hasStopped).toBe(false);
    await end('a1');
    await stopping;
    expect(items()).toEqual(['a1']);
  });
});
