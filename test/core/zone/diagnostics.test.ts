// One file for each code, with exactly that defect. Its first line says where the finding stands.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { DIAGNOSTICS, type DiagnosticCode } from '../../../src/core/zone/diagnostic-codes.ts';
import { MAX_DIAGNOSTICS } from '../../../src/core/zone/diagnostic-list.ts';
import { type IncludeReader, parseZone } from '../../../src/core/zone/language/parser.ts';

const FOLDER = fileURLToPath(new URL('../../vectors/zones/', import.meta.url));
const CODES = Object.keys(DIAGNOSTICS) as DiagnosticCode[];

/** 2030: after the signatures of signature-expired.zone, before those of the others. */
const NOW_SECONDS = 1_893_456_000;

/** Files that the vectors include, beside them in no folder. */
const include: IncludeReader = (path) => {
  const depth = /^deeper\/(\d+)\.inc$/.exec(path)?.[1];
  if (depth !== undefined) return included(path, `$INCLUDE deeper/${Number(depth) + 1}.inc\n`);
  if (path === 'loop.inc') return included(path, '$INCLUDE loop.inc\n');
  if (path === 'empty.inc') return included(path, '; nothing\n');
  return { failure: `There is no file ${path}.` };
};

function included(path: string, text: string) {
  return { path, octets: textToOctets(text) };
}

/** `code severity file:line:column` of every finding. */
function findings(code: string): { header: string; all: string[] } {
  const octets = new Uint8Array(readFileSync(`${FOLDER}${code}.zone`));
  const header = new TextDecoder().decode(octets.subarray(0, octets.indexOf(0x0a)));
  const limit = /with at most (\d+) octets/.exec(header)?.[1];
  const options = limit === undefined ? { include } : { include, maximumOctets: Number(limit) };
  const zone = parseZone({ path: 'zone', octets }, options);
  const diagnostics = [...zone.diagnostics, ...checkZone(zone, { nowSeconds: NOW_SECONDS })];
  const all = diagnostics.map(
    (each) => `${each.code} ${each.severity} ${each.file}:${each.line}:${each.column}`,
  );
  return { header, all };
}

describe('each code', () => {
  it.each(CODES)('%s is found in its file, there and nowhere else', (code) => {
    const { header, all } = findings(code);
    const place = /^; finding at (\S+?:\d+:\d+)/.exec(header)?.[1];
    const wanted = `${code} ${DIAGNOSTICS[code].severity} ${place}`;
    if (code === 'too-many-diagnostics' || code === 'too-many-warnings') {
      expect(all.length).toBe(MAX_DIAGNOSTICS + 1);
      expect(all.at(-1)).toBe(wanted);
    } else {
      expect(all).toEqual([wanted]);
    }
  });
});

it('has no file for a code that is gone', () => {
  const known = new Set(CODES.map((code) => `${code}.zone`));
  expect(readdirSync(FOLDER).filter((file) => file.endsWith('.zone') && !known.has(file))).toEqual([]);
});
