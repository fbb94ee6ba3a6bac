// NOTIFY as octets (RFC 1996): ours read by another codec, those of others, and garbage.

import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/core/dns/name.ts';
import {
  decodeNotify,
  encodeNotify,
  MAX_NOTIFY_REPLY_OCTETS,
  readNotifyReply,
  writeNotifyReply,
} from '../../../src/core/transfer/notify.ts';
import { signRequest, verifyTsig } from '../../../src/core/transfer/tsig.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { wireName } from '../../support/record-tables.ts';
import { tsigKey } from '../../support/tsig.ts';

const ZONE = wireName('Example.com.');
const SOA = Uint8Array.from([
  ...wireName('ns.example.com.'),
  ...wireName('hostmaster.example.com.'),
  ...[0x78, 0xb7, 0xd3, 0x1d], // 2025313053
  ...[0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 0, 60],
]);
const SERIAL = 0x78b7d31d;
const SENT = { id: 0x1234, zone: ZONE, soa: SOA };

/** A header of the given counts, the question `example.com SOA IN`, and what follows. */
function message(
  { flags = 0x2400, counts = [1, 0, 0, 0] }: { flags?: number; counts?: number[] } = {},
  ...rest: number[]
): Uint8Array {
  const words = [0x1234, flags, ...counts].flatMap((word) => [word >>> 8, word & 255]);
  return Uint8Array.from([...words, ...ZONE, 0, 6, 0, 1, ...rest]);
}

function replyTo(request: Uint8Array, rcode = 0): Uint8Array {
  const output = new Uint8Array(50 + MAX_NOTIFY_REPLY_OCTETS).fill(0xee);
  const length = writeNotifyReply(request, rcode, output, 50);
  expect(length).toBeLessThanOrEqual(MAX_NOTIFY_REPLY_OCTETS);
  return output.slice(50, 50 + length);
}

describe('a message of ours', () => {
  it('is a NOTIFY with the SOA to another codec', () => {
    const packet = dnsPacket.decode(Buffer.from(encodeNotify(SENT)));
    expect(packet).toMatchObject({
      id: 0x1234,
      opcode: 'NOTIFY',
      flag_qr: false,
      flag_aa: true,
      questions: [{ name: 'Example.com', type: 'SOA', class: 'IN' }],
      answers: [
        { name: 'Example.com', type: 'SOA', ttl: 0, data: { serial: SERIAL, mname: 'ns.example.com' } },
      ],
      authorities: [],
      additionals: [],
    });
  });

  it('may be without the SOA', () => {
    const octets = encodeNotify({ id: 7, zone: ZONE });
    expect(octets).toEqual(Uint8Array.from([0, 7, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...ZONE, 0, 6, 0, 1]));
    expect(decodeNotify(octets)).toEqual({ kind: 'notify', id: 7, zone: ZONE, serial: undefined });
  });

  it('is read back', () => {
    expect(decodeNotify(encodeNotify(SENT))).toEqual({
      kind: 'notify',
      id: 0x1234,
      zone: ZONE,
      serial: SERIAL,
    });
  });

  it('can be signed', () => {
    const key = tsigKey();
    const signed = signRequest(encodeNotify(SENT), { key, hmac, nowSeconds: 5 }).message;
    expect(verifyTsig(signed, [key], hmac, 5).kind).toBe('verified');
    expect(decodeNotify(signed)).toMatchObject({ kind: 'notify', serial: SERIAL });
  });
});

