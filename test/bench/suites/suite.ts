// The shape of a suite.

import type { LoadProcess } from '../load/load-process.ts';
import type { BenchOptions } from '../options.ts';
import type { Table } from '../table.ts';

export interface Suite {
  readonly name: string;
  readonly description: string;
  run(options: BenchOptions, load: LoadProcess): Promise<Table[]>;
}

/** The peers asked for by name; the first (Portolan) and the floor are always measured. */
export function choosePeers<P extends { readonly name: string }>(
  peers: readonly P[],
  only: readonly string[],
): P[] {
  const wanted = new Set(only.map((name) => name.toLowerCase()));
  return peers.filter(
    ({ name }, index) =>
      index === 0 || wanted.size === 0 || name.startsWith('floor') || wanted.has(name.toLowerCase()),
  );
}
