// Questions for transfers, and which answer a client with a serial gets.

import { describe, expect, it } from 'vitest';
import { diffImages, type ZoneChange } from '../../../src/core/transfer/changes.ts';
import { createTransferReader } from '../../../src/core/transfer/incoming.ts';
import {
  createIncrementalTransfer,
  createZoneTransfer,
  type TransferSigner,
} from '../../../src/core/transfer/outgoing.ts';
import { findTransferZone, readTransferRequest } from '../../../src/core/transfer/request.ts';
import { signRequest } from '../../../src/core/transfer/tsig.ts';
import { TsigStream } from '../../../src/core/transfer/tsig-stream.ts';
import { createCatalog } from '../../../src/core/zone/image/catalog.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { tsigKey } from '../../support/tsig.ts';
import {
  compileText,
  encodeRequest,
  ID,
  messagesOf,
  nameOf,
  readAll,
  request,
  textOf,
} from './transfer-zones.ts';

/** The request with some octets replaced. */
function altered(octets: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = new Uint8Array(octets);
  for (const [at, octet] of Object.entries(changes)) copy[Number(at)] = octet;
  return copy;
}

const read = (octets: Uint8Array) => readTransferRequest(octets, 0, octets.length);
const TYPE_AT = 12 + 9 + 1;

describe('a request', () => {
  it('for the zone has name, id and flags', () => {
    const octets = altered(encodeRequest({ zone: 'eXample.' }), { 2: 0x01 });
    expect(read(octets)).toEqual({
      kind: 'axfr',
      id: ID,
      flags: 0x0100,
      question: new Uint8Array([...nameOf('eXample.'), 0, 252, 0, 1]),
      serial: 0,
      hasEdns: false,
      dnssecOk: false,
    });
  });

  it('for changes has the serial too, and says what its OPT says', () => {
    const octets = encodeRequest({ serial: 4_000_000_000, hasEdns: true });
    expect(read(octets)).toMatchObject({
      kind: 'ixfr',
      serial: 4_000_000_000,
      hasEdns: true,
      dnssecOk: true,
    });
  });

  it('is read in the middle of other octets', () => {
    const octets = encodeRequest({ serial: 7 });
    const stream = Buffer.concat([Buffer.alloc(5, 0xff), octets, Buffer.alloc(5, 0xff)]);
    expect(readTransferRequest(stream, 5, octets.length)).toEqual(read(octets));
  });

  it.each([
    ['an answer', altered(encodeRequest(), { 2: 0x80 })],
    ['another opcode', altered(encodeRequest(), { 2: 0x20 })],
    ['another type', altered(encodeRequest(), { [TYPE_AT]: 1 })],
    ['another class', altered(encodeRequest(), { [TYPE_AT + 2]: 3 })],
    ['two questions', altered(encodeRequest(), { 5: 2 })],
    ['an answer section', altered(encodeRequest(), { 7: 1 })],
    ['IXFR without the SOA', altered(encodeRequest(), { [TYPE_AT]: 251 })],
    ['AXFR with a SOA', altered(encodeRequest({ serial: 1 }), { [TYPE_AT]: 252 })],
    ['IXFR with something else for the SOA', altered(encodeRequest({ serial: 1 }), { [TYPE_AT + 6]: 1 })],
    ['IXFR with the SOA of another name', altered(encodeRequest({ serial: 1 }), { [TYPE_AT + 4]: 20 })],
    ['octets behind the end', new Uint8Array([...encodeRequest(), 0])],
    ['no whole header', encodeRequest().subarray(0, 11)],
    ['a count that promises more', altered(encodeRequest(), { 11: 1 })],
  ])('is none: %s', (_, octets) => {
    expect(read(octets)).toBeUndefined();
  });

  it('is none when it is cut short, wherever', () => {
    const octets = encodeRequest({ serial: 1, hasEdns: true });
    for (let length = 0; length < octets.length; length++) {
      expect(read(octets.subarray(0, length))).toBeUndefined();
    }
  });

  it('finds a zone by its apex only', () => {
    const image = compileText(textOf([], 1));
    const catalog = createCatalog([image], 1);
    expect(findTransferZone(catalog, request({ zone: 'EXAMPLE.' }))).toBe(image);
    for (const zone of ['ns.example.', 'other.', '.']) {
      expect(findTransferZone(catalog, request({ zone }))).toBeUndefined();
    }
  });
});