describe('a message of others', () => {
  const POINTER = [0xc0, 12];
  const SOA_HEAD = [0, 6, 0, 1, 0, 0, 14, 16];

  function answer(rdata: ArrayLike<number>, length = rdata.length): number[] {
    return [...POINTER, ...SOA_HEAD, length >>> 8, length & 255, ...Array.from(rdata)];
  }

  it('may have compressed names in its SOA', () => {
    const rdata = [2, 0x6e, 0x73, ...POINTER, ...POINTER, ...SOA.slice(-20)];
    const decoded = decodeNotify(message({ counts: [1, 1, 0, 0] }, ...answer(rdata)));
    expect(decoded).toMatchObject({ kind: 'notify', serial: SERIAL });
  });

  it('may have another record in its answer', () => {
    const record = [...POINTER, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1];
    const decoded = decodeNotify(message({ counts: [1, 1, 0, 0] }, ...record));
    expect(decoded).toMatchObject({ kind: 'notify', serial: undefined });
  });

  it.each([
    ['of 11 octets', message().subarray(0, 11)],
    ['that is an answer', message({ flags: 0xa400 })],
    ['that is a query', message({ flags: 0x0000 })],
  ])('%s is none', (_, octets) => {
    expect(decodeNotify(octets)).toEqual({ kind: 'other' });
  });

  const otherType = message();
  otherType[otherType.length - 3] = 1;
  const otherClass = message();
  otherClass[otherClass.length - 1] = 3;
  const count = { counts: [1, 1, 0, 0] };

  it.each([
    ['without a question', message({ counts: [0, 0, 0, 0] }), 1],
    ['with two questions', message({ counts: [2, 0, 0, 0] }), 1],
    ['whose question is cut short', message().subarray(0, 20), 1],
    ['whose name is a pointer', Uint8Array.from([...message().subarray(0, 12), 0xc0, 12, 0, 6, 0, 1]), 1],
    ['of another type', otherType, 1],
    ['of another class', otherClass, 5],
    ['whose answer is not there', message(count), 1],
    ['whose SOA is cut short', message(count, ...answer(SOA, SOA.length + 1)), 1],
    ['whose SOA is too short', message(count, ...answer(SOA.slice(0, -1))), 1],
    ['whose SOA is too long', message(count, ...answer([...SOA, 0])), 1],
    ['whose SOA loops', message(count, ...answer([0xc0, 40, 0xc0, 41, ...SOA.slice(-20)])), 1],
  ])('%s is refused', (_, octets, rcode) => {
    expect(decodeNotify(octets)).toEqual({ kind: 'refused', rcode });
  });
});

describe('a reply', () => {
  it('copies id and question, and nothing else', () => {
    const reply = replyTo(encodeNotify(SENT));
    expect(dnsPacket.decode(Buffer.from(reply))).toMatchObject({
      id: 0x1234,
      opcode: 'NOTIFY',
      rcode: 'NOERROR',
      flag_qr: true,
      flag_aa: true,
      flag_tc: false,
      questions: [{ name: 'Example.com', type: 'SOA' }],
      answers: [],
      additionals: [],
    });
    expect(reply.length).toBe(12 + ZONE.length + 4);
  });

  it('with an error is not authoritative', () => {
    expect(dnsPacket.decode(Buffer.from(replyTo(encodeNotify(SENT), 9)))).toMatchObject({
      rcode: 'NOTAUTH',
      flag_aa: false,
    });
  });

  it('to a question that cannot be read is a header', () => {
    const reply = replyTo(message().subarray(0, 20), 1);
    expect(reply).toEqual(Uint8Array.from([0x12, 0x34, 0xa0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
  });

  it.each([0, 1, 5, 9])('with code %i is understood by who sent the message', (rcode) => {
    expect(readNotifyReply(replyTo(encodeNotify(SENT), rcode), SENT)).toBe(rcode);
  });

  it('in other letters is understood', () => {
    const reply = replyTo(encodeNotify({ ...SENT, zone: wireName('eXAMPLE.COM.') }));
    expect(readNotifyReply(reply, SENT)).toBe(0);
  });

  it('without a question is understood as an error, not as a success', () => {
    const refusal = Uint8Array.from([0x12, 0x34, 0xa0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(readNotifyReply(refusal, SENT)).toBe(5);
    refusal[3] = 0;
    expect(readNotifyReply(refusal, SENT)).toBeUndefined();
  });

  const otherId = replyTo(encodeNotify({ ...SENT, id: 1 }));
  const otherZone = replyTo(encodeNotify({ ...SENT, zone: wireName('example.net.') }));
  const longerZone = replyTo(encodeNotify({ ...SENT, zone: wireName('www.example.com.') }));
  const otherType = replyTo(encodeNotify(SENT)).map((octet, index, all) =>
    index === all.length - 3 ? 1 : octet,
  );

  it.each([
    ['another id', otherId],
    ['another zone', otherZone],
    ['a longer name', longerZone],
    ['another type', otherType],
    ['the question only', encodeNotify(SENT)],
    ['another opcode', message({ flags: 0x8400 })],
    ['a part', replyTo(encodeNotify(SENT)).subarray(0, 20)],
    ['no header', new Uint8Array(3)],
  ])('of %s is not one', (_, octets) => {
    expect(readNotifyReply(octets, SENT)).toBeUndefined();
  });
});

describe('octets of any kind', () => {
  it('never throw, and are answered with their id within the bound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (octets, isNotify) => {
        if (isNotify && octets.length > 12) octets.set([0x24, 0, 0, 1, 0, 1], 2);
        const decoded = decodeNotify(octets);
        readNotifyReply(octets, SENT);
        if (octets.length < 12) expect(decoded.kind).toBe('other');
        else expect(replyTo(octets, 1).slice(0, 2)).toEqual(octets.slice(0, 2));
        if (decoded.kind === 'notify') expect(wireName(formatName(decoded.zone))).toEqual(decoded.zone);
      }),
      { numRuns: 3000 },
    );
  });
});
