import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createListReader } from '../../../src/core/access/list-lines.ts';
import {
  attachPasskeyAsks,
  createPasskeyAsks,
  putAsk,
  takeAsks,
} from '../../../src/core/access/passkey-asks.ts';
import { parsePasskeyList } from '../../../src/core/access/passkey-list.ts';
import { createTrackerPath, pathEnd, readTrackerPath } from '../../../src/core/access/passkey-path.ts';
import {
  addPasskey,
  attachPasskeys,
  BUSY,
  countPasskeyAnnounce,
  createPasskeys,
  FOREVER,
  findPasskey,
  NO_PASSKEY,
  PasskeyState,
  passkeyCounts,
  passkeyTotal,
  removePasskey,
  stateOfPasskey,
  writePasskeyId,
} from '../../../src/core/access/passkey-table.ts';

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index * 5 + 1);

function tableOf(capacity: number) {
  return attachPasskeys(createPasskeys({ secret: SECRET, capacity, isAsked: false }));
}

function octetsOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

describe('the path of a private tracker', () => {
  it.each([
    ['/announce', 'announce', ''],
    ['/KEY/announce', 'announce', 'KEY'],
    ['/announce/KEY', 'announce', 'KEY'],
    ['/a/b/KEY/announce', 'announce', 'KEY'],
    ['/x/announce/KEY', 'announce', 'KEY'],
    ['/KEY/scrape', 'scrape', 'KEY'],
    ['/scrape/KEY', 'scrape', 'KEY'],
    ['/announce/KEY?a=/announce', 'announce', 'KEY'],
    ['/announce/', 'announce', ''],
    ['/announce/announce', 'announce', 'announce'],
    ['/KEY', 'other', ''],
    ['/KEY/', 'other', ''],
    ['announce', 'other', ''],
    ['', 'other', ''],
    ['/', 'other', ''],
    ['/KEY/announced', 'other', 'announced'],
    ['/KEY/announce/', 'announce', 'KEY'],
    ['/announce/KEY/', 'announce', 'KEY'],
    ['/announce/?passkey=KEY', 'announce', 'KEY'],
    ['/announce.php?passkey=KEY', 'announce', 'KEY'],
    ['/tracker/announce.php?passkey=KEY&info_hash=x', 'announce', 'KEY'],
    ['/announce?info_hash=x&passkey=KEY', 'announce', 'KEY'],
    ['/scrape.php?passkey=KEY', 'scrape', 'KEY'],
    ['/announce.php/KEY', 'announce', 'KEY'],
    ['/announce?xpasskey=KEY', 'announce', ''],
    ['/announce?passkey', 'announce', ''],
    ['/announce?passkey=', 'announce', ''],
    ['/announce?passkey=ONE&passkey=TWO', 'announce', 'ONE'],
    ['/0123456789abcdef/announce?passkey=KEY', 'announce', '0123456789abcdef'],
    ['/index.php?passkey=KEY', 'other', ''],
  ])('%s is an %s of %s', (text, kind, key) => {
    const octets = octetsOf(text);
    const path = createTrackerPath();
    readTrackerPath(octets, 0, pathEnd(octets, 0, octets.length), octets.length, true, path);
    expect([path.kind, text.slice(path.keyStart, path.keyEnd)]).toEqual([kind, key]);
  });

  it('is announce or scrape at its end alone where the tracker is public', () => {
    const kindOf = (text: string) => {
      const path = createTrackerPath();
      const octets = octetsOf(text);
      readTrackerPath(octets, 0, pathEnd(octets, 0, text.length), text.length, false, path);
      return path.kind;
    };
    expect(kindOf('/x/announce')).toBe('announce');
    expect(kindOf('/announce/x')).toBe('other');
    expect(kindOf('/announce/')).toBe('announce');
    expect(kindOf('/announce//')).toBe('other');
    expect(kindOf('/announce.php')).toBe('announce');
    expect(kindOf('/x/scrape.php/?a=b')).toBe('scrape');
    expect(kindOf('/.php')).toBe('other');
    expect(kindOf('/announce.php.php')).toBe('other');
    expect(kindOf('/announce.phtml')).toBe('other');
    expect(kindOf('/index.php')).toBe('other');
    expect(kindOf('/')).toBe('other');
    expect(kindOf('')).toBe('other');
  });
});

