// The way back from `--in-place --backup`: the originals take their places again, where nothing but tracker URLs has
// changed since.

import { octetsToText } from '../../core/octets/text.ts';
import { readMetainfo } from '../../core/torrent/metainfo.ts';
import { isRewrittenList, isRewrittenMagnet, isRewrittenTorrent } from '../../core/torrent/only-endpoints.ts';
import { type FilePath, withSuffix } from '../../io/files/file-path.ts';
import {
  FileError,
  readFileBounded,
  readFileVersion,
  removeFile,
  writeFileAtomic,
} from '../../io/files/files.ts';
import { detectContent, MAX_CONTENT_OCTETS } from './rewrite-content.ts';

export interface UndoOptions {
  /** What was added to the name of a file for its original. */
  readonly backup: string;
  readonly fsync: boolean;
  /** Looks, and changes nothing. */
  readonly isDryRun: boolean;
}

export type Undone =
  | { readonly kind: 'restored' }
  /** There is no original beside the file: it was never changed. */
  | { readonly kind: 'no-backup' }
  /** Something else than tracker URLs is not what it was, so the file and its original stay as they are. */
  | { readonly kind: 'changed-since' };

/**
 * The file is replaced whole, and the original then removed; who edits it meanwhile keeps both (`changed`). Throws
 * FileError.
 */
export async function undoFile(path: FilePath, { backup, fsync, isDryRun }: UndoOptions): Promise<Undone> {
  const kept = withSuffix(path, backup);
  const original = await readIfThere(kept);
  if (original === undefined) return { kind: 'no-backup' };
  const { octets: current, version } = await readFileVersion(path, MAX_CONTENT_OCTETS);
  if (!isRewriting(original, current)) return { kind: 'changed-since' };
  if (!isDryRun) {
    await writeFileAtomic(path, original, { fsync, version });
    await removeFile(kept);
  }
  return { kind: 'restored' };
}

async function readIfThere(path: FilePath): Promise<Uint8Array | undefined> {
  try {
    return await readFileBounded(path, MAX_CONTENT_OCTETS);
  } catch (error) {
    if (error instanceof FileError && error.code === 'not-found') return undefined;
    throw error;
  }
}

function isRewriting(original: Uint8Array, current: Uint8Array): boolean {
  const [before, after] = [original, current].map(detectContent);
  if (before!.kind === 'torrent') {
    const [left, right] = [original, current].map(readMetainfo);
    return left!.kind !== 'error' && right!.kind !== 'error' && isRewrittenTorrent(left!, right!);
  }
  const [left, right] = [original, current].map((octets) => octetsToText(octets));
  if (before!.kind !== 'magnet' || after!.kind !== 'magnet') return isRewrittenList(left!, right!);
  const lines = [left!, right!].map((text) => text.split('\n').map((line) => line.trim()));
  return (
    lines[0]!.length === lines[1]!.length &&
    lines[0]!.every((line, index) => line === lines[1]![index] || isRewrittenMagnet(line, lines[1]![index]!))
  );
}
