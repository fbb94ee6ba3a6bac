// Many inputs of `portolan rewrite`, several at a time, results in the order of the inputs; and writing them back.

import type { RewriteOptions } from '../../core/rewrite/decide.ts';
import { readFileBounded, writeFileAtomic } from '../../io/files.ts';
import type { Resolver } from '../../io/resolver.ts';
import { backUpFile } from '../../io/torrent-files.ts';
import { lookUpHosts } from './lookup-hosts.ts';
import {
  type Content,
  type ContentError,
  detectContent,
  MAX_CONTENT_OCTETS,
  type RewrittenContent,
  rewriteContent,
} from './rewrite-content.ts';

/** Inputs in work: enough to keep look-ups of several files in flight, few enough to bound memory. */
const CONCURRENCY = 16;

/**
 * `label` names the input as it was given, without passkeys: it may hold anything that a file name may. A file is read
 * when its turn comes.
 */
export type Input =
  | { readonly label: string; readonly path: string }
  | { readonly label: string; readonly content: Content };

export interface RewriteRun {
  readonly resolver: Pick<Resolver, 'lookupPreference'>;
  readonly options: RewriteOptions;
  /** Changed files are written back, after a copy with `backup` added to their name. */
  readonly inPlace?: { readonly backup: string | undefined };
  readonly signal?: AbortSignal | undefined;
}

export interface InputResult {
  readonly input: Input;
  /** An error leaves the input as it was. */
  readonly result: RewrittenContent | ContentError;
}

/** Results in the order of the inputs. At most {@link CONCURRENCY} inputs are in memory. */
export async function* rewriteInputs(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  run: RewriteRun,
): AsyncGenerator<InputResult> {
  const working: Promise<InputResult>[] = []; // bounded by CONCURRENCY, in order
  for await (const input of inputs) {
    const work = rewriteInput(input, run);
    work.catch(() => {}); // awaited below; an abort must not count as unhandled until then
    working.push(work);
    if (working.length === CONCURRENCY) yield await working.shift()!;
  }
  for (const work of working) yield await work;
}

async function rewriteInput(input: Input, run: RewriteRun): Promise<InputResult> {
  run.signal?.throwIfAborted();
  try {
    const content = 'path' in input ? await readContent(input.path) : input.content;
    const lookUp = (hosts: readonly string[]) => lookUpHosts(run.resolver, hosts, run);
    const result = await rewriteContent(content, lookUp, run.options);
    if (result.kind !== 'error' && 'path' in input && run.inPlace !== undefined && result.changed) {
      if (run.inPlace.backup !== undefined)
        await backUpFile(input.path, `${input.path}${run.inPlace.backup}`);
      await writeFileAtomic(input.path, result.octets);
    }
    return { input, result };
  } catch (error) {
    run.signal?.throwIfAborted();
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return {
      input,
      result: { kind: 'error', code: String(error.code), offset: undefined, message: error.message },
    };
  }
}

/** A file that says that it is a torrent is read as one, whatever it holds: the error then says what is wrong with it. */
async function readContent(path: string): Promise<Content> {
  const octets = await readFileBounded(path, MAX_CONTENT_OCTETS);
  return path.toLowerCase().endsWith('.torrent') ? { kind: 'torrent', octets } : detectContent(octets);
}
