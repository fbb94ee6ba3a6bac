import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  compareDelegation,
  type Delegation,
  type DelegationRecord,
  delegationOf,
  formatDelegationRecord,
} from '../../../src/core/delegation/delegation.ts';
import {
  type Digest,
  dsDigests,
  isSigningKey,
  keyTag,
} from '../../../src/core/delegation/delegation-signer.ts';
import { parseName } from '../../../src/core/dns/name.ts';
import { parseRecordType } from '../../../src/core/dns/record-type.ts';
import { formatHex } from '../../../src/core/octets/text.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';

const digest: Digest = (type, octets) =>
  new Uint8Array(createHash({ 1: 'sha1', 2: 'sha256', 4: 'sha384' }[type]!).update(octets).digest());

function delegation(lines: string): Delegation {
  const octets = Buffer.from(`$ORIGIN z.test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n${lines}\n`);
  const { apex, records, diagnostics } = parseZone({ path: 'z.test.zone', octets });
  expect(diagnostics).toEqual([]);
  return delegationOf({ apex: apex!, records }, digest);
}

const linesOf = ({ nameServers, glue, signers }: Delegation): string[] =>
  [...nameServers, ...glue, ...signers].map(formatDelegationRecord);

/** RFC 6605 §6.1. */
const KEY =
  '257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==';

describe('what the parent has to publish', () => {
  test('name servers, and addresses of those below the zone only', () => {
    const lines =
      '@ NS NS1\n@ NS ns.other.test.\n@ NS @\n@ A 192.0.2.1\nns1 A 192.0.2.2\nNs1 AAAA 2001:db8::2\nwww A 192.0.2.3';
    expect(linesOf(delegation(lines))).toEqual([
      'z.test.\tNS\tns1.z.test.',
      'z.test.\tNS\tns.other.test.',
      'z.test.\tNS\tz.test.',
      'ns1.z.test.\tA\t192.0.2.2',
      'ns1.z.test.\tAAAA\t2001:db8::2',
      'z.test.\tA\t192.0.2.1',
    ]);
  });

  test('a DS for each key with the SEP flag: not for those that sign the zone, not for revoked ones', () => {
    const zone = delegation(
      `@ NS ns\nns A 192.0.2.1\n@ DNSKEY ${KEY}\n@ DNSKEY ${KEY.replace('257', '256')}\n@ DNSKEY ${KEY.replace('257', '385')}`,
    );
    expect(zone.signers).toHaveLength(1);
    expect(zone.signers[0]!.data).toMatch(/^55648 13 2 [0-9a-f]{64}$/);
  });

  test('the DS of RFC 6605 §6.1, and the key tag', () => {
    const owner = parseName('example.net.') as Uint8Array;
    const octets = Buffer.from(`@ DNSKEY ${KEY}\n`);
    const { records } = parseZone({
      path: 'x',
      octets: Buffer.concat([Buffer.from('$ORIGIN example.net.\n$TTL 1\n'), octets]),
    });
    const key = records.rdata(0);
    expect(keyTag(key)).toBe(55_648);
    expect(isSigningKey(key)).toBe(true);
    expect(
      dsDigests(owner, key, digest).map(({ type, octets: each }) => `${type} ${formatHex(each)}`)[1],
    ).toBe('2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17');
  });

  test('data too short for a key is none', () => {
    expect(isSigningKey(Uint8Array.of(1, 1, 3))).toBe(false);
  });
});

describe('what differs', () => {
  const ZONE = `@ NS ns\n@ NS ns.other.test.\nns A 192.0.2.1\nns AAAA 2001:db8::1\n@ DNSKEY ${KEY}`;

  function record(line: string): DelegationRecord {
    const [owner, type, ...data] = line.split(' ');
    return { owner: owner!, type: parseRecordType(type!)!, data: data.join(' ') };
  }

  const own = delegation(ZONE);
  const SAME = [
    'z.test. NS ns.z.test.',
    'z.test. NS ns.other.test.',
    'ns.z.test. A 192.0.2.1',
    'ns.z.test. AAAA 2001:db8::1',
  ];
  const [sha1, sha256, sha384] = own.signers[0]!.alike.map((data) => `z.test. DS ${data}`);

  test.each<[string, string[], string[]]>([
    ['nothing', [...SAME, sha256!], []],
    ['nothing, with another digest of the same key', [...SAME, sha384!], []],
    ['nothing, with several', [...SAME, sha1!, sha256!, sha384!], []],
    [
      'nothing, with what belongs to others',
      [...SAME, sha256!, 'ns.other.test. A 192.0.2.9', 'test. NS a.test.'],
      [],
    ],
    ['a name server too few', [...SAME.slice(1), sha256!], ['missing z.test. NS ns.z.test.']],
    ['a name server too many', [...SAME, sha256!, 'z.test. NS old.test.'], ['extra z.test. NS old.test.']],
    [
      'another address',
      [...SAME.slice(0, 2), 'ns.z.test. A 192.0.2.8', SAME[3]!, sha256!],
      ['missing ns.z.test. A 192.0.2.1', 'extra ns.z.test. A 192.0.2.8'],
    ],
    ['no DS', SAME, [`missing ${sha256!}`]],
    ['the DS of another key', [...SAME, sha256!, 'z.test. DS 1 13 2 00'], ['extra z.test. DS 1 13 2 00']],
    ['everything', [], [...SAME, sha256!].map((line) => `missing ${line}`)],
  ])('%s', (_what, found, expected) => {
    const differences = compareDelegation(own, found.map(record)).map(
      ({ kind, record: each }) => `${kind} ${formatDelegationRecord(each).replaceAll('\t', ' ')}`,
    );
    expect(differences).toEqual(expected);
  });

  test('a DS for a zone that is not signed', () => {
    const unsigned = delegation('@ NS ns\nns A 192.0.2.1');
    const found = ['z.test. NS ns.z.test.', 'ns.z.test. A 192.0.2.1', sha256!].map(record);
    expect(compareDelegation(unsigned, found)).toMatchObject([{ kind: 'extra' }]);
  });
});
