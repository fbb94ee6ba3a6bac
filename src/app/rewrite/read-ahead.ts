// How much of many files may be in memory: look-ups of later files run while the first still waits for its own, and a
// folder of large files is read no faster than it is written.

/** Octets of inputs that are read and not yet done with: at 30 ms a look-up, 2,500 torrents of 100 kB a second. */
const MAX_HELD_OCTETS = 8 * 1024 * 1024;
/** Files being read: as many as Node has threads for it. A file may be as large as a torrent. */
const MAX_READING = 4;
/** Files being written or about to be: more would wait for their turn in memory, and leave the processor's. */
const MAX_TO_WRITE = 16;

export interface ReadAhead {
  /** Undefined when there is room for one more file now; else settles, in the order of the calls, when there is. */
  room(): Promise<void> | undefined;
  /** Ends the reading that {@link room} has begun; `octets` count until {@link release}. */
  hold(octets: number): void;
  release(octets: number): void;
  beginWriting(): void;
  endWriting(): void;
}

export function createReadAhead(): ReadAhead {
  const waiting: (() => void)[] = []; // bounded by the caller's inputs in work
  let reading = 0;
  let held = 0;
  let writing = 0;

  const hasRoom = (): boolean => reading < MAX_READING && held < MAX_HELD_OCTETS && writing < MAX_TO_WRITE;

  function next(): void {
    while (waiting.length > 0 && hasRoom()) {
      reading++;
      waiting.shift()!();
    }
  }

  return {
    room() {
      if (waiting.length > 0 || !hasRoom()) return new Promise<void>((resolve) => waiting.push(resolve));
      reading++;
      return undefined;
    },
    hold(octets) {
      reading--;
      held += octets;
      next();
    },
    release(octets) {
      held -= octets;
      next();
    },
    beginWriting() {
      writing++;
    },
    endWriting() {
      writing--;
      next();
    },
  };
}
