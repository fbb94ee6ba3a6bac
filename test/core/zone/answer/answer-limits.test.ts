// What an answer leaves out: names said already, owners that no pointer reaches, options that would not fit.

import { describe, expect, it } from 'vitest';
import { createCounters } from '../../../../src/core/counters.ts';
import { createPacketSource, MAX_DATAGRAM_OCTETS } from '../../../../src/core/net/packet-handler.ts';
import { signRequest, tsigOctets } from '../../../../src/core/transfer/tsig.ts';
import { createAuthority } from '../../../../src/core/zone/answer/authority.ts';
import { createCatalog } from '../../../../src/core/zone/image/catalog.ts';
import { hmac } from '../../../../src/io/hmac.ts';
import { ask, authorityOf, imageOf, SEED } from '../../../support/authority-of.ts';
import { encodeRequest, readReply } from '../../../support/edns-message.ts';
import { tsigKey } from '../../../support/tsig.ts';

const HOSTS = 1000;
const hostOf = (index: number): string => `h${String(index).padStart(4, '0')}.hosts`;
const addressOf = (index: number): string => `10.0.${index >> 8}.${index & 255}`;

const IMAGE = imageOf(
  `
$ORIGIN example.
$TTL 300
@        SOA  ns hostmaster 7 7200 900 1209600 60
@        NS   ns
@        MX   10 mail
@        MX   20 mail
@        MX   30 ns
ns       A    192.0.2.1
mail     A    192.0.2.2
*.cut    NS   ns
${Array.from({ length: HOSTS }, (_, index) => `many NS ${hostOf(index)}\n${hostOf(index)} A ${addressOf(index)}`).join('\n')}
`,
  'example.',
);
const authority = authorityOf(IMAGE);

describe('an answer', () => {
  it('has the addresses of a host once, however often it is named', () => {
    expect(ask(authority, { name: 'example.', type: 'MX' }).additional).toEqual([
      'mail.example. 300 IN A 192.0.2.2',
      'ns.example. 300 IN A 192.0.2.1',
    ]);
  });

  it('leaves out addresses whose owner stands where no pointer reaches (RFC 1035 §4.1.4)', () => {
    const reply = ask(authority, { name: 'x.many.example.', type: 'A' }, 'tcp');
    expect(reply.authority).toHaveLength(HOSTS);
    const known = new Set(
      Array.from({ length: HOSTS }, (_, index) => `${hostOf(index)}.example. 300 IN A ${addressOf(index)}`),
    );
    expect(reply.additional.filter((line) => !known.has(line))).toEqual([]);
    // Those that a pointer reaches: in the first 16 kB.
    expect(reply.additional.length).toBeGreaterThan(HOSTS / 2);
    expect(reply.additional.length).toBeLessThan(HOSTS);
  });

  it('for the DS of a name that a wildcard delegates is from this side of the cut (RFC 4035 §3.1.4.1)', () => {
    const below = ask(authority, { name: 'x.cut.example.', type: 'A' });
    expect([below.flags, below.authority]).toEqual([['QR'], ['x.cut.example. 300 IN NS ns.example.']]);
    const signer = ask(authority, { name: 'x.cut.example.', type: 'DS' });
    expect(signer.flags).toEqual(['QR', 'AA']);
    expect(signer.authority).toEqual([expect.stringMatching(/^example\. 60 IN SOA /)]);
  });
});

describe('an extended error beside a signature', () => {
  const PAYLOAD = 512;
  /** Of no zone: it is refused, and that has an extended error. */
  const query = encodeRequest({
    name: `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'t'.repeat(50)}.`,
    options: [],
    payload: PAYLOAD,
  });
  const label = (length: number): string => 'k'.repeat(length);

  it.each([
    [6, true],
    [5, false],
    [0, false],
  ])('with %i octets left of what the client takes: %s', (left, isTold) => {
    const room = PAYLOAD - query.length - left;
    const lengthOf = (last: number) => tsigOctets(tsigKey(`${label(63)}.${label(63)}.${label(last)}`));
    const key = tsigKey(`${label(63)}.${label(63)}.${label(room - lengthOf(1) + 1)}`);
    expect(tsigOctets(key)).toBe(room);
    const signed = createAuthority({ catalog: createCatalog([], SEED), counters: createCounters(), hmac });
    signed.publish(createCatalog([IMAGE], SEED), { keys: [key] });
    const { message } = signRequest(query, { key, hmac, nowSeconds: 5000 });
    const reply = new Uint8Array(MAX_DATAGRAM_OCTETS);
    const length = signed.handle(message, 0, message.length, createPacketSource(), reply, 0, 5000);
    expect(readReply(reply.subarray(0, length))).toMatchObject({
      rcode: 5,
      isTruncated: false,
      options: isTold ? { 15: '0014' } : {},
    });
    expect(length).toBe(PAYLOAD - left + (isTold ? 6 : 0));
  });
});
