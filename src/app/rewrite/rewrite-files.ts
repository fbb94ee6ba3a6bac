// Many inputs of `portolan rewrite`, several at a time, results in the order of the inputs; and writing them back.

import type { Outcome } from '../../core/preference/outcome.ts';
import type { RewriteOptions } from '../../core/rewrite/decide.ts';
import { systemClock } from '../../io/clock.ts';
import { type BulkFiles, createBulkFiles, type Replaced } from '../../io/files/bulk-files.ts';
import { type FilePath, withSuffix } from '../../io/files/file-path.ts';
import { FileError, type FileRead } from '../../io/files/files.ts';
import { isTorrentName } from '../../io/files/find-torrents.ts';
import { backUpFile } from '../../io/files/torrent-files.ts';
import { createGate, type Gate } from '../../io/resolver/gate.ts';
import type { Resolver } from '../../io/resolver/resolver.ts';
import { createReadAhead, type ReadAhead } from './read-ahead.ts';
import {
  type Content,
  type ContentError,
  detectContent,
  MAX_CONTENT_OCTETS,
  prepareContent,
  type RewrittenContent,
} from './rewrite-content.ts';
import { createRunLookups, type RunLookups } from './run-lookups.ts';

/** Inputs in work, most of them waiting for look-ups: enough for thousands of files in one round trip to a resolver. */
const MAX_IN_WORK = 1024;
/** Files being written: with fsync, a disk takes several for the time of one. */
const MAX_WRITING = 16;

/**
 * `label` names the input as it was given, without passkeys: it may hold anything that a file name may. A file is read
 * when its turn comes.
 */
export type Input =
  | { readonly label: string; readonly path: FilePath }
  | { readonly label: string; readonly content: Content }
  /** What was looked for and could not be: a folder that cannot be read. Its result is the error. */
  | { readonly label: string; readonly error: ContentError };

