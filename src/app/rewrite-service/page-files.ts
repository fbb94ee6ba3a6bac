// The files of the page, in memory. In a checkout its scripts are TypeScript, of which a browser gets what is left when
// the types are gone; the build has done that before the package is packed.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly octets: Buffer;
  readonly type: string;
  /** Strong (RFC 9110 §8.8.3). */
  readonly etag: string;
}

const TYPES: { readonly [ending: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const FOLDER = fileURLToPath(new URL('../../web/', import.meta.url));

/** By name, scripts as `.js`; as many as the folder `web` has. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(FOLDER).sort()) {
    const text = readFileSync(FOLDER + name, 'utf8');
    const isSource = name.endsWith('.ts') && !name.endsWith('.d.ts');
    const served = isSource ? `${name.slice(0, -3)}.js` : name;
    const type = TYPES[extname(served)];
    if (type !== undefined) files.set(served, createPageFile(isSource ? toScript(text) : text, type));
  }
  return files;
}

export function createPageFile(text: string, type: string): PageFile {
  const octets = Buffer.from(text);
  const etag = `"${createHash('sha256').update(octets).digest('base64url').slice(0, 22)}"`;
  return { octets, type, etag };
}

/** As the build does it: types go, and imports name scripts. */
function toScript(source: string): string {
  return stripQuietly(source).replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
}

/** That Node calls this experimental is for us to know, and not for whoever starts a checkout. */
function stripQuietly(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
