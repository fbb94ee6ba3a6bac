import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeReply,
  encodeQuery,
  MAX_REPLY_OCTETS,
  type Query,
} from '../../../src/io/resolver/dns-message.ts';
import { replyTo, soa, txt } from '../../support/hostile-dns.ts';

const NAME = 'tracker.test';

function reply(query: Query, fields: dnsPacket.Packet = {}): Buffer {
  return replyTo({ query: dnsPacket.decode(query.octets) }, fields);
}

describe('the query', () => {
  test('asks recursively for TXT, for AD, and with 1,232 octets of EDNS', () => {
    const packet = dnsPacket.decode(encodeQuery({ name: NAME, type: 'TXT' }, { edns: true }).octets);
    expect(packet).toMatchObject({ type: 'query', flag_rd: true, flag_ad: true });
    expect(packet.questions).toMatchObject([{ name: NAME, type: 'TXT', class: 'IN' }]);
    expect(packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  test('goes without EDNS where that is told', () => {
    expect(
      dnsPacket.decode(encodeQuery({ name: NAME, type: 'TXT' }, { edns: false }).octets).additionals,
    ).toEqual([]);
  });

  test('has an id of its own every time', () => {
    const ids = new Set(
      Array.from(
        { length: 50 },
        () => dnsPacket.decode(encodeQuery({ name: NAME, type: 'TXT' }, { edns: true }).octets).id,
      ),
    );
    expect(ids.size).toBeGreaterThan(40);
  });
});

describe('the reply', () => {
  const query = encodeQuery({ name: NAME, type: 'TXT' }, { edns: true });

  test('gives strings longer than 255 octets in all, and octets that are not UTF-8, as they are', () => {
    const octets = Buffer.from(Array.from({ length: 255 }, (_, index) => index));
    const decoded = decodeReply(reply(query, { answers: [txt(NAME, octets, octets)] }), query);
    const text = octets.toString('latin1');
    expect(decoded).toMatchObject({
      kind: 'answer',
      records: [{ type: 'TXT', owner: NAME, text: text + text, ttlSeconds: 300 }],
    });
  });

  test('adds the upper bits of the response code (BADVERS)', () => {
    const opt = {
      name: '.',
      type: 'OPT',
      udpPayloadSize: 1232,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0,
      options: [],
    };
    expect(decodeReply(reply(query, { additionals: [opt] }), query)).toMatchObject({
      kind: 'answer',
      rcode: 16,
    });
  });

  test('takes the smaller of TTL and MINIMUM of the SOA', () => {
    const decoded = decodeReply(reply(query, { authorities: [soa('test', 300, 2 ** 31 - 1)] }), query);
    expect(decoded).toMatchObject({ kind: 'answer', negativeTtlSeconds: 300 });
  });

  test('takes a header alone from a server that understood nothing, and only as an error', () => {
    const header = Buffer.from(query.octets.slice(0, 12));
    header.set([0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0], 2);
    expect(decodeReply(header, query)).toMatchObject({ kind: 'answer', rcode: 1 });
    header[3] = 0;
    expect(decodeReply(header, query)).toEqual({ kind: 'foreign' });
  });

  test('is not decoded at its worst: 16 kB of records that all name the longest chain of pointers', () => {
    expect(decodeReply(worstReply(query), query).kind).toBe('malformed');
  });

  test('cut at any octet is never an answer, and never throws', () => {
    const whole = reply(query, {
      answers: [txt(NAME, 'BITTORRENT TCP:80')],
      authorities: [soa('test', 60, 60)],
    });
    for (let length = 0; length < whole.length; length++) {
      expect(decodeReply(whole.subarray(0, length), query).kind).not.toBe('answer');
    }
  });

  test('with any octets after a fitting header never throws, whatever they are', () => {
    const head = reply(query, { answers: [txt(NAME, 'BITTORRENT TCP:80')] });
    const counts = fc.uint8Array({ minLength: 6, maxLength: 6, max: 3 });
    const body = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(counts, body, fc.nat({ max: head.length }), (numbers, octets, keep) => {
        const mutated = Buffer.concat([head.subarray(0, Math.max(keep, 12 + query.questionOctets)), octets]);
        mutated.set(numbers, 6);
        expect(['answer', 'malformed']).toContain(decodeReply(mutated, query).kind);
      }),
    );
  });
});

/** The names are legal, one by one: what is refused is their number. */
function worstReply(query: Query): Buffer {
  const head = reply(query);
  const start = head.length + 12;
  const chain: number[] = [];
  let last = 12;
  for (let link = 0; link < 120; link++) {
    const at = start + chain.length;
    chain.push(1, 0x61, 0xc0 | (last >> 8), last & 0xff);
    last = at;
  }
  const opaque = Buffer.concat([
    Buffer.from([0xc0, 12, 0xff, 0xfe, 0, 1, 0, 0, 0, 60, 0, 0]),
    Buffer.from(chain),
  ]);
  opaque.writeUInt16BE(chain.length, 10);
  const record = Buffer.from([0xc0 | (last >> 8), last & 0xff, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0]);
  const count = Math.floor((MAX_REPLY_OCTETS - head.length - opaque.length) / record.length);
  const whole = Buffer.concat([head, opaque, ...Array.from({ length: count }, () => record)]);
  whole.writeUInt16BE(count + 1, 6);
  return whole;
}
