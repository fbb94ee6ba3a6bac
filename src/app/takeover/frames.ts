// What two processes say to each other during a takeover, as octets on a stream: length of what follows 4, kind 1, content.
// The contents in JSON are read by messages.ts.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '../../io/clock.ts';

export const FrameKind = {
  /** From the new process: which protocol, and a word that comes over the socket for descriptors, too. */
  hello: 1,
  /** From the old one: not now, and why. It goes on as it was. */
  refused: 2,
  /** Keys, the second of the table's clock, and what listens where. */
  welcome: 3,
  /** How many descriptors have been sent beside. */
  descriptors: 4,
  /** They have come. */
  received: 5,
  /** Octets of a snapshot of the table. */
  table: 6,
  /** Announces since that began. */
  announces: 7,
  /** That was all of the snapshot. */
  tableEnd: 8,
  /** From the new process: everything is open, and could be answered. */
  ready: 9,
  /** Connections, of which the descriptors have been sent beside. */
  connections: 10,
  /** From the old process: nothing is answered here any more. */
  yours: 11,
  /** From the new one: it is answered here. */
  serving: 12,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  readonly kind: FrameKind;
  readonly octets: Uint8Array;
}

const HEAD_OCTETS = 5;
/** A piece of a snapshot has a quarter of it, 250 connections with the start of a request each less. */
const MAX_FRAME_OCTETS = 4 * 1024 * 1024;
const LAST_KIND = 12;
/** A process that reads nothing for so long is stopped, or hangs. */
const SEND_MILLISECONDS = 20_000;
/** Frames that wait to be taken before no more are read. */
const MAX_WAITING = 16;

/** The other process took longer than it may, or sent what is no frame. */
export class TakeoverError extends Error {
  override readonly name = 'TakeoverError';
  readonly code: 'refused' | 'timeout' | 'protocol' | 'closed';

  constructor(code: TakeoverError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface FrameChannel {
  /**
   * Resolves when there is room for the next. Rejects with {@link TakeoverError} where the other end is gone, or reads
   * nothing.
   */
  send(kind: FrameKind, octets?: Uint8Array): Promise<void>;
  /** Undefined at the end of the stream. Rejects with {@link TakeoverError}. One at a time. */
  receive(milliseconds: number): Promise<Frame | undefined>;
  isOpen(): boolean;
  /** What has been sent goes first. */
  end(): void;
  destroy(): void;
}

export function createFrameChannel(socket: Socket, clock: Clock): FrameChannel {
  /** At most {@link MAX_WAITING} and what one read brings. */
  const waiting: Frame[] = [];
  let rest: Uint8Array = new Uint8Array(0);
  let fault: TakeoverError | undefined;
  let isEnded = false;
  let wake = (): void => {};

  socket.on('data', (chunk: Buffer) => {
    const octets = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = octets.subarray(takeFrames(octets, waiting));
    if (rest.length >= HEAD_OCTETS && !isFrame(octets, octets.length - rest.length)) {
      fault = new TakeoverError('protocol', 'the other process sent what makes no sense');
      socket.destroy();
    }
    if (waiting.length >= MAX_WAITING) socket.pause();
    wake();
  });
  const over = (): void => {
    isEnded = true;
    wake();
  };
  socket.on('end', over).on('close', over).on('error', over);

  async function waitForRoom(): Promise<void> {
    let isLate = false;
    const cancel = clock.schedule(SEND_MILLISECONDS, () => {
      isLate = true;
      socket.destroy();
    });
    // Whichever does not come leaves no listener: a table is sent in thousands of pieces.
    const waiting = new AbortController();
    const either = ['drain', 'close'].map((event) => once(socket, event, { signal: waiting.signal }));
    await Promise.race(either).catch(() => {});
    waiting.abort();
    cancel();
    if (isLate) throw new TakeoverError('timeout', 'the other process reads nothing');
    if (socket.destroyed) throw new TakeoverError('closed', 'the other process is gone');
  }

  return {
    async send(kind, octets = new Uint8Array(0)) {
      if (socket.destroyed || !socket.writable)
        throw new TakeoverError('closed', 'the other process is gone');
      const head = Buffer.alloc(HEAD_OCTETS);
      head.writeUInt32BE(1 + octets.length);
      head[4] = kind;
      // A copy: octets may be written again before they have left.
      if (!socket.write(Buffer.concat([head, octets]))) await waitForRoom();
    },
    async receive(milliseconds) {
      const deadline = clock.nowMilliseconds() + milliseconds;
      for (let isLate = false; ; ) {
        const frame = waiting.shift();
        if (frame !== undefined) {
          if (waiting.length === 0) socket.resume();
          return frame;
        }
        if (fault !== undefined) throw fault;
        if (isEnded) return undefined;
        const left = deadline - clock.nowMilliseconds();
        if (left <= 0) {
          if (isLate) throw new TakeoverError('timeout', 'the other process takes too long');
          // Where this process was stopped, the word may have come in time, and lies in the socket.
          isLate = true;
          await readArrived();
          continue;
        }
        await new Promise<void>((resolve) => {
          const cancel = clock.schedule(left, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
    },
    isOpen: () => !isEnded && !socket.destroyed,
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** Resolves once what has arrived by now has been read: sockets are looked at between two turns of immediates. */
export function readArrived(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Whether a frame begins there; its head is whole. */
function isFrame(octets: Buffer, at: number): boolean {
  const length = octets.readUInt32BE(at);
  const kind = octets[at + 4]!;
  return length > 0 && length <= MAX_FRAME_OCTETS && kind > 0 && kind <= LAST_KIND;
}

/** Takes the whole frames from the start; returns where they end. */
function takeFrames(octets: Buffer, into: Frame[]): number {
  let at = 0;
  while (octets.length - at >= HEAD_OCTETS && isFrame(octets, at)) {
    const end = at + 4 + octets.readUInt32BE(at);
    if (end > octets.length) break;
    into.push({
      kind: octets[at + 4] as FrameKind,
      octets: new Uint8Array(octets.subarray(at + HEAD_OCTETS, end)),
    });
    at = end;
  }
  return at;
}
