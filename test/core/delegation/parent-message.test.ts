import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDelegationRecord } from '../../../src/core/delegation/delegation.ts';
import {
  encodeParentQuery,
  type ParentQuery,
  readParentReply,
} from '../../../src/core/delegation/parent-message.ts';
import { parseName } from '../../../src/core/dns/name.ts';
import { RecordType } from '../../../src/core/dns/record-type.ts';

const QUERY: ParentQuery = { id: 7, apex: parseName('z.test.') as Uint8Array, type: RecordType.NS };

/** A response to {@link QUERY}, with these fields instead. */
function reply(fields: dnsPacket.Packet): Uint8Array {
  const questions = [{ name: 'Z.test', type: 'NS' as const }];
  return new Uint8Array(dnsPacket.encode({ type: 'response', id: 7, questions, ...fields }));
}

const ns = { name: 'z.test', type: 'NS', ttl: 60, data: 'ns.z.test' } as const;
const glue = { name: 'NS.z.test', type: 'A', ttl: 60, data: '192.0.2.1' } as const;

test('the question is not recursive, and has room for a large answer', () => {
  const { questions, flags, additionals } = dnsPacket.decode(Buffer.from(encodeParentQuery(QUERY)));
  expect(questions).toMatchObject([{ name: 'z.test', type: 'NS', class: 'IN' }]);
  expect(flags! & dnsPacket.RECURSION_DESIRED).toBe(0);
  expect(additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
});

test('a referral is what the parent publishes', () => {
  const read = readParentReply(reply({ authorities: [ns], additionals: [glue] }), QUERY);
  if (read?.kind !== 'delegation') throw new Error('no delegation');
  expect(read.isOwnZone).toBe(false);
  expect(read.records.map(formatDelegationRecord)).toEqual([
    'z.test.\tNS\tns.z.test.',
    'ns.z.test.\tA\t192.0.2.1',
  ]);
});

test.each<[string, dnsPacket.Packet, object]>([
  [
    'an answer with authority is of the zone itself',
    { flags: dnsPacket.AUTHORITATIVE_ANSWER, answers: [ns] },
    { isOwnZone: true },
  ],
  [
    'no such name is no delegation',
    { flags: 3 | dnsPacket.AUTHORITATIVE_ANSWER },
    { kind: 'delegation', records: [] },
  ],
  ['REFUSED is a failure', { flags: 5 }, { kind: 'failed', message: 'it answers REFUSED' }],
  ['a truncated answer is asked again', { flags: dnsPacket.TRUNCATED_RESPONSE }, { kind: 'truncated' }],
])('%s', (_what, fields, expected) => {
  expect(readParentReply(reply(fields), QUERY)).toMatchObject(expected);
});

test.each<[string, dnsPacket.Packet]>([
  ['another id', { id: 8 }],
  ['a query', { type: 'query' }],
  ['another name', { questions: [{ name: 'y.test', type: 'NS' }] }],
  ['another type', { questions: [{ name: 'z.test', type: 'DS' }] }],
])('%s is no reply', (_what, fields) => {
  expect(readParentReply(reply(fields), QUERY)).toBeUndefined();
});

test('a reply cut anywhere is malformed or none, and octets of any kind never throw', () => {
  const whole = reply({ authorities: [ns], additionals: [glue] });
  for (let length = 0; length < whole.length; length++) {
    expect(readParentReply(whole.slice(0, length), QUERY)?.kind ?? 'none').toMatch(/none|failed/);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const octets = new Uint8Array([...whole.slice(0, 12), ...tail]);
      expect(['none', 'failed', 'delegation']).toContain(readParentReply(octets, QUERY)?.kind ?? 'none');
    }),
  );
});
