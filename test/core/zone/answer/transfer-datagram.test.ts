// IXFR over UDP (RFC 1995 §2), through the authority: who gets what, and that it fits.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../../src/core/counters.ts';
import { parsePrefix } from '../../../../src/core/net/prefix.ts';
import { parseTransferRule, type TransferRule } from '../../../../src/core/transfer/access.ts';
import { diffImages } from '../../../../src/core/transfer/changes.ts';
import { createTransferReader } from '../../../../src/core/transfer/incoming.ts';
import { signRequest } from '../../../../src/core/transfer/tsig.ts';
import { TsigStream } from '../../../../src/core/transfer/tsig-stream.ts';
import { createAuthority } from '../../../../src/core/zone/answer/authority.ts';
import { createCatalog } from '../../../../src/core/zone/image/catalog.ts';
import { createUnavailableZone } from '../../../../src/core/zone/image/unavailable.ts';
import { hmac } from '../../../../src/io/hmac.ts';
import { exchange, SEED } from '../../../support/authority-of.ts';
import { readReply } from '../../../support/edns-message.ts';
import { tsigKey } from '../../../support/tsig.ts';
import { compileText, encodeRequest, ID, nameOf } from '../../transfer/transfer-zones.ts';

const NOW = 1_700_000_000;
const KEY = tsigKey();
/** The source of `exchange` is 0.0.0.0. */
const ANYBODY = [{ prefix: parsePrefix('0.0.0.0/0'), key: undefined }];
const REFUSED = 5;

function zone(serial: number, hosts: number): string {
  const lines = Array.from({ length: hosts }, (_, index) => `h${serial}-${index} A 192.0.2.${index % 256}`);
  return `$TTL 300\n@ SOA ns hostmaster ${serial} 7200 900 1209600 60\n@ NS ns\nns A 192.0.2.1\n${lines.join('\n')}\n`;
}

/** At serial 3; from 1 to 2 few records change, from 2 to 3 `hosts`. */
function serving(hosts: number, rules: readonly TransferRule[] = ANYBODY) {
  const images = [zone(1, 0), zone(2, 2), zone(3, hosts)].map((text) => compileText(text, 'example.', SEED));
  const changes = [diffImages(images[0]!, images[1]!)!, diffImages(images[1]!, images[2]!)!];
  const counters = createCounters();
  const catalog = createCatalog([images[2]!, createUnavailableZone(nameOf('gone.'), SEED)], SEED);
  const authority = createAuthority({ catalog, counters, hmac, wallSeconds: () => NOW });
  authority.publish(catalog, { keys: [KEY], rules, journals: [{ apex: nameOf('EXAMPLE.'), changes }] });
  return { authority, counters };
}

const { transfersCurrent, transfersChanges, transfersRefused } = Counter;