describe('IXFR', () => {
  const version = (serial: number) =>
    compileText(textOf([{ owner: 'a', text: `TXT "${'x'.repeat(180)}" "${serial}"`, ttl: 60 }], serial));
  const versions = [1, 2, 3, 4].map(version);
  const image = versions[3]!;
  const steps = versions.slice(1).map((after, index) => diffImages(versions[index]!, after)!);
  const other = diffImages(compileText(textOf([], 1), 'other.'), compileText(textOf([], 4), 'other.'))!;

  function form(
    serial: number,
    { changes = steps, datagramOctets }: { changes?: readonly ZoneChange[]; datagramOctets?: number } = {},
  ): string {
    const options = datagramOctets === undefined ? {} : { datagramOctets };
    const transfer = createIncrementalTransfer(image, changes, request({ serial }), options);
    const messages = messagesOf(transfer);
    const reading = readAll(messages, { serial });
    const kinds = { zone: 'done', changes: 'incremental', current: serial === 4 ? 'current' : reading.kind };
    expect(reading.kind).toBe(kinds[transfer.form]);
    if (datagramOctets !== undefined) {
      expect(messages.map(({ length }) => length <= datagramOctets)).toEqual([true]);
    }
    return transfer.form;
  }

  it.each([
    ['changes', 'from the version before', 3, steps],
    ['changes', 'over several steps', 1, steps],
    ['current', 'with the same version', 4, steps],
    ['current', 'with a newer one', 5, steps],
    ['zone', 'with a version that the journal does not have', 0, steps],
    ['zone', 'with a gap in the journal', 1, [steps[0]!, steps[2]!]],
    ['zone', 'with a journal that ends before', 1, steps.slice(0, 2)],
    ['zone', 'with the journal of another zone', 1, [other]],
    ['zone', 'without a journal', 1, []],
  ] as const)('gives the %s to a client %s', (expected, _, serial, changes) => {
    expect(form(serial, { changes })).toBe(expected);
  });

  it('gives the zone when the changes have more records', () => {
    const lines = (text: string) =>
      Array.from({ length: 50 }, (_, index) => ({ owner: `h${index}`, text, ttl: 60 }));
    const before = compileText(textOf(lines('A 192.0.2.1'), 1));
    const after = compileText(textOf(lines('A 192.0.2.2'), 2));
    const changes = [diffImages(before, after)!];
    expect(createIncrementalTransfer(after, changes, request({ serial: 1 })).form).toBe('zone');
  });

  it.each([
    ['changes', 'what fits', 3, 1232],
    ['current', 'the SOA instead of what does not', 1, 1232],
    ['current', 'the SOA instead of the zone', 0, 1232],
    ['current', 'the SOA to who is current', 4, 512],
  ] as const)('over UDP gives the %s: %s', (expected, _, serial, datagramOctets) => {
    expect(form(serial, { datagramOctets })).toBe(expected);
  });
});

describe('a signed transfer', () => {
  const key = tsigKey();
  const NOW = 1_700_000_000;
  const image = compileText(
    textOf(
      Array.from({ length: 300 }, (_, index) => ({ owner: `h${index}`, text: 'A 192.0.2.1', ttl: 60 })),
      1,
    ),
  );
  const { mac: requestMac } = signRequest(encodeRequest(), { key, hmac, nowSeconds: NOW });

  function reader(mac = requestMac) {
    const tsig = new TsigStream({ key, hmac, requestMac: mac });
    return createTransferReader({ apex: nameOf('example.'), kind: 'axfr', id: ID, tsig });
  }

  /** Signs each message, or those that `isSigned` says. */
  function signed(isSigned: (index: number) => boolean = () => true): Uint8Array[] {
    const stream = new TsigStream({ key, hmac, requestMac });
    let index = 0;
    const signer: TransferSigner = {
      reservedOctets: stream.reservedOctets,
      sign: (output, offset, length) =>
        isSigned(index++) ? stream.sign(output, offset, length, NOW) : length,
    };
    return messagesOf(createZoneTransfer(image, request(), { signer, messageOctets: 512 }));
  }

  function outcome(messages: readonly Uint8Array[], mac = requestMac): string {
    const each = reader(mac);
    const readings = messages.map((message) => each.read(message, NOW));
    const last = readings.at(-1)!;
    return last.kind === 'failed' ? last.code : last.kind;
  }

  it('is read when every message verifies', () => {
    expect(signed().length).toBeGreaterThan(8);
    expect(outcome(signed())).toBe('done');
  });

  it.each([
    [
      'an octet is altered',
      () => signed().map((message, index) => (index === 3 ? altered(message, { 60: 1 }) : message)),
      requestMac,
    ],
    [
      'two messages change places',
      () => signed().map((message, index, all) => (index === 2 ? all[3]! : index === 3 ? all[2]! : message)),
      requestMac,
    ],
    ['a message is left out', () => signed().filter((_, index) => index !== 4), requestMac],
    ['it answers another request', () => signed(), new Uint8Array(32)],
    ['the last message is not signed', () => signed((index) => index < 2), requestMac],
    ['no message is signed', () => signed(() => false), requestMac],
  ] as const)('is not used when %s', (_, messages, mac) => {
    expect(outcome(messages(), mac)).toBe('bad-signature');
  });

  it('is refused in the words of the primary, signed or not', () => {
    const refusal = altered(signed(() => false)[0]!, { 3: 5, 7: 0 });
    expect(reader().read(refusal, NOW)).toMatchObject({
      kind: 'failed',
      code: 'refused',
      message: 'The primary answers REFUSED.',
    });
  });
});
