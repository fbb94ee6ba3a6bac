// Files of passkeys: one a line, and behind it what its owner is called in the operator's counts.

import { octetsToText } from '../octets/text.ts';
import { isListFull, type ListReader, readListLine, reportWord } from './list-lines.ts';
import { isPasskey, MAX_PASSKEY_OCTETS, MIN_PASSKEY_OCTETS } from './passkey-path.ts';
import { type PasskeyTable, writePasskeyId } from './passkey-table.ts';

/** Four words each; an id that is there twice is an error, because whose counts would it have? */
const ID_WORDS = 4;
/** Of a label; what is longer is cut. */
const MAX_LABEL_CHARACTERS = 64;
const HASH = 0x23;
const SEMICOLON = 0x3b;

export interface PasskeyList {
  /** Four words each, in the order of the file. */
  readonly ids: Int32Array;
  readonly count: number;
  /** By number in the list; those without one are left out. At most as many as keys. */
  readonly labels: ReadonlyMap<number, string>;
}

/** Keys as `table` knows them; at most its capacity. */
export function parsePasskeyList(reader: ListReader, table: PasskeyTable): PasskeyList {
  const { octets } = reader;
  const { capacity } = table.shared;
  const most = Math.min(capacity, Math.floor(octets.length / (MIN_PASSKEY_OCTETS + 1)) + 1);
  const ids = new Int32Array(most * ID_WORDS);
  const known = new Set<string>(); // at most `most`
  const labels = new Map<number, string>();
  let count = 0;
  while (readListLine(reader)) {
    if (isListFull(reader, count, capacity)) break;
    const { wordStart, wordEnd } = reader;
    if (!isPasskey(octets, wordStart, wordEnd)) {
      const message = `A passkey has ${MIN_PASSKEY_OCTETS} to ${MAX_PASSKEY_OCTETS} letters, digits and -._~.`;
      reportWord(reader, 'bad-passkey', message);
      continue;
    }
    const id = ids.subarray(count * ID_WORDS, (count + 1) * ID_WORDS);
    writePasskeyId(table, octets, wordStart, wordEnd, id);
    const name = id.join(' ');
    if (known.has(name)) {
      reportWord(
        reader,
        'passkey-twice',
        'An earlier line has this passkey already; take one of the two away.',
      );
      continue;
    }
    known.add(name);
    const label = labelOf(reader);
    if (label !== '') labels.set(count, label);
    count++;
  }
  return { ids, count, labels };
}

function labelOf({ octets, restStart, restEnd }: ListReader): string {
  const first = octets[restStart]!;
  if (restStart === restEnd || first === HASH || first === SEMICOLON) return '';
  return octetsToText(octets, restStart, Math.min(restEnd, restStart + MAX_LABEL_CHARACTERS));
}