export interface RewriteRun {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly options: RewriteOptions;
  /** Changed files are written back, after a copy with `backup` added to their name. */
  readonly inPlace?: { readonly backup: string | undefined; readonly fsync: boolean };
  /** Makes of an outcome what the run goes by. */
  readonly refine?: ((host: string, outcome: Outcome) => Promise<Outcome>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InputResult {
  readonly input: Input;
  /** An error leaves the input as it was. Without `octets` once they have been written back. */
  readonly result: RewrittenContent | ContentError;
}

/** What the inputs of a run share. */
interface Shared extends RewriteRun {
  readonly files: BulkFiles;
  readonly readAhead: ReadAhead;
  readonly lookUp: RunLookups;
  readonly writing: Gate;
}

/**
 * Results in the order of the inputs. Memory is bounded by {@link MAX_IN_WORK} and by what read-ahead.ts holds. An error
 * of the inputs is thrown once all that came before it has been told.
 */
export async function* rewriteInputs(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  run: RewriteRun,
): AsyncGenerator<InputResult> {
  const files = createBulkFiles(systemClock.nowMilliseconds);
  const shared: Shared = {
    ...run,
    // What is not written is for the caller to keep.
    options: run.inPlace === undefined ? run.options : { ...run.options, takeMemory: files.take },
    files,
    readAhead: createReadAhead(),
    lookUp: createRunLookups(run.resolver, run),
    writing: createGate(MAX_WRITING),
  };
  const working: Work[] = []; // bounded by MAX_IN_WORK, in order
  const deliver = async (): Promise<InputResult> => {
    const { held, ...result } = await working.shift()!.done;
    shared.readAhead.release(held);
    return result;
  };
  let thrown: { readonly error: unknown } | undefined;
  const onError = (error: unknown): void => {
    thrown = { error };
  };
  for await (const input of untilError(inputs, onError)) {
    if ('path' in input) {
      let hasRoom = false;
      const room = shared.readAhead.room()?.then(() => {
        hasRoom = true;
      });
      // What has not begun is in nobody's memory.
      while (room !== undefined && !hasRoom) {
        await Promise.race([room, working[0]?.ended ?? room]);
        while (working[0]?.isDone === true) yield await deliver();
      }
    }
    working.push(startWork(input, shared));
    while (working.length === MAX_IN_WORK || working[0]?.isDone === true) yield await deliver();
  }
  while (working.length > 0) yield await deliver();
  if (thrown !== undefined) throw thrown.error;
}

async function* untilError(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  onError: (error: unknown) => void,
): AsyncGenerator<Input, void> {
  try {
    yield* inputs;
  } catch (error) {
    onError(error);
  }
}

interface Work {
  readonly done: Promise<Rewritten>;
  /** Never rejects. */
  readonly ended: Promise<void>;
  isDone: boolean;
}

function startWork(input: Input, shared: Shared): Work {
  const done = rewriteInput(input, shared);
  const end = (): void => {
    work.isDone = true;
  };
  const work: Work = { done, ended: done.then(end, end), isDone: false };
  return work;
}

const WRITTEN = new Uint8Array(0);

interface Rewritten extends InputResult {
  /** Octets that are in memory for it. */
  readonly held: number;
}

/** For a file {@link ReadAhead} has room. Does without a turn of the event loop where nothing is to be waited for: what was just read is still in the processor. */
async function rewriteInput(input: Input, shared: Shared): Promise<Rewritten> {
  let held = 0;
  let read: FileRead | undefined;
  try {
    shared.signal?.throwIfAborted();
    if ('error' in input) return { input, result: input.error, held };
    let content: Content;
    if ('path' in input) {
      read = await readFile(input.path, shared);
      held = read.octets.length;
      content = contentOf(input.path, read.octets);
    } else {
      content = input.content;
    }
    const prepared = prepareContent(content, shared.options);
    if (prepared.kind === 'error') return { input, result: prepared, held };
    const lookup = shared.lookUp(prepared.hosts);
    const result = prepared.finish(lookup instanceof Promise ? await lookup : lookup);
    if (!('path' in input) || read === undefined || shared.inPlace === undefined)
      return { input, result, held };
    const replaced = result.changed
      ? await writeBack(input.path, { ...read, octets: result.octets }, shared)
      : undefined;
    shared.readAhead.release(held);
    held = 0;
    shared.files.release(read.octets);
    if (replaced !== undefined && shared.inPlace.fsync) await shared.files.settle(replaced);
    return { input, result: { ...result, octets: WRITTEN }, held: 0 };
  } catch (error) {
    shared.signal?.throwIfAborted();
    if (!(error instanceof FileError)) throw error;
    const { code, message } = error;
    return { input, result: { kind: 'error', code, offset: undefined, message }, held };
  }
}

async function readFile(path: FilePath, { readAhead, files }: Shared): Promise<FileRead> {
  let length = 0;
  try {
    const read = await files.read(path, MAX_CONTENT_OCTETS);
    length = read.octets.length;
    return read;
  } finally {
    readAhead.hold(length);
  }
}

/** `octets` are new, and `version` is that of the old ones. */
async function writeBack(path: FilePath, { octets, version }: FileRead, shared: Shared): Promise<Replaced> {
  const { files, inPlace, readAhead, writing } = shared;
  const { backup, fsync } = inPlace!;
  readAhead.beginWriting();
  try {
    const backUp =
      backup === undefined ? undefined : () => backUpFile(path, withSuffix(path, backup), { fsync });
    return await writing(() => files.replace(path, octets, { fsync, version, backUp }));
  } finally {
    files.release(octets);
    readAhead.endWriting();
  }
}

/** A file that says that it is a torrent is read as one, whatever it holds: the error then says what is wrong with it. */
export function contentOf(path: FilePath, octets: Uint8Array): Content {
  return isTorrentName(path) ? { kind: 'torrent', octets } : detectContent(octets);
}
