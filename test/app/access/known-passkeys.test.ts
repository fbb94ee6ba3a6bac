// What is known of passkeys while strangers try theirs: keys that are not good take a quarter of the room.

import { describe, expect, it } from 'vitest';
import { createKnownPasskeys } from '../../../src/app/access/known-passkeys.ts';
import {
  findPasskeyId,
  NO_PASSKEY,
  PasskeyState,
  writePasskeyId,
} from '../../../src/core/access/passkey-table.ts';

const CAPACITY = 16;
const UNTIL = 1_000_000;

function keys() {
  const known = createKnownPasskeys({ capacity: CAPACITY, kind: 'callback' }, (length) =>
    new Uint8Array(length).fill(7),
  );
  function idOf(key: string): Int32Array {
    const octets = Buffer.from(key.padEnd(20, '.'));
    const id = new Int32Array(4);
    writePasskeyId(known.table, octets, 0, octets.length, id);
    return id;
  }
  const letters = { '+': PasskeyState.allowed, '-': PasskeyState.denied };
  return {
    known,
    /** `+a -b`: a is good, and b is not, one after the other. */
    hear(text: string): void {
      for (const each of text.split(' ')) {
        known.set(idOf(each.slice(1)), letters[each[0] as '+' | '-'], UNTIL, each.slice(1));
      }
    },
    /** Of these keys those that something is known of. */
    knows: (text: string): string =>
      text
        .split(' ')
        .filter((key) => findPasskeyId(known.table, idOf(key)) !== NO_PASSKEY)
        .join(' '),
    keepOnly: (...kept: string[]) =>
      known.keepOnly(Int32Array.from(kept.flatMap((key) => [...idOf(key)])), kept.length),
  };
}

describe('keys that are not good', () => {
  it('make room for each other beyond a quarter', () => {
    const { hear, knows } = keys();
    hear('-a -b -c -d -e');
    expect(knows('a b c d e')).toBe('b c d e');
  });

  it('are counted once however often it is heard', () => {
    const { hear, knows } = keys();
    hear('-a -a -a -a -a -a -b -c -d');
    expect(knows('a b c d')).toBe('a b c d');
  });

  it('are not counted once they are good, and again when they are not any more', () => {
    const { hear, knows, known } = keys();
    hear('-a -b -c -d +a +b -e -f');
    expect(knows('a b c d e f')).toBe('a b c d e f');
    expect(known.allowed().map(known.labelOf)).toEqual(['a', 'b']);
    hear('-a');
    hear('-g');
    expect(knows('a b c d e f g')).toBe('a b d e f g');
  });

  it('are not counted once they are forgotten', () => {
    const { hear, knows, keepOnly, known } = keys();
    hear('-a -b -c -d');
    keepOnly('a', 'b');
    hear('-e -f');
    expect(knows('a b c d e f')).toBe('a b e f');
    known.forgetBefore(UNTIL + 1);
    hear('-g -h -i -j');
    expect(knows('a b e f g h i j')).toBe('g h i j');
  });
});

describe('a full table', () => {
  it('forgets a key that is not good before one that is', () => {
    const { hear, knows } = keys();
    const good = Array.from({ length: CAPACITY - 1 }, (_, index) => `g${index}`);
    hear(good.map((key) => `+${key}`).join(' '));
    hear('-a +z');
    expect(knows(`a z ${good.join(' ')}`)).toBe(`z ${good.join(' ')}`);
    hear('+y');
    expect(knows('y z g0 g1')).toBe('y z g1');
  });
});
