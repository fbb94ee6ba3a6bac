// Work that waits for other servers: so much at once, and of that so much for one of them, so that one that is slow keeps
// its own zones waiting and no others.

export interface FairQueueOptions<T> {
  /** Under way at once. */
  readonly total: number;
  /** Of those, for one server. */
  readonly perServer: number;
  /** Never rejects. */
  run(item: T): Promise<void>;
}

export interface FairQueue<T> {
  /**
   * Servers take turns; what waits for one of them keeps its order. What waits already waits on, or, where it waits for
   * another server, comes last among those of this one. The caller bounds how much waits.
   */
  push(server: string, item: T): void;
  /** Leaves what waits, and waits for what is under way. */
  stop(): Promise<void>;
}

export function createFairQueue<T>({ total, perServer, run }: FairQueueOptions<T>): FairQueue<T> {
  /** By server, in the order of their turns; none without something that waits. Bounded by what waits. */
  const waiting = new Map<string, T[]>();
  /** What waits, and for which server. */
  const servers = new Map<T, string>();
  /** By server; at most `total` in sum. */
  const running = new Map<string, number>();
  const runs = new Set<Promise<void>>(); // the same
  let isStopped = false;

  function begin(): void {
    while (!isStopped && runs.size < total) {
      const server = nextServer();
      if (server === undefined) return;
      const run = start(server, take(server));
      runs.add(run);
      void run.then(() => {
        runs.delete(run);
        begin();
      });
    }
  }

  /** At most `total` ÷ `perServer` servers have no place free: no long search. */
  function nextServer(): string | undefined {
    for (const server of waiting.keys()) if ((running.get(server) ?? 0) < perServer) return server;
    return undefined;
  }

  function take(server: string): T {
    const items = waiting.get(server)!;
    const item = items.shift()!;
    servers.delete(item);
    // To the end of the line.
    waiting.delete(server);
    if (items.length > 0) waiting.set(server, items);
    return item;
  }

  function leave(server: string, item: T): void {
    const items = waiting.get(server)!;
    if (items.length === 1) waiting.delete(server);
    else items.splice(items.indexOf(item), 1);
  }

  async function start(server: string, item: T): Promise<void> {
    running.set(server, (running.get(server) ?? 0) + 1);
    await run(item);
    const left = running.get(server)! - 1;
    if (left === 0) running.delete(server);
    else running.set(server, left);
  }

  return {
    push(server, item) {
      const former = servers.get(item);
      if (former === server) return;
      if (former !== undefined) leave(former, item);
      servers.set(item, server);
      const items = waiting.get(server);
      if (items === undefined) waiting.set(server, [item]);
      else items.push(item);
      begin();
    },
    async stop() {
      isStopped = true;
      waiting.clear();
      servers.clear();
      await Promise.all(runs);
    },
  };
}
