// What the arguments of `portolan rewrite` are.

import { join, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type ContentError, detectContent, MAX_CONTENT_OCTETS } from '../app/rewrite/rewrite-content.ts';
import type { Input } from '../app/rewrite/rewrite-files.ts';
import { createGatherer } from '../core/octets/gather.ts';
import { redactUrl } from '../core/rewrite/redact.ts';
import { isMagnet } from '../core/torrent/magnet.ts';
import { redactMagnet } from '../core/torrent/redact-magnet.ts';
import { type FilePath, pathText } from '../io/files/file-path.ts';
import { FileError } from '../io/files/files.ts';
import { type Found, findTorrents, isFolder, isTorrentName } from '../io/files/find-torrents.ts';
import { findNamed } from '../io/files/named-path.ts';
import { isPipe, readPipe } from '../io/files/pipe.ts';
import type { CliIo } from './cli-io.ts';

export interface Inputs {
  readonly all: AsyncIterable<Input>;
  readonly hasFiles: boolean;
  readonly hasFolders: boolean;
  /** Torrents are among them, by name or as a folder of them. */
  readonly hasTorrents: boolean;
  /** How many there are, folders that cannot be read among them; folders are searched for it. */
  count(): Promise<number>;
  /** Whether it was found in a folder, and not named. */
  isFromFolder(input: Input): boolean;
}

/**
 * Tells URLs and magnet links from paths, folders and pipes from files. Nothing but folders is opened before its turn;
 * `writesBack` says that files will be, which pipes cannot.
 */
export async function listInputs(given: readonly string[], writesBack: boolean, io: CliIo): Promise<Inputs> {
  const args = given.map(withoutBlanks);
  const names = args.filter((argument) => argument !== '-' && !isMagnet(argument) && !isUrl(argument));
  const paths = new Map<string, FilePath | undefined>(); // both: at most one entry an argument
  const folders = new Map<string, FilePath>();
  for (const name of names) {
    const path = await findNamed(resolve(io.workingDirectory, name));
    paths.set(name, path);
    if (path !== undefined && (await isFolder(path))) folders.set(name, path);
  }
  async function* all(): AsyncGenerator<Input> {
    for (const argument of args) {
      const folder = folders.get(argument);
      if (argument === '-') {
        yield await readStandardInput(io.stdin);
      } else if (isMagnet(argument)) {
        yield { label: redactMagnet(argument), content: { kind: 'magnet', text: argument } };
      } else if (isUrl(argument)) {
        yield { label: redactUrl(argument), content: { kind: 'url', text: argument } };
      } else if (folder === undefined) {
        yield await toInput(argument, paths.get(argument), writesBack);
      } else {
        const labelOf = (path: FilePath): string =>
          join(argument, relative(pathText(folder), pathText(path)));
        for await (const found of findTorrents(folder)) yield foundInput(found, labelOf);
      }
    }
  }
  async function count(): Promise<number> {
    let inputs = args.filter((argument) => !folders.has(argument)).length;
    for (const argument of args) {
      const folder = folders.get(argument);
      if (folder !== undefined) for await (const _found of findTorrents(folder)) inputs++;
    }
    return inputs;
  }
  const isFromFolder = (input: Input): boolean => !args.includes(input.label);
  const hasTorrents = folders.size > 0 || names.some(isTorrentName);
  return {
    all: all(),
    hasFiles: names.length > 0,
    hasFolders: folders.size > 0,
    hasTorrents,
    count,
    isFromFolder,
  };
}

function foundInput(found: Found, labelOf: (path: FilePath) => string): Input {
  if ('path' in found) return { label: labelOf(found.path), path: found.path };
  const { code, message } = found.error;
  return { label: labelOf(found.folder), error: errorOf(code, message) };
}

async function toInput(label: string, path: FilePath | undefined, writesBack: boolean): Promise<Input> {
  if (path === undefined) {
    const message = `${label}: several names that are not UTF-8 read so; give their folder instead`;
    return { label, error: errorOf('ambiguous-name', message) };
  }
  return (await isPipe(path)) ? readPipeInput(label, path, writesBack) : { label, path };
}

async function readPipeInput(label: string, path: FilePath, writesBack: boolean): Promise<Input> {
  if (writesBack) return { label, error: errorOf('not-a-file', `${label}: a pipe cannot be written back`) };
  try {
    return { label, content: detectContent(await readPipe(path, MAX_CONTENT_OCTETS)) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { label, error: errorOf(error.code, error.message) };
  }
}

function errorOf(code: string, message: string): ContentError {
  return { kind: 'error', code, offset: undefined, message };
}

/** A URL or a magnet link without the blanks that were copied with it; a path as it is, since it may have some. */
export function withoutBlanks(argument: string): string {
  const text = argument.trim();
  return isMagnet(text) || isUrl(text) ? text : argument;
}

function isUrl(argument: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(argument);
}

/** The whole stream, up to what a torrent may have. */
async function readStandardInput(stream: Readable): Promise<Input> {
  const label = 'standard input';
  const gathered = createGatherer(MAX_CONTENT_OCTETS);
  for await (const chunk of stream) {
    const octets = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : (chunk as Uint8Array);
    if (!gathered.add(octets)) {
      const message = `${label} has more than ${MAX_CONTENT_OCTETS} octets, more than any torrent`;
      return { label, error: errorOf('too-large', message) };
    }
  }
  return { label, content: detectContent(gathered.octets()) };
}
