// Properties: what a primary sends, a secondary reads as the same zone, whatever the zone and the size of messages.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../src/core/transfer/apply-changes.ts';
import { decodeChanges, encodeChange } from '../../../src/core/transfer/change-codec.ts';
import { diffImages } from '../../../src/core/transfer/changes.ts';
import { isLeased } from '../../../src/core/transfer/image-lease.ts';
import {
  createIncrementalTransfer,
  createTransferRefusal,
  createZoneTransfer,
} from '../../../src/core/transfer/outgoing.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { imageToRecords } from '../../support/image-records.ts';
import {
  compileText,
  linesOf,
  messagesOf,
  nameOf,
  otherLetters,
  readAll,
  request,
  textOf,
  zoneLines,
} from './transfer-zones.ts';

const apexes = fc.constantFrom('example.', 'Example.', 'tracker.EXAMPLE.org.', '.');

/** Each record once, as an RRset has it. */
function parsedLines(text: string, origin: string): string[] {
  const octets = Buffer.from(text, 'latin1');
  return [...new Set(linesOf(parseZone({ path: 'zone', octets }, { origin: nameOf(origin) }).records))];
}

describe('a zone transfer', () => {
  it('is read as the zone, for any zone, size of messages and spelling of the question', () => {
    fc.assert(
      fc.property(
        zoneLines,
        apexes,
        fc.oneof(fc.integer({ min: 300, max: 2000 }), fc.constantFrom(16_384, 65_535)),
        fc.boolean(),
        fc.boolean(),
        (lines, apex, messageOctets, isRespelled, hasEdns) => {
          const text = textOf(lines, 7);
          const image = compileText(text, apex);
          const zone = isRespelled ? otherLetters(apex) : apex;
          const messages = messagesOf(
            createZoneTransfer(image, request({ zone, hasEdns }), { messageOctets }),
          );
          const reading = readAll(messages, { apex });
          expect(reading).toMatchObject({ kind: 'done', serial: 7, ignored: 0 });
          if (reading.kind !== 'done') return;
          expect(linesOf(reading.records)).toEqual(parsedLines(text, apex));
          expect(linesOf(imageToRecords(image))).toEqual(parsedLines(text, apex));
          // What was read compiles to the same zone.
          const again = compileZone({ apex: image.apex.slice(), records: reading.records }, { seed: 1 });
          expect(linesOf(imageToRecords(again))).toEqual(parsedLines(text, apex));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps to the size of messages, and exceeds it for a record that needs more', () => {
    const large = `b TYPE65280 \\# 40000 ${'00'.repeat(40_000)}\n`;
    const text = `@ SOA a a 1 1 1 1 1\n@ NS a\n${large}${Array.from({ length: 500 }, (_, n) => `h${n} A 192.0.2.1\n`).join('')}`;
    const sizes = messagesOf(
      createZoneTransfer(compileText(`$TTL 60\n${text}`), request(), { messageOctets: 1000 }),
    ).map(({ length }) => length);
    expect(sizes.filter((size) => size > 1000)).toEqual([40_000 + 12 + 11 + 10]);
    expect(sizes.filter((size) => size > 900).length).toBeGreaterThan(8);
  });

  it('ends with SERVFAIL at a record that fits no message', () => {
    const text = `$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\nb TYPE65280 \\# 65510 ${'00'.repeat(65_510)}\n`;
    const transfer = createZoneTransfer(compileText(text), request());
    expect(readAll(messagesOf(transfer))).toMatchObject({ kind: 'failed', code: 'refused' });
  });

  it('writes an owner once a message', () => {
    const records = Array.from(
      { length: 300 },
      (_, n) => `long-owner-name A 192.0.${n >> 8}.${n & 255}\n`,
    ).join('');
    const image = compileText(`$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\n${records}`);
    const [message] = messagesOf(createZoneTransfer(image, request()));
    expect(Buffer.from(message!).toString('latin1').split('long-owner-name').length).toBe(2);
    expect(message!.length).toBeLessThan(200 + 300 * 16);
  });

  it.each([
    ['RD and CD come back, AA and QR are set', { flags: 0x0110 }, 0x8510],
    ['neither when they were not asked', { flags: 0 }, 0x8400],
  ])('%s', (_, change, flags) => {
    const image = compileText('$TTL 60\n@ SOA a a 1 1 1 1 1\n@ NS a\n');
    const [message] = messagesOf(createZoneTransfer(image, { ...request(), ...change }));
    expect(Buffer.from(message!).readUInt16BE(2)).toBe(flags);
  });

  it('leaves room for signatures, and signs every message', () => {
    const image = compileText(textOf([], 1));
    const lengths: number[] = [];
    const signer = {
      reservedOctets: 100,
      sign: (_output: Uint8Array, _offset: number, length: number) => lengths.push(length) && length + 100,
    };
    const sizes = messagesOf(createZoneTransfer(image, request(), { signer, messageOctets: 65_535 }));
    expect(sizes.map(({ length }) => length)).toEqual(lengths.map((length) => length + 100));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(65_435);
  });

  it.each(['after the last message', 'when it is left early'])('gives the image back %s', (when) => {
    const image = compileText(textOf([], 1));
    const transfer = createZoneTransfer(image, request());
    expect(isLeased(image.buffer)).toBe(true);
    if (when === 'when it is left early') transfer.end();
    else messagesOf(transfer);
    expect(isLeased(image.buffer)).toBe(false);
    expect(transfer.next(new Uint8Array(65_535), 0)).toBe(0);
  });

  it('is refused in one message with the question', () => {
    const [message, ...more] = messagesOf(createTransferRefusal(request({ hasEdns: true }), 5));
    expect(more).toEqual([]);
    expect(Buffer.from(message!).readUInt16BE(2)).toBe(0x8005);
    expect(readAll([message!])).toEqual({
      kind: 'failed',
      code: 'refused',
      message: 'The primary answers REFUSED.',
    });
  });
});

describe('changes', () => {
  it('applied to the old version give the new one, through the journal and through IXFR', () => {
    fc.assert(
      fc.property(
        zoneLines,
        zoneLines,
        zoneLines,
        apexes,
        fc.integer({ min: 300, max: 2000 }),
        (shared, gone, fresh, apex, messageOctets) => {
          const before = compileText(textOf([...shared, ...gone], 1), apex);
          const after = compileText(textOf([...fresh, ...shared], 2), apex, 99);
          const change = diffImages(before, after);
          expect(change).toMatchObject({ fromSerial: 1, toSerial: 2 });
          if (change === undefined) return;
          const journal = decodeChanges(encodeChange(change));
          expect(journal).toMatchObject({ rest: 'none', changes: [change] });
          const transfer = createIncrementalTransfer(
            after,
            journal.changes,
            request({ zone: apex, serial: 1 }),
            {
              messageOctets,
            },
          );
          const reading = readAll(messagesOf(transfer), { apex, serial: 1 });
          const records = imageToRecords(before);
          if (transfer.form === 'changes') {
            expect(reading).toMatchObject({ kind: 'incremental', serial: 2, changes: [change] });
            expect(applyChanges(nameOf(apex), records, journal.changes)).toBeUndefined();
            expect(linesOf(records)).toEqual(linesOf(imageToRecords(after)));
          } else {
            expect(reading).toMatchObject({ kind: 'done', serial: 2 });
            expect(change.removedCount + change.addedCount).toBeGreaterThan(after.recordCount);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of a signed zone are those of its records, NSEC3 and signatures among them', () => {
    const text = (serial: number, more: string) => `$TTL 60
@ SOA ns a ${serial} 1 1 1 1
@ NS ns
@ NSEC3PARAM 1 0 0 AB
a RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AQID
a A 192.0.2.1
B4UM86EGHHDS6NEA196SMVMLO4ORS995 NSEC3 1 0 0 AB GJEQE526PLBF1G8MKLP59ENFD789NJGI NS SOA NSEC3PARAM
${more}`;
    const before = compileText(text(1, ''));
    const after = compileText(
      text(2, 'GJEQE526PLBF1G8MKLP59ENFD789NJGI NSEC3 1 0 0 AB B4UM86EGHHDS6NEA196SMVMLO4ORS995 A\n'),
    );
    const change = diffImages(before, after)!;
    expect(change).toMatchObject({ removedCount: 1, addedCount: 2 });
    const records = imageToRecords(before);
    expect(applyChanges(nameOf('example.'), records, [change])).toBeUndefined();
    expect(linesOf(records)).toEqual(linesOf(imageToRecords(after)));
    expect(diffImages(after, before)).toMatchObject({ removedCount: 2, addedCount: 1 });
  });
});
