import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeZoneQuery, readSoaReply, type ZoneQuery } from '../../../src/core/transfer/zone-query.ts';
import { nameOf } from '../zone/zone-text.ts';

const QUERY: ZoneQuery = { id: 4711, apex: nameOf('example.net.'), kind: 'soa' };

const SOA = {
  name: 'example.net',
  type: 'SOA' as const,
  ttl: 60,
  data: {
    mname: 'ns.example.net',
    rname: 'hostmaster.example.net',
    serial: 7,
    refresh: 1,
    retry: 2,
    expire: 3,
    minimum: 4,
  },
};

function reply(fields: Record<string, unknown> = {}): Uint8Array {
  return dnsPacket.encode({
    type: 'response',
    id: QUERY.id,
    flags: dnsPacket.AUTHORITATIVE_ANSWER,
    questions: [{ type: 'SOA', name: 'Example.NET' }],
    answers: [SOA],
    ...fields,
  } as dnsPacket.Packet);
}

describe('encodeZoneQuery', () => {
  it.each(['soa', 'axfr'] as const)('asks for %s without anything else', (kind) => {
    const { id, questions, authorities, flags } = dnsPacket.decode(
      Buffer.from(encodeZoneQuery({ ...QUERY, kind })),
    );
    expect({ id, flags, authorities }).toEqual({ id: 4711, flags: 0, authorities: [] });
    expect(questions).toMatchObject([{ name: 'example.net', type: kind.toUpperCase() }]);
  });

  it('says for IXFR which version is at hand', () => {
    const message = encodeZoneQuery({ ...QUERY, kind: 'ixfr', serial: 2 ** 32 - 1 });
    const { questions, authorities } = dnsPacket.decode(Buffer.from(message));
    expect(questions).toMatchObject([{ name: 'example.net', type: 'IXFR' }]);
    expect(authorities).toMatchObject([{ name: 'example.net', type: 'SOA', data: { serial: 2 ** 32 - 1 } }]);
  });
});

describe('readSoaReply', () => {
  it.each<[string, Uint8Array, ReturnType<typeof readSoaReply>]>([
    ['the serial', reply(), { kind: 'soa', serial: 7 }],
    [
      'that it was cut short',
      reply({ flags: dnsPacket.TRUNCATED_RESPONSE, answers: [] }),
      { kind: 'truncated' },
    ],
    ['another id', reply({ id: 1 }), undefined],
    ['a query', reply({ type: 'query' }), undefined],
    ['another question', reply({ questions: [{ type: 'SOA', name: 'example.org' }] }), undefined],
    ['another type', reply({ questions: [{ type: 'A', name: 'example.net' }] }), undefined],
    [
      'a refusal',
      reply({ flags: 5, answers: [] }),
      { kind: 'failed', message: 'The primary answers REFUSED.' },
    ],
    [
      'no authority',
      reply({ flags: 0 }),
      { kind: 'failed', message: 'The primary answers without authority.' },
    ],
    [
      'no SOA',
      reply({ answers: [] }),
      { kind: 'failed', message: 'The primary answers without a SOA record.' },
    ],
    [
      'the SOA of another zone',
      reply({ answers: [{ ...SOA, name: 'net' }] }),
      { kind: 'failed', message: 'The primary answers without a SOA record.' },
    ],
  ])('reads %s', (_, message, expected) => {
    expect(readSoaReply(message, QUERY)).toEqual(expected);
  });

  it('takes any octets', () => {
    const whole = reply();
    for (let length = 0; length < whole.length; length++)
      expect(readSoaReply(whole.subarray(0, length), QUERY)?.kind).not.toBe('soa');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const message = Uint8Array.from(whole);
        for (const [at, octet] of changes) message[at] = octet;
        readSoaReply(message, QUERY);
      }),
    );
  });
});
