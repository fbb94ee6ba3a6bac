// Names in the data of an answer: whose are compressed (RFC 3597 §4), whose addresses go along.

import { describe, expect, it } from 'vitest';
import { checkZone } from '../../../../src/core/zone/check/check.ts';
import { ask, authorityOf, exchange, imageOf } from '../../../support/authority-of.ts';
import { encodeQuery } from '../../../support/dns-message.ts';
import { HEAD, readZone } from '../zone-text.ts';

const HOST = 'host.example. 60 IN A 192.0.2.1';

/** Type, data with names of the zone, how many octets compression saves, and whether addresses go along. */
const TYPES: readonly (readonly [type: string, data: string, saved: number, goAlong: boolean])[] = [
  ['MX', '1 host.example.', 7, true],
  ['PTR', 'host.example.', 7, false],
  ['MB', 'host.example.', 7, true],
  ['MG', 'host.example.', 7, false],
  ['MR', 'host.example.', 7, false],
  ['MINFO', 'host.example. host.example.', 14, false],
  ['SRV', '1 2 3 host.example.', 0, true],
  ['RP', 'host.example. host.example.', 0, false],
  ['AFSDB', '1 host.example.', 0, true],
  ['RT', '1 host.example.', 0, true],
  ['KX', '1 host.example.', 0, true],
  ['PX', '1 host.example. host.example.', 0, false],
  ['LP', '1 host.example.', 0, false],
];

describe.each(TYPES)('%s', (type, data, saved, goAlong) => {
  const text = `${HEAD}host 60 A 192.0.2.1\n`;
  const authority = authorityOf(imageOf(`${text}a 60 ${type} ${data}\n`, 'example.'));

  it(`has its addresses along: ${goAlong}`, () => {
    const reply = ask(authority, { name: 'a.example.', type: 'ANY' });
    expect(reply.additional).toEqual(goAlong ? [HOST] : []);
  });

  it(`is shorter by ${saved} octets than its data`, () => {
    const zone = readZone(`a 60 ${type} ${data}\n`);
    // Header, question, and a record with a pointer for its owner (RFC 1035 §4.1).
    const whole = 12 + 11 + 4 + 12 + zone.records.rdataLengths[0]!;
    const additional = goAlong ? 16 : 0;
    const reply = exchange(authority, encodeQuery({ name: 'a.example.', type: 'ANY' }));
    expect(whole + additional - reply.length).toBe(saved);
  });

  it('is the same record in other letters', () => {
    const zone = readZone(`${text}a 60 ${type} ${data}\na 60 ${type} ${data.toUpperCase()}\n`);
    const codes = checkZone(zone).map(({ code }) => code);
    // RFC 6840 §5.1: letters count in the names of newer types.
    expect(codes.includes('duplicate-record')).toBe(type !== 'LP');
  });
});
