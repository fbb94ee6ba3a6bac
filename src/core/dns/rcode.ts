// Response codes as people read them.

import { Rcode } from './record-type.ts';

const NAMES = new Map<number, string>(Object.entries(Rcode).map(([name, code]) => [code, name]));

/** The mnemonic, or `RCODE12`. */
export function formatRcode(rcode: number): string {
  return NAMES.get(rcode) ?? `RCODE${rcode}`;
}
