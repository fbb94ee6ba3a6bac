// Messages of a primary as zone lines, and what the reader makes of them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../src/core/transfer/apply-changes.ts';
import {
  createTransferReader,
  type TransferReading,
  type TransferReadLimits,
} from '../../../src/core/transfer/incoming.ts';
import { RecordBlock } from '../../../src/core/transfer/record-block.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { formatFields } from '../../../src/core/zone/rdata/format.ts';
import { RecordTable } from '../../../src/core/zone/record-table.ts';
import { ID, linesOf, nameOf } from './transfer-zones.ts';

interface MessageSpec {
  readonly id?: number;
  readonly flags?: number;
  /** Name and type of the question; undefined for no question. */
  readonly question?: readonly [name: string, type: number] | undefined;
  readonly class?: number;
}

const AXFR = 252;
const IXFR = 251;
/** `example.` in hexadecimal. */
const APEX = '076578616d706c6500';
const SOA = (serial: number) => `@ 60 SOA ns host ${serial} 2 3 4 5`;

/** One message with the records of `lines`, uncompressed. */
function message(lines: readonly string[], spec: MessageSpec = {}): Uint8Array {
  const { id = ID, flags = 0x8400 } = spec;
  const question = 'question' in spec ? spec.question : (['example.', AXFR] as const);
  const text = `${lines.join('\n')}\n`;
  const { records } = parseZone({ path: 'zone', octets: Buffer.from(text) }, { origin: nameOf('example.') });
  expect(records.count).toBe(lines.length);
  const block = new RecordBlock();
  for (let row = 0; row < records.count; row++) {
    const rdata = records.rdata(row);
    const owner = records.octets.subarray(records.owners[row]!);
    block.append(owner, records.types[row]!, records.ttls[row]!, rdata, rdata.length);
  }
  const head = Buffer.alloc(12);
  for (const [index, word] of [id, flags, question === undefined ? 0 : 1, block.count].entries()) {
    head.writeUInt16BE(word, index * 2);
  }
  const asked =
    question === undefined
      ? []
      : [...nameOf(question[0]), question[1] >> 8, question[1] & 255, 0, spec.class ?? 1];
  return Uint8Array.from([...head, ...asked, ...block.octets()]);
}

const incremental = (lines: readonly string[]) => message(lines, { question: ['example.', IXFR] });
const later = (lines: readonly string[]) => message(lines, { question: undefined });

interface ReadSpec {
  /** For IXFR: the version at hand. */
  readonly serial?: number;
  readonly limits?: Partial<TransferReadLimits>;
}

function read(messages: readonly Uint8Array[], { serial, limits = {} }: ReadSpec = {}): TransferReading {
  const apex = nameOf('example.');
  const reader = createTransferReader(
    serial === undefined
      ? { apex, kind: 'axfr', id: ID, limits }
      : { apex, kind: 'ixfr', id: ID, serial, limits },
  );
  const readings = messages.map((each) => reader.read(each, 0));
  for (const reading of readings.slice(0, -1)) expect(reading).toEqual({ kind: 'more' });
  return readings.at(-1)!;
}

function failure(reading: TransferReading): string {
  if (reading.kind !== 'failed') return reading.kind;
  expect(reading.message).toMatch(/^[A-Z].*\.$/);
  return reading.code;
}

function linesRead(reading: TransferReading): string[] {
  if (reading.kind !== 'done') throw new Error(JSON.stringify(reading));
  return linesOf(reading.records);
}

const ZONE = [
  'example.\t60\tIN\tNS\tns.example.',
  'example.\t60\tIN\tSOA\tns.example. host.example. 9 2 3 4 5',
  'ns.example.\t60\tIN\tA\t192.0.2.1',
];

