// Zones to measure with: numbered names, each with one A record.

import { closeSync, openSync, writeSync } from 'node:fs';
import { NAME_DIGITS, PRESENT } from './load/dns-protocol.ts';

export const APEX = 'bench.example';

/** The first label of name number `index`. */
export function nameOf(index: number): string {
  return `${PRESENT}${String(index).padStart(NAME_DIGITS, '0')}`;
}

/** An address of 10.0.0.0/8. */
export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

const LINES_A_WRITE = 10_000;

/** Writes a zone of `names` names beside those that every zone has. */
export function writeZone(path: string, names: number): void {
  const file = openSync(path, 'w');
  writeSync(
    file,
    `$ORIGIN ${APEX}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 604800 60\n@ NS ns\nns A 127.0.0.1\n`,
  );
  for (let first = 0; first < names; first += LINES_A_WRITE) {
    const count = Math.min(LINES_A_WRITE, names - first);
    const lines = Array.from(
      { length: count },
      (_, offset) => `${nameOf(first + offset)} A ${addressOf(first + offset)}\n`,
    );
    writeSync(file, lines.join(''));
  }
  closeSync(file);
}
