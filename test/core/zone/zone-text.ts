// Zones in text for tests: what was read, in the same notation.

import { parseName } from '../../../src/core/dns/name.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { formatRecord } from '../../../src/core/zone/language/format.ts';
import { type ParsedZone, type ParseOptions, parseZone } from '../../../src/core/zone/language/parser.ts';

export function nameOf(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${text}: ${name}`);
  return name;
}

/** Reads `text`, one character an octet, in a file called `zone`. */
export function readZone(text: string, options: ParseOptions = { origin: nameOf('example.') }): ParsedZone {
  return parseZone({ path: 'zone', octets: textToOctets(text) }, options);
}

/** Records as `owner ttl IN type data`. */
export function recordsOf({ records }: Pick<ParsedZone, 'records'>): string[] {
  return Array.from({ length: records.count }, (_, row) => formatRecord(records, row).replaceAll('\t', ' '));
}

/** The parser's findings as `line:column code`. */
export function faultsOf(zone: ParsedZone): string[] {
  return zone.diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** All findings as `line:column code`. */
export function findingsOf(zone: ParsedZone): string[] {
  return [...zone.diagnostics, ...checkZone(zone)].map(
    ({ line, column, code }) => `${line}:${column} ${code}`,
  );
}

export const HEAD = '@ 60 SOA ns hostmaster 1 1h 15m 1w 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n';