describe('the table of passkeys', () => {
  it('has what a Map has, whatever is added and removed', () => {
    const key = fc.integer({ min: 0, max: 30 }).map((number) => `passkey-number-${number}`);
    const step = fc.record({ key, isAdded: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = tableOf(32);
        const model = new Map<string, number>();
        const free = Array.from({ length: 32 }, (_, record) => record);
        const id = new Int32Array(4);
        for (const { key: text, isAdded } of steps) {
          const octets = octetsOf(text);
          const record = model.get(text);
          expect(findPasskey(table, octets, 0, octets.length)).toBe(record ?? NO_PASSKEY);
          if (isAdded && record === undefined) {
            writePasskeyId(table, octets, 0, octets.length, id);
            const taken = free.pop()!;
            addPasskey(table, taken, id, PasskeyState.allowed, FOREVER);
            model.set(text, taken);
          } else if (!isAdded && record !== undefined) {
            removePasskey(table, record);
            model.delete(text);
            free.push(record);
          }
          expect(passkeyTotal(table)).toBe(model.size);
          for (const [known, place] of model) {
            expect(findPasskey(table, octetsOf(known), 0, known.length)).toBe(place);
            expect(stateOfPasskey(table, place)).toBe(PasskeyState.allowed);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lets a reader go that comes again and again into a change', () => {
    const table = tableOf(16);
    Atomics.add(table.head, 0, 1);
    expect(findPasskey(table, octetsOf('k'), 0, 1)).toBe(BUSY);
  });

  it('counts apart, and from nothing for the next key in a record', () => {
    const table = tableOf(16);
    const id = Int32Array.of(1, 2, 3, 4);
    addPasskey(table, 7, id, PasskeyState.allowed, FOREVER);
    countPasskeyAnnounce(table, 7, false);
    countPasskeyAnnounce(table, 7, true);
    expect(passkeyCounts(table, 7)).toEqual({ announces: 2, completed: 1 });
    removePasskey(table, 7);
    addPasskey(table, 7, id, PasskeyState.allowed, FOREVER);
    expect(passkeyCounts(table, 7)).toEqual({ announces: 0, completed: 0 });
  });

  it('holds no octet of a key', () => {
    const table = tableOf(16);
    const key = octetsOf('aaaaaaaaaaaaaaaaaaaa');
    const id = new Int32Array(4);
    writePasskeyId(table, key, 0, key.length, id);
    addPasskey(table, 0, id, PasskeyState.allowed, FOREVER);
    expect(Buffer.from(table.shared.memory).includes('aaa')).toBe(false);
  });
});

describe('the ring of passkeys that are asked about', () => {
  it('has room for 256, drops the rest, and is free when they are taken', () => {
    const asks = attachPasskeyAsks(createPasskeyAsks());
    for (let number = 0; number < 300; number++) {
      const key = octetsOf(`-passkey-${String(number).padStart(8, '0')}`);
      putAsk(asks, key, 1, key.length);
    }
    const taken = takeAsks(asks).map((octets) => Buffer.from(octets).toString());
    expect(taken).toHaveLength(256);
    expect(taken[0]).toBe('passkey-00000000');
    expect(takeAsks(asks)).toEqual([]);
    putAsk(asks, octetsOf('x'.repeat(64)), 0, 64);
    expect(takeAsks(asks)).toHaveLength(1);
  });
});

describe('a file of passkeys', () => {
  const KEY = 'a1b2c3d4e5f6a7b8';

  function problemsOf(text: string, capacity = 16): string[] {
    const reader = createListReader(octetsOf(text));
    parsePasskeyList(reader, tableOf(capacity));
    return reader.problems.map(({ code, line, column }) => `${line}:${column} ${code}`);
  }

  it('has keys and labels', () => {
    const text = `# keys\r\n${KEY}  Alice of Ghent\r\n${KEY}0 # none\n${'z'.repeat(64)}`;
    const { count, labels } = parsePasskeyList(createListReader(octetsOf(text)), tableOf(16));
    expect([count, [...labels]]).toEqual([3, [[0, 'Alice of Ghent']]]);
  });

  it.each([
    ['a key of 15', KEY.slice(1), ['1:1 bad-passkey']],
    ['a key of 65', 'a'.repeat(65), ['1:1 bad-passkey']],
    ['a slash', `${KEY}/x`, ['1:1 bad-passkey']],
    ['one key twice', `${KEY} a\n${KEY} b`, ['2:1 passkey-twice']],
    ['more keys than there may be', `${KEY}\n${KEY}1\n${KEY}2`, ['3:1 list-too-large']],
  ])('is refused with %s', (_, text, expected) => {
    expect(problemsOf(text, 2)).toEqual(expected);
  });

  it('says nothing of a key in what is wrong with it', () => {
    const reader = createListReader(octetsOf(`${KEY}!\n${KEY}\n${KEY}`));
    parsePasskeyList(reader, tableOf(16));
    expect(JSON.stringify(reader.problems)).not.toContain(KEY);
    expect(reader.problems).toHaveLength(2);
  });
});
