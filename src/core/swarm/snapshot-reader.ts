// Reading a snapshot (snapshot-format.ts) as it comes, in pieces of any size. Each frame is checked before anything of it is
// believed, and then entered (snapshot-restore.ts).

import { readUint32 } from '../octets/big-endian.ts';
import { crc32 } from '../octets/crc32.ts';
import { EntryKind, FRAME_HEAD_OCTETS, MAX_FRAME_OCTETS } from './snapshot-format.ts';
import { createRestore, enterFrame, type RestoreOptions, type SnapshotTally } from './snapshot-restore.ts';

export type SnapshotProgress = 'more' | 'end' | 'damaged';

export interface SnapshotReader {
  readonly tally: Readonly<SnapshotTally>;
  /**
   * Takes what follows the head, in pieces of any size. `end` is the whole snapshot; `damaged` is for good, and what
   * was entered before stays: it is as sound as any, but not all.
   */
  read(octets: Uint8Array): SnapshotProgress;
}

export function createSnapshotReader(options: RestoreOptions): SnapshotReader {
  const frame = new Uint8Array(MAX_FRAME_OCTETS);
  const restore = createRestore(options);
  let length = 0;
  let frames = 0;
  let progress: SnapshotProgress = 'more';

  /** How much of the frame must be there before it can be gone on with; 0 where it can never be. */
  function wanted(): number {
    if (length < FRAME_HEAD_OCTETS) return FRAME_HEAD_OCTETS;
    const whole = FRAME_HEAD_OCTETS + readUint32(frame, 8);
    return whole <= MAX_FRAME_OCTETS ? whole : 0;
  }

  function takeFrame(): SnapshotProgress {
    const isWhole = readUint32(frame, 4) === frames && readUint32(frame, 0) === crc32(frame, 4, length);
    if (!isWhole) return 'damaged';
    if (length === FRAME_HEAD_OCTETS + 1 && frame[FRAME_HEAD_OCTETS] === EntryKind.end) return 'end';
    const isSound = enterFrame(restore, frame, length);
    frames++;
    length = 0;
    return isSound ? 'more' : 'damaged';
  }

  return {
    tally: restore.tally,
    read(octets) {
      let at = 0;
      while (at < octets.length && progress !== 'damaged') {
        if (progress === 'end') {
          progress = 'damaged';
          break;
        }
        const end = Math.min(octets.length, at + wanted() - length);
        frame.set(octets.subarray(at, end), length);
        length += end - at;
        at = end;
        const whole = wanted();
        if (whole === 0) progress = 'damaged';
        else if (length === whole) progress = takeFrame();
      }
      return progress;
    },
  };
}
