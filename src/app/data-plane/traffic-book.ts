// What each row of the traffic counts stands for (traffic.ts), and what all threads have counted there. A row is given
// again to somebody else: what stood in it by then is not theirs.

import {
  createTrafficCounts,
  NO_ROW,
  TRAFFIC_CELLS,
  Traffic,
  type TrafficCounts,
} from '../../core/traffic.ts';

/** What was answered. */
export interface TrafficSum {
  readonly announces: number;
  readonly scrapes: number;
}

/** The default of `tracker.max_listeners`. */
const DEFAULT_MAX_ROWS = 256;

export interface TrafficBook {
  /** Cells for one more thread, and for whoever succeeds it. */
  addThread(): TrafficCounts;
  /** A row for a tracker socket that is about to open; {@link NO_ROW} where none is left. */
  takeRow(): number;
  /** The socket is closed, and no thread counts there any more. */
  releaseRow(row: number): void;
  /** Zeros for {@link NO_ROW}. */
  read(row: number): TrafficSum;
  /** Rows of the tracker hosts that are about to be published; those of former ones are kept. */
  takeHosts(hosts: readonly string[]): ReadonlyMap<string, number>;
  /** They are published: nothing is counted for any other. */
  settleHosts(): void;
  readHosts(): ReadonlyMap<string, TrafficSum>;
}

/**
 * `maxRows` of sockets, and as many of hosts, are told apart: `tracker.max_listeners`, which bounds the sockets. Hosts
 * beyond them are counted in the totals alone.
 */
export function createTrafficBook(maxRows = DEFAULT_MAX_ROWS): TrafficBook {
  /** One a thread. */
  const threads: TrafficCounts[] = [];
  const sockets = createRows(NO_ROW + 1, maxRows, total);
  /** Twice: those that are about to be published, beside those that are counted until then. */
  const rowsOfHosts = createRows(NO_ROW + 1 + maxRows, 2 * maxRows, total);
  /** By name; at most twice `maxRows`. */
  const hosts = new Map<string, number>();
  let published: ReadonlySet<string> = new Set();

  function total(row: number): TrafficSum {
    const sum = (cell: number): number =>
      threads.reduce((former, counts) => former + counts[row * TRAFFIC_CELLS + cell]!, 0);
    return { announces: sum(Traffic.announces), scrapes: sum(Traffic.scrapes) };
  }

  function takeHost(name: string): number {
    const row = hosts.get(name) ?? rowsOfHosts.take();
    if (row !== NO_ROW) hosts.set(name, row);
    return row;
  }

  return {
    addThread() {
      const counts = createTrafficCounts(NO_ROW + 1 + 3 * maxRows);
      threads.push(counts);
      return counts;
    },
    takeRow: sockets.take,
    releaseRow: sockets.release,
    read: sockets.read,
    takeHosts(names) {
      published = new Set(names.slice(0, maxRows));
      return new Map([...published].map((name) => [name, takeHost(name)]));
    },
    settleHosts() {
      for (const [name, row] of hosts) {
        if (published.has(name)) continue;
        hosts.delete(name);
        rowsOfHosts.release(row);
      }
    },
    readHosts: () => new Map([...hosts].map(([name, row]) => [name, rowsOfHosts.read(row)])),
  };
}

interface Rows {
  /** {@link NO_ROW} when all are taken. */
  take(): number;
  release(row: number): void;
  read(row: number): TrafficSum;
}

/** Rows from `first` on. */
function createRows(first: number, count: number, total: (row: number) => TrafficSum): Rows {
  const free = Array.from({ length: count }, (_, index) => first + count - 1 - index);
  /** By row that is taken: what it held by then. */
  const before = new Map<number, TrafficSum>();
  return {
    take() {
      const row = free.pop();
      if (row === undefined) return NO_ROW;
      before.set(row, total(row));
      return row;
    },
    release(row) {
      if (before.delete(row)) free.push(row);
    },
    read(row) {
      const former = before.get(row);
      if (former === undefined) return { announces: 0, scrapes: 0 };
      const { announces, scrapes } = total(row);
      return { announces: announces - former.announces, scrapes: scrapes - former.scrapes };
    },
  };
}
