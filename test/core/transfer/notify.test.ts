// NOTIFY as octets (RFC 1996): ours read by another codec, those of others, and garbage.

import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldName } from '../../../src/core/dns/name.ts';
import { encodeNotify, readNotifyReply } from '../../../src/core/transfer/notify.ts';
import { signRequest, verifyTsig } from '../../../src/core/transfer/tsig.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { hearNotify, notifyReply } from '../../support/notify.ts';
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
    expect(hearNotify(octets).heard).toEqual({ zone: foldName(ZONE), serial: undefined });
  });

  it('is read back', () => {
    for (const offset of [0, 7])
      expect(hearNotify(encodeNotify(SENT), offset).heard).toEqual({ zone: foldName(ZONE), serial: SERIAL });
  });

  it('can be signed', () => {
    const key = tsigKey();
    const signed = signRequest(encodeNotify(SENT), { key, hmac, nowSeconds: 5 }).message;
    expect(verifyTsig(signed, [key], hmac, 5).kind).toBe('verified');
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
    const { heard } = hearNotify(message({ counts: [1, 1, 0, 0] }, ...answer(rdata)));
    expect(heard).toMatchObject({ serial: SERIAL });
  });

  const record = [...POINTER, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1];
  const count = { counts: [1, 1, 0, 0] };

  it.each([
    ['another record in its answer', message(count, ...record)],
    ['an SOA that is too short to be one', message(count, ...answer(SOA.slice(-21)))],
    ['an SOA without data', message(count, ...answer([]))],
  ])('with %s says nothing of the serial', (_, octets) => {
    expect(hearNotify(octets).heard).toEqual({ zone: foldName(ZONE), serial: undefined });
  });

  it.each([
    ['of 11 octets', message().subarray(0, 11)],
    ['that is an answer', message({ flags: 0xa400 })],
  ])('%s is met with silence', (_, octets) => {
    expect(hearNotify(octets)).toEqual({ heard: undefined, reply: new Uint8Array() });
  });

  const otherType = message();
  otherType[otherType.length - 3] = 1;
  const otherClass = message();
  otherClass[otherClass.length - 1] = 3;

  it.each([
    ['without a question', message({ counts: [0, 0, 0, 0] }), 1],
    ['with two questions', message({ counts: [2, 0, 0, 0] }), 1],
    ['whose question is cut short', message().subarray(0, 20), 1],
    ['whose name is a pointer', Uint8Array.from([...message().subarray(0, 12), 0xc0, 12, 0, 6, 0, 1]), 1],
    ['of another type', otherType, 1],
    ['of another class', otherClass, 5],
    ['whose answer is not there', message(count), 1],
    ['whose SOA is cut short', message(count, ...answer(SOA, SOA.length + 1)), 1],
    ['with octets behind its SOA', message(count, ...answer(SOA), 0), 1],
  ])('%s is refused', (_, octets, rcode) => {
    const { heard, reply } = hearNotify(octets);
    expect(heard).toBeUndefined();
    expect(reply[3]! & 15).toBe(rcode);
  });
});

describe('a reply', () => {
  it('copies id and question, and nothing else', () => {
    const reply = notifyReply(encodeNotify(SENT));
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

  it.each([0, 1, 5, 9])('with code %i is understood by who sent the message', (rcode) => {
    expect(readNotifyReply(notifyReply(encodeNotify(SENT), rcode), SENT)).toBe(rcode);
  });

  it('in other letters is understood', () => {
    const reply = notifyReply(encodeNotify({ ...SENT, zone: wireName('eXAMPLE.COM.') }));
    expect(readNotifyReply(reply, SENT)).toBe(0);
  });

  it('without a question is understood as an error, not as a success', () => {
    const refusal = Uint8Array.from([0x12, 0x34, 0xa0, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(readNotifyReply(refusal, SENT)).toBe(5);
    refusal[3] = 0;
    expect(readNotifyReply(refusal, SENT)).toBeUndefined();
  });

  const otherId = notifyReply(encodeNotify({ ...SENT, id: 1 }));
  const otherZone = notifyReply(encodeNotify({ ...SENT, zone: wireName('example.net.') }));
  const longerZone = notifyReply(encodeNotify({ ...SENT, zone: wireName('www.example.com.') }));
  const otherType = notifyReply(encodeNotify(SENT)).map((octet, index, all) =>
    index === all.length - 3 ? 1 : octet,
  );

  it.each([
    ['another id', otherId],
    ['another zone', otherZone],
    ['a longer name', longerZone],
    ['another type', otherType],
    ['the question only', encodeNotify(SENT)],
    ['another opcode', message({ flags: 0x8400 })],
    ['a part', notifyReply(encodeNotify(SENT)).subarray(0, 20)],
    ['no header', new Uint8Array(3)],
  ])('of %s is not one', (_, octets) => {
    expect(readNotifyReply(octets, SENT)).toBeUndefined();
  });
});

describe('octets of any kind', () => {
  it('never throw, and are heard as a whole NOTIFY or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (octets, isNotify) => {
        if (isNotify && octets.length > 12) octets.set([0x24, 0, 0, 1, 0, 1], 2);
        const { heard, reply } = hearNotify(octets);
        readNotifyReply(octets, SENT);
        if (reply.length > 0) expect(reply.slice(0, 2)).toEqual(octets.slice(0, 2));
        if (heard !== undefined)
          expect(readNotifyReply(reply, { id: reply[0]! * 256 + reply[1]!, zone: heard.zone })).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });
});