describe('IXFR over UDP', () => {
  it.each([
    ['that is one step behind: the step', { serial: 2 }, 2, 'incremental', transfersChanges],
    ['that is two steps behind: both', { serial: 1, hasEdns: true }, 1, 'incremental', transfersChanges],
    ['that is current: the SOA', { serial: 3 }, 3, 'current', transfersCurrent],
    ['that is ahead: the SOA', { serial: 9 }, 9, 'current', transfersCurrent],
    ['that nobody remembers: the SOA', { serial: 0 }, 0, 'more', transfersCurrent],
    ['with EDNS: the same', { serial: 2, hasEdns: true }, 2, 'incremental', transfersChanges],
  ])('gives a client %s', (_, spec, serial, kind, counter) => {
    const { authority, counters } = serving(3);
    const reply = exchange(authority, encodeRequest(spec));
    const reader = createTransferReader({ apex: nameOf('example.'), id: ID, kind: 'ixfr', serial });
    expect(reader.read(reply, NOW).kind).toBe(kind);
    expect(readReply(reply).isAuthoritative).toBe(true);
    expect(readReply(reply).counts[3]).toBe('hasEdns' in spec ? 1 : 0);
    expect(counters[counter]).toBe(1);
  });

  it('gives the SOA where the steps do not fit the datagram', () => {
    const { authority } = serving(60);
    for (const hasEdns of [true, false])
      expect(readReply(exchange(authority, encodeRequest({ serial: 2, hasEdns }))).counts[1]).toBe(1);
  });

  it.each([
    ['a stranger', [], {}, REFUSED],
    ['one without the key', [parseTransferRule('key:xfr.example')!], {}, REFUSED],
    ['one who asks for another zone', ANYBODY, { zone: 'other.' }, 9],
    ['one who asks for a part of a zone', ANYBODY, { zone: 'ns.example.' }, 9],
    ['one who asks for a zone that has expired', ANYBODY, { zone: 'gone.' }, 2],
  ])('gives %s nothing', (_, rules, spec, rcode) => {
    const { authority, counters } = serving(3, rules);
    const reply = readReply(exchange(authority, encodeRequest({ serial: 2, ...spec })));
    expect(reply).toMatchObject({ rcode, counts: [1, 0, 0, 0], isAuthoritative: false });
    expect(counters[transfersRefused]).toBe(rcode === REFUSED ? 1 : 0);
  });

  it('is BADVERS in another EDNS', () => {
    const other = encodeRequest({ serial: 2, hasEdns: true });
    other[other.length - 5] = 1;
    expect(readReply(exchange(serving(3).authority, other)).rcode).toBe(16);
  });

  it('has a signature beside it where it was asked with one', () => {
    const { authority } = serving(3, [parseTransferRule('key:xfr.example')!]);
    const { message, mac } = signRequest(encodeRequest({ serial: 2 }), { key: KEY, hmac, nowSeconds: NOW });
    const reply = exchange(authority, message);
    expect(readReply(reply).counts).toEqual([1, 9, 0, 1]);
    expect(new TsigStream({ key: KEY, hmac, requestMac: mac }).verify(reply, NOW).kind).toBe('verified');
  });

  it('says that it is truncated where not even the SOA fits', () => {
    const label = 'a'.repeat(63);
    const apex = `${label}.${label}.${label}.`;
    const text = `@ 60 SOA ${label}.${label}.${label}. ${'b'.repeat(63)}.${label}.${label}. 3 1 1 1 1\n@ 60 NS ns.example.\n`;
    const catalog = createCatalog([compileText(text, apex, SEED)], SEED);
    const authority = createAuthority({ catalog, counters: createCounters() });
    authority.publish(catalog, { rules: ANYBODY });
    const reply = exchange(authority, encodeRequest({ zone: apex, serial: 2 }));
    expect(readReply(reply)).toMatchObject({ rcode: 0, isTruncated: true, counts: [1, 0, 0, 0] });
  });

  it('is never larger than what the client takes', () => {
    fc.assert(
      fc.property(fc.nat(80), fc.nat(3), fc.boolean(), (hosts, serial, hasEdns) => {
        const reply = exchange(serving(hosts).authority, encodeRequest({ serial, hasEdns }));
        expect(reply.length).toBeLessThanOrEqual(hasEdns ? 1232 : 512);
        const { rcode, isTruncated, counts } = readReply(reply);
        expect([rcode, isTruncated]).toEqual([0, false]);
        expect(counts[1]).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });
});

/** Offset in the question for `zone` of the lower octet of its type; that of its class is two behind. */
const typeAt = (zone: string): number => 12 + nameOf(zone).length + 1;

/** IXFR without the client's SOA. */
function withoutSoa(zone: string): Uint8Array {
  const message = encodeRequest({ zone, hasEdns: true });
  message[typeAt(zone)] = 251;
  return message;
}

function ofClass(recordClass: number): Uint8Array {
  const message = encodeRequest({ serial: 2, hasEdns: true });
  message[typeAt('example.') + 2] = recordClass;
  return message;
}

/** An address where the SOA belongs. */
function withAddress(): Uint8Array {
  const message = encodeRequest({ serial: 2, hasEdns: true });
  message[typeAt('example.') + 6] = 1;
  return message;
}

describe('IXFR that is no question for a transfer', () => {
  const notAuthoritative = { 15: '0014' };

  it.each<[string, Uint8Array, number, object]>([
    ['has no SOA of the client', withoutSoa('example.'), 1, {}],
    ['has an address for it', withAddress(), 1, {}],
    ['has none either, for another zone', withoutSoa('other.'), 9, notAuthoritative],
    ['has none either, for a part of a zone', withoutSoa('ns.example.'), 9, notAuthoritative],
    ['is of class CHAOS', ofClass(3), REFUSED, notAuthoritative],
    ['is of class HESIOD', ofClass(4), REFUSED, notAuthoritative],
  ])(
    'that %s is told so, whoever asks, with the same octets over UDP and TCP',
    (_, message, rcode, options) => {
      for (const rules of [ANYBODY, []]) {
        const { authority } = serving(3, rules);
        const reply = exchange(authority, message);
        expect(readReply(reply)).toMatchObject({
          rcode,
          options,
          counts: [1, 0, 0, 1],
          isAuthoritative: false,
        });
        expect(exchange(authority, message, 'tcp')).toEqual(reply);
      }
    },
  );

  it('is refused over TCP where the authority alone answers, though it be whole', () => {
    const { authority } = serving(3);
    expect(readReply(exchange(authority, encodeRequest({ serial: 2 }), 'tcp')).rcode).toBe(REFUSED);
  });
});

describe('AXFR over UDP', () => {
  it('is NOTIMP, as with NSD and Knot', () => {
    const reply = readReply(exchange(serving(3).authority, encodeRequest({})));
    expect(reply).toMatchObject({ rcode: 4, counts: [1, 0, 0, 0] });
  });
});
