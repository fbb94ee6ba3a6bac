// The inputs that are kept: what once reached something new, and every find.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/source-tree.ts';
import type { FuzzTarget } from './target.ts';

export interface KeptInput {
  /** Of the file. Those of finds say what was found. */
  readonly name: string;
  readonly octets: Uint8Array;
}

/** What a run has left: not a find, replaced by the next run that keeps. */
const REACHED_PREFIX = 'reached-';

function folderOf(target: FuzzTarget): string {
  return join(projectRoot, 'test', 'vectors', 'fuzz', target.name);
}

export function readCorpus(target: FuzzTarget): KeptInput[] {
  const folder = folderOf(target);
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return []; // nothing is kept yet
  }
  return names.map((name) => ({ name, octets: Uint8Array.from(readFileSync(join(folder, name))) }));
}

function nameOf(prefix: string, octets: Uint8Array): string {
  return `${prefix}${createHash('sha256').update(octets).digest('hex').slice(0, 12)}`;
}

/** Puts these in the place of what earlier runs have left; finds stay. */
export function writeReached(target: FuzzTarget, inputs: readonly Uint8Array[]): void {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.startsWith(REACHED_PREFIX)) rmSync(join(folder, name));
  for (const octets of inputs) writeFileSync(join(folder, nameOf(REACHED_PREFIX, octets)), octets);
}

/** The path of the file. */
export function writeFind(target: FuzzTarget, octets: Uint8Array): string {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, nameOf('find-', octets));
  writeFileSync(path, octets);
  return path;
}
