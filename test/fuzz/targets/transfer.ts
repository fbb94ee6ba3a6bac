// What a primary sends to a secondary, and a journal as it may be found on disk.

import assert from 'node:assert/strict';
import { applyChanges } from '../../../src/core/transfer/apply-changes.ts';
import { decodeChanges, encodeChange } from '../../../src/core/transfer/change-codec.ts';
import { diffImages, type ZoneChange } from '../../../src/core/transfer/changes.ts';
import { createTransferReader } from '../../../src/core/transfer/incoming.ts';
import { createIncrementalTransfer, createZoneTransfer } from '../../../src/core/transfer/outgoing.ts';
import { readTransferRequest } from '../../../src/core/transfer/request.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { isError } from '../../../src/core/zone/diagnostic.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import { formatZone } from '../../../src/core/zone/language/format.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import type { RecordTable } from '../../../src/core/zone/record-table.ts';
import {
  compileText,
  encodeRequest,
  ID,
  linesOf,
  messagesOf,
  nameOf,
  request,
} from '../../core/transfer/transfer-zones.ts';
import { imageToRecords } from '../../support/image-records.ts';
import { type FuzzTarget, hex } from '../target.ts';

const APEX = nameOf('example.');
const LIMITS = { maxOctets: 1_000_000, maxRecords: 50_000 };

const zoneText = (serial: number, more: string) => `@ 60 SOA ns a ${serial} 2 3 4 5
@ 60 NS ns
ns 60 A 192.0.2.1
b.a 60 MX 1 ns
b.a 60 TXT "x" "y"
a 60 SRV 1 2 3 b.a
a 60 NAPTR 1 2 "u" "s" "" b.a
a 60 TYPE65280 \\# 3 010203
c 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AQID
${more}`;

const before = compileText(zoneText(1, 'd 60 A 192.0.2.4\n'));
const after = compileText(zoneText(2, 'e 60 AAAA ::1\n'));
const change = diffImages(before, after)!;

/** One octet for the question, then messages behind their lengths. */
function framed(kind: number, messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(kind),
    ...messages.flatMap((message) => [Uint8Array.of(message.length >> 8, message.length & 255), message]),
  ]);
}

function messagesIn(input: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 1; at + 2 <= input.length; ) {
    const end = at + 2 + ((input[at]! << 8) | input[at + 1]!);
    messages.push(input.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

/** Whatever a reader lets through is a zone, or has findings that say why it is none; and it can be kept as text. */
function expectUsable(records: RecordTable): void {
  const zone = { apex: APEX, records, diagnostics: [] };
  const text = formatZone(zone);
  const again = parseZone({ path: 'zone', octets: Buffer.from(text, 'latin1') }, { origin: APEX });
  assert.deepEqual(again.diagnostics.filter(isError), []);
  assert.equal(formatZone(again), text);
  const findings = checkZone({ ...again, apex: APEX, records });
  if (findings.some(isError)) return;
  const image = compileZone({ apex: APEX, records }, { seed: 1 });
  messagesOf(createZoneTransfer(image, request()));
}

function expectApplicable(changes: readonly ZoneChange[]): void {
  assert.deepEqual(decodeChanges(new Uint8Array(Buffer.concat(changes.map(encodeChange)))), {
    changes,
    end: lengthOf(changes),
    rest: 'none',
  });
  const records = imageToRecords(before);
  if (applyChanges(APEX, records, changes) === undefined) linesOf(records);
}

function lengthOf(changes: readonly ZoneChange[]): number {
  return changes.reduce((sum, each) => sum + encodeChange(each).length, 0);
}

export const transfer: FuzzTarget = {
  name: 'transfer',
  about:
    'Reader of AXFR and IXFR: never throws, ends, and what it takes can be checked, compiled, written and applied',
  maxOctets: 8192,
  seeds: () => [
    framed(0, messagesOf(createZoneTransfer(after, request()))),
    framed(0, messagesOf(createZoneTransfer(after, request({ hasEdns: true }), { messageOctets: 100 }))),
    framed(1, messagesOf(createIncrementalTransfer(after, [change], request({ serial: 1 })))),
    framed(1, messagesOf(createIncrementalTransfer(after, [], request({ serial: 1 })))),
  ],
  // One SOA, of a later version: more must follow, and nothing does.
  refusedSeeds: () => [
    framed(1, messagesOf(createIncrementalTransfer(after, [change], request({ serial: 2 })))),
  ],
  tokens: [
    hex('c00c'),
    hex('c0ff'),
    hex('07 6578616d706c65 00'),
    ...['0001', '0002', '0005', '0006', '000f', '0010', '0021', '0023', '002e', '0032', 'ff00', '00ff'].map(
      hex,
    ),
  ],
  create() {
    return (input) => {
      const isIncremental = (input[0] ?? 0) % 2 === 1;
      const reader = createTransferReader(
        isIncremental
          ? { apex: APEX, kind: 'ixfr', id: ID, serial: 1, limits: LIMITS }
          : { apex: APEX, kind: 'axfr', id: ID, limits: LIMITS },
      );
      for (const message of messagesIn(input)) {
        const reading = reader.read(message, 0);
        if (reading.kind === 'done') expectUsable(reading.records);
        if (reading.kind === 'incremental') expectApplicable(reading.changes);
        if (reading.kind !== 'more') return reading.kind !== 'failed';
      }
      return false;
    };
  },
};

export const transferRequest: FuzzTarget = {
  name: 'transfer-request',
  about: 'Question for a transfer: never throws, and what is read is answered with whole messages',
  maxOctets: 1024,
  seeds: () => [
    encodeRequest(),
    encodeRequest({ serial: 1 }),
    encodeRequest({ serial: 2, hasEdns: true }),
    encodeRequest({ zone: 'EXAMPLE.', hasEdns: true }),
  ],
  tokens: [hex('c00c'), hex('00fb0001'), hex('00fc0001'), hex('0000290000000000000000')],
  create() {
    return (input) => {
      const octets = Buffer.from(input);
      const read = readTransferRequest(octets, 0, octets.length);
      if (read === undefined) return false;
      // It outlives the buffer that it came in.
      octets.fill(0xff);
      assert.ok(
        Buffer.from(input)
          .subarray(12, 12 + read.question.length)
          .equals(read.question),
      );
      const messages = messagesOf(createIncrementalTransfer(after, [change], read));
      assert.ok(messages.length > 0 && messages.every(({ length }) => length <= 65_535));
      return true;
    };
  },
};

export const journal: FuzzTarget = {
  name: 'journal',
  about:
    'Journal file: never throws, whole changes before damage are kept, and what is read can be sent and applied',
  maxOctets: 4096,
  seeds: () => [encodeChange(change), Buffer.concat([encodeChange(change), encodeChange(change)])],
  tokens: [hex('505a4a31'), hex('00000000'), hex('ffffffff')],
  create() {
    return (input) => {
      const { changes, end, rest } = decodeChanges(input);
      assert.equal(end === input.length, rest === 'none');
      assert.deepEqual(Buffer.concat(changes.map(encodeChange)), Buffer.from(input.subarray(0, end)));
      messagesOf(createIncrementalTransfer(after, changes, request({ serial: 1 })));
      applyChanges(APEX, imageToRecords(before), changes);
      return changes.length > 0 && rest === 'none';
    };
  },
};