describe('the answer to AXFR', () => {
  it.each([
    ['in one message', [message([SOA(9), '@ 60 NS ns', 'ns 60 A 192.0.2.1', SOA(9)])]],
    [
      'one record a message, the question once',
      [message([SOA(9)]), later(['@ 60 NS ns']), later(['ns 60 A 192.0.2.1']), later([SOA(9)])],
    ],
    [
      'the question in every message, and in other letters',
      [
        message([SOA(9), '@ 60 NS ns'], { question: ['EXAMPLE.', AXFR] }),
        message(['ns 60 A 192.0.2.1', SOA(9)]),
      ],
    ],
    ['without AA', [message([SOA(9), '@ 60 NS ns', 'ns 60 A 192.0.2.1', SOA(9)], { flags: 0x8000 })]],
  ] as const)('is the zone: %s', (_, messages) => {
    expect(linesRead(read(messages))).toEqual(ZONE);
  });

  it('leaves out what is not of the zone, and counts it', () => {
    const reading = read([
      message([
        SOA(9),
        '@ 60 NS ns',
        'ns.other. 60 A 192.0.2.9',
        'ns 60 A 192.0.2.1',
        'badexample. 60 A 192.0.2.9',
        SOA(9),
      ]),
    ]);
    expect(linesRead(reading)).toEqual(ZONE);
    expect(reading).toMatchObject({ ignored: 2 });
  });

  it('takes a TTL with the highest bit as 0 (RFC 2181 §8)', () => {
    const octets = message([SOA(9), 'a 305419896 A 192.0.2.1', SOA(9)]);
    octets[Buffer.from(octets).indexOf(Buffer.from('12345678', 'hex'))] = 0x92;
    expect(linesRead(read([octets]))).toContain('a.example.\t0\tIN\tA\t192.0.2.1');
  });

  it('writes out names where senders may compress them, and nowhere else (RFC 3597 §4)', () => {
    // MX 5 → the apex of the question; TYPE65280 with the same octets.
    const octets = message([SOA(9), 'a 60 TYPE15 \\# 3 000500', 'a 60 TYPE65280 \\# 4 0005c00c', SOA(9)]);
    const text = Buffer.from(octets).toString('latin1').replace('\0\x03\0\x05\0', '\0\x04\0\x05\xc0\x0c');
    expect(linesRead(read([Buffer.from(text, 'latin1')])).slice(0, 2)).toEqual([
      'a.example.\t60\tIN\tMX\t5 example.',
      'a.example.\t60\tIN\tTYPE65280\t\\# 4 0005c00c',
    ]);
  });

  it.each([
    ['MB', APEX, 'c00c', 'example.'],
    ['MINFO', `${APEX}016100`, 'c00c016100', 'example. a.'],
    ['AFSDB', `0005${APEX}`, '0005c00c', '5 example.'],
    ['RT', `0005${APEX}`, '0005c00c', '5 example.'],
    ['PX', `0005${APEX}016100`, '0005c00c016100', '5 example. a.'],
    ['NXT', `${APEX}40`, 'c00c40', 'example. A'],
  ])('writes out the name in %s', (type, whole, compressed, text) => {
    const octets = message([SOA(9), `a 60 ${type} \\# ${whole.length / 2} ${whole}`, SOA(9)]);
    const [long, short] = [whole, compressed].map((hex) =>
      Buffer.from(`00${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`, 'hex').toString('latin1'),
    );
    const changed = Buffer.from(octets).toString('latin1').replace(long!, short!);
    expect(changed.length).toBe(octets.length - APEX.length / 2 + 2);
    expect(linesRead(read([Buffer.from(changed, 'latin1')]))).toContain(
      `a.example.\t60\tIN\t${type}\t${text}`,
    );
  });

  it.each([
    ['refused', 'refused', [message([], { flags: 0x8405 })]],
    ['refused without a question', 'refused', [message([], { flags: 0x8001, question: undefined })]],
    ['another id', 'wrong-answer', [message([SOA(9), SOA(9)], { id: ID + 1 })]],
    ['a question instead of an answer', 'wrong-answer', [message([SOA(9), SOA(9)], { flags: 0 })]],
    ['another opcode', 'wrong-answer', [message([SOA(9), SOA(9)], { flags: 0xa400 })]],
    ['another zone', 'wrong-answer', [message([SOA(9), SOA(9)], { question: ['other.', AXFR] })]],
    ['another type', 'wrong-answer', [message([SOA(9), SOA(9)], { question: ['example.', 1] })]],
    ['another class in the question', 'wrong-answer', [message([SOA(9), SOA(9)], { class: 3 })]],
    ['no question at first', 'wrong-answer', [later([SOA(9), SOA(9)])]],
    ['truncated', 'malformed-message', [message([SOA(9), SOA(9)], { flags: 0x8600 })]],
    ['no whole header', 'malformed-message', [new Uint8Array(11)]],
    ['no records', 'wrong-sequence', [message([])]],
    ['no records later', 'wrong-sequence', [message([SOA(9)]), later([])]],
    ['no SOA first', 'wrong-sequence', [message(['@ 60 NS ns', SOA(9)])]],
    ['first a record of another zone', 'wrong-sequence', [message(['other. 60 A 192.0.2.1', SOA(9)])]],
    ['the SOA of another zone', 'wrong-sequence', [message(['other. 60 SOA ns host 9 2 3 4 5'])]],
    ['a SOA below the apex', 'wrong-sequence', [message([SOA(9), 'a 60 SOA ns host 9 2 3 4 5', SOA(9)])]],
    ['another serial at the end', 'wrong-sequence', [message([SOA(9), '@ 60 NS ns', SOA(8)])]],
    ['records after the end', 'wrong-sequence', [message([SOA(9), SOA(9), '@ 60 NS ns'])]],
    ['an A record of five octets', 'malformed-record', [forged('a 60 TYPE65280 \\# 5 0102030405', 1)]],
    ['a TXT record whose string is cut', 'malformed-record', [forged('a 60 TYPE65280 \\# 2 0301', 16)]],
    ['an NS record with more behind its name', 'malformed-record', [forged('a 60 TYPE65280 \\# 2 0000', 2)]],
    ['an NS record that points to itself', 'malformed-record', [forged('a 60 TYPE65280 \\# 2 c03c', 2)]],
    ['an NSEC3 record that is cut', 'malformed-record', [forged('a 60 TYPE65280 \\# 2 0101', 50)]],
    ['a record of type ANY', 'meta-type', [forged('a 60 TYPE65280 \\# 0', 255)]],
    ['an OPT record', 'meta-type', [forged('a 60 TYPE65280 \\# 0', 41)]],
  ] as const)('fails: %s', (_, code, messages) => {
    expect(failure(read(messages))).toBe(code);
  });

  it('takes data that the zone language can write, and no other', () => {
    const types = [1, 2, 16, 28, 46, 47, 50];
    const octet = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.array(octet, { maxLength: 30 }), (type, octets) => {
        const rdata = Uint8Array.from(octets);
        const hex = Buffer.from(rdata).toString('hex');
        const reading = read([forged(`a 60 TYPE65280 \\# ${rdata.length} ${hex}`, type)]);
        const hasPointer = type === 2 && octets.some((each) => each >= 0xc0);
        if (!hasPointer) expect(reading.kind === 'done').toBe(formatFields(type, rdata) !== undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('fails at a record of class CH', () => {
    const octets = message([SOA(9), 'a 60 TYPE65280 \\# 0', SOA(9)]);
    octets[Buffer.from(octets).indexOf(Buffer.from('ff00', 'hex')) + 3] = 3;
    expect(failure(read([octets]))).toBe('wrong-class');
  });

  it('fails at counts that promise more than there is', () => {
    const octets = message([SOA(9), '@ 60 NS ns']);
    octets[7] = 200;
    expect(failure(read([octets]))).toBe('malformed-record');
  });

  it('ends a primary that never ends, by records and by octets', () => {
    for (const limits of [{ maxRecords: 1000 }, { maxOctets: 10_000 }]) {
      const reader = createTransferReader({ apex: nameOf('example.'), kind: 'axfr', id: ID, limits });
      expect(reader.read(message([SOA(9)]), 0)).toEqual({ kind: 'more' });
      const endless = later(['a 60 A 192.0.2.1', 'b 60 A 192.0.2.1']);
      let messages = 1;
      while (reader.read(endless, 0).kind === 'more') messages++;
      expect(failure(reader.read(endless, 0))).toBe('too-large');
      expect(messages).toBeLessThanOrEqual(500);
    }
  });

  it('is over when it is over', () => {
    const reader = createTransferReader({ apex: nameOf('example.'), kind: 'axfr', id: ID });
    const done = reader.read(message([SOA(9), '@ 60 NS ns', SOA(9)]), 0);
    expect(reader.read(message([SOA(9)]), 0)).toBe(done);
  });
});

/** A message whose record of TYPE65280 says that it is of `type`. */
function forged(line: string, type: number): Uint8Array {
  const octets = message([SOA(9), line, SOA(9)]);
  const at = Buffer.from(octets).indexOf(Buffer.from('ff000001', 'hex'));
  octets[at] = type >> 8;
  octets[at + 1] = type & 255;
  return octets;
}

describe('the answer to IXFR', () => {
  const OLD = '@ 60 SOA ns host 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\nb 60 A 192.0.2.2\np 60 PTR A.b\n';
  const STEPS = [SOA(3), SOA(1), 'b 60 A 192.0.2.2', SOA(2), 'c 60 A 192.0.2.3'];
  const LAST = [SOA(2), 'C 99 A 192.0.2.3', 'P 60 PTR a.B', SOA(3), 'd 60 A 192.0.2.4', SOA(3)];

  function apply(reading: TransferReading): string[] | string {
    if (reading.kind !== 'incremental') throw new Error(JSON.stringify(reading));
    const { records } = parseZone({ path: 'zone', octets: Buffer.from(OLD) }, { origin: nameOf('example.') });
    return applyChanges(nameOf('example.'), records, reading.changes) ?? linesOf(records);
  }

  it.each([
    ['in one message', [incremental([...STEPS, ...LAST])]],
    ['in two messages', [incremental(STEPS), later(LAST)]],
    [
      'one record a message',
      [...STEPS, ...LAST].map((line, index) => (index === 0 ? incremental([line]) : later([line]))),
    ],
  ] as const)('is a list of changes, each from one serial to the next: %s', (_, messages) => {
    const reading = read(messages, { serial: 1 });
    expect(reading).toMatchObject({
      kind: 'incremental',
      serial: 3,
      changes: [
        { fromSerial: 1, toSerial: 2, removedCount: 2, addedCount: 2 },
        { fromSerial: 2, toSerial: 3, removedCount: 3, addedCount: 2 },
      ],
    });
    expect(apply(reading)).toEqual([
      'd.example.\t60\tIN\tA\t192.0.2.4',
      'example.\t60\tIN\tNS\tns.example.',
      'example.\t60\tIN\tSOA\tns.example. host.example. 3 2 3 4 5',
      'ns.example.\t60\tIN\tA\t192.0.2.1',
    ]);
  });

  it.each([
    ['a record goes that is not there', 'not-there', ['x 60 A 192.0.2.2'], []],
    ['a record goes that has other data', 'not-there', ['b 60 A 192.0.2.9'], []],
    ['a record goes twice', 'not-there', ['b 60 A 192.0.2.2', 'b 60 A 192.0.2.2'], []],
    ['a record comes that is there', 'already-there', [], ['NS 60 A 192.0.2.1']],
    ['a record comes twice', 'already-there', [], ['c 60 A 192.0.2.1', 'c 60 A 192.0.2.1']],
  ] as const)('is not applied when %s', (_, fault, gone, fresh) => {
    const reading = read([incremental([SOA(2), SOA(1), ...gone, SOA(2), ...fresh, SOA(2)])], { serial: 1 });
    expect(apply(reading)).toBe(fault);
  });

  it('is not applied to another version', () => {
    const reading = read([incremental([SOA(9), SOA(8), SOA(9), SOA(9)])], { serial: 8 });
    expect(apply(reading)).toBe('wrong-serial');
  });

  it('is not applied to another zone', () => {
    const reading = read([incremental([SOA(9), SOA(1), SOA(9), SOA(9)])], { serial: 1 });
    if (reading.kind !== 'incremental') throw new Error(reading.kind);
    expect(applyChanges(nameOf('other.'), new RecordTable(), reading.changes)).toBe('wrong-zone');
  });

  it.each([
    ['the same serial', 7, 7],
    ['an older one', 6, 7],
    ['an older one, round the end of 32 bits', 2 ** 32 - 1, 3],
  ])('is the SOA alone when nothing is newer: %s', (_, theirs, ours) => {
    expect(read([incremental([SOA(theirs)])], { serial: ours })).toEqual({ kind: 'current', serial: theirs });
  });

  it('may be the whole zone', () => {
    const lines = [SOA(9), '@ 60 NS ns', 'ns 60 A 192.0.2.1', SOA(9)];
    expect(linesRead(read([incremental(lines)], { serial: 1 }))).toEqual(ZONE);
    const [first, ...rest] = lines.map((line, index) => (index === 0 ? incremental([line]) : later([line])));
    expect(linesRead(read([first!, ...rest], { serial: 1 }))).toEqual(ZONE);
  });

  it.each([
    ['changes from another version', [SOA(9), SOA(5), SOA(9), SOA(9)]],
    ['a gap between two changes', [SOA(9), SOA(1), SOA(2), SOA(3)]],
    ['a record behind the end', [SOA(9), SOA(1), SOA(9), SOA(9), 'a 60 A 192.0.2.1']],
  ])('fails: %s', (_, lines) => {
    expect(failure(read([incremental(lines)], { serial: 1 }))).toBe('wrong-sequence');
  });

  it('ends a primary that never ends', () => {
    const limits = { maxOctets: 100_000 };
    const reader = createTransferReader({
      apex: nameOf('example.'),
      kind: 'ixfr',
      id: ID,
      serial: 0,
      limits,
    });
    const step = (serial: number) => [SOA(serial), 'a 60 A 192.0.2.1', SOA(serial + 1), 'a 60 A 192.0.2.2'];
    expect(reader.read(incremental([SOA(0x7fffffff), ...step(0)]), 0)).toEqual({ kind: 'more' });
    let serial = 1;
    while (reader.read(later(step(serial)), 0).kind === 'more') serial++;
    expect(failure(reader.read(later([]), 0))).toBe('too-large');
    expect(serial).toBeLessThan(1000);
  });
});
