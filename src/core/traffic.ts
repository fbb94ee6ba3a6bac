// What is counted of each tracker socket, and of each tracker host of ours that HTTP requests name: a row of cells for
// each, numbered by the control plane, which alone knows what a row stands for. A worker adds to a cell of its own array;
// nothing is sent, nothing is locked. Counts only: never an address, a hash or a name.

/** Index of a cell in its row. */
export const Traffic = { announces: 0, scrapes: 1 } as const;

/** Cells of a row. */
export const TRAFFIC_CELLS = 2;

/** What belongs to no row is counted here, and read by nobody: sockets that are not numbered, hosts that are not ours. */
export const NO_ROW = 0;

/** Row by row, {@link NO_ROW} first. */
export type TrafficCounts = Float64Array;

/** Doubles, so that no count wraps; shared memory, so that another thread can read them. */
export function createTrafficCounts(rows: number): TrafficCounts {
  return new Float64Array(new SharedArrayBuffer(rows * TRAFFIC_CELLS * Float64Array.BYTES_PER_ELEMENT));
}
