// What has no file of its own among the vectors: what is no defect, and which of two findings is made.

import { describe, expect, it } from 'vitest';
import { checkZone } from '../../../../src/core/zone/check/check.ts';
import { findingsOf, HEAD, readZone } from '../zone-text.ts';

/** Findings below the first three lines, which are SOA, NS and the server's address; line 1 is the line below. */
function below(text: string): string[] {
  return findingsOf(readZone(HEAD + text)).map((finding) =>
    finding.replace(/^\d+/, (line) => String(Number(line) - 3)),
  );
}

const FINE: readonly [what: string, text: string][] = [
  ['signatures beside a CNAME', 'a CNAME ns\na RRSIG CNAME 8 2 60 1 2 3 @ AQID\na NSEC b CNAME'],
  ['glue below a delegation', 'sub NS ns.sub\nns.sub A 127.0.0.1'],
  ['glue at the delegation itself', 'sub NS sub\nsub A 127.0.0.1'],
  ['glue of another delegation', 'a NS ns.b\nb NS ns.b\nns.b A 127.0.0.1'],
  ['a server of another delegation, which knows its address', 'a NS ns.b\nb NS ns.other.test.'],
  ['DS at a delegation', `sub NS ns\nsub DS 1 8 2 ${'00'.repeat(32)}`],
  ['a mail server that a wildcard gives an address', '@ MX 10 mail\n* A 127.0.0.1'],
  ['no mail server (RFC 7505)', '@ MX 0 .'],
  ['a server outside', '@ NS ns.other.test.'],
  ['a name that only looks like an address', '@ MX 10 1.2.3.4.5.other.test.'],
  [
    'the same preference in two splittings',
    't A 127.0.0.1\nt TXT "BITTORRENT DENY ALL"\nt TXT "v=spf1 -all"',
  ],
  ['a denial without address', 't TXT "BITTORRENT DENY ALL"'],
  ['a bare denial', 't TXT "BITTORRENT"'],
  ['a wildcard that is a preference host', '*.t A 127.0.0.1\n*.t TXT "BITTORRENT UDP:6969"'],
  ['another record that begins so', 't TXT "BITTORRENTS are fine"'],
  ['a word that is none', 't A 127.0.0.1\nt TXT "BITTORRENT UDP:6969 hello"'],
  ['UDP on 443', 't A 127.0.0.1\nt TXT "BITTORRENT UDP:443"'],
  [
    'a name for one family with its own record',
    't A 127.0.0.1\nt TXT "BITTORRENT UDP:1"\nipv4.t A 127.0.0.1\nipv4.t TXT "BITTORRENT UDP:1"',
  ],
  ['numbers whose octets are a letter in both cases', '@ MX 65 x.test.\n@ MX 97 x.test.'],
  ['the root in capitals and small letters', 'A A 127.0.0.1\na AAAA ::1'],
];

describe('checkZone', () => {
  it.each(FINE)('accepts %s', (_what, text) => {
    expect(below(text)).toEqual([]);
  });

  it.each([
    ['a preference without quotes', 't TXT BITTORRENT UDP:6969', ['1:3 preference-marker']],
    ['several SOA records that are the same', '@ SOA ns hostmaster 1 1h 15m 1w 60', ['1:3 duplicate-record']],
    ['a duplicate in other letters', 'a NS x.test.\na NS X.test.', ['2:3 duplicate-record']],
    ['differing letters of a TXT record as two', 'a TXT "x"\na TXT "X"', []],
    ['data at a delegation', 'sub NS ns\nsub TXT "BITTORRENT DENY ALL"', ['2:5 data-below-delegation']],
    [
      'an address below a delegation that is no glue',
      'sub NS ns\nwww.sub A 127.0.0.1',
      ['2:9 data-below-delegation'],
    ],
    ['a delegation below a delegation', 'sub NS ns\na.sub NS ns', ['2:7 data-below-delegation']],
    [
      'data below a DNAME at the apex',
      '@ DNAME other.test.\nx.y A 127.0.0.1',
      ['0:7 data-below-dname', '2:5 data-below-dname'],
    ],
    [
      'CNAME at a preference host',
      't CNAME ns\nt TXT "BITTORRENT UDP:1"',
      ['1:3 cname-and-other-data', '2:3 preference-without-address'],
    ],
    [
      'a preference in several strings with a conflict',
      't A 127.0.0.1\nt TXT "BITTORRENT UDP:1"\nt TXT "BITTORRENT " "UDP:2"',
      ['3:3 preference-split', '3:3 preference-conflict'],
    ],
    [
      'the same preference split, as one',
      't A 127.0.0.1\nt TXT "BITTORRENT UDP:1"\nt TXT "BITTORRENT " "UDP:1"',
      ['3:3 preference-split'],
    ],
    [
      'a name that is not ASCII',
      '\\195\\164 A 127.0.0.1\n\\195\\164 TXT "BITTORRENT UDP:1"',
      ['2:10 preference-label'],
    ],
    ['a server below a DNAME', 'd DNAME other.test.\n@ MX 10 mail.d', ['2:3 target-is-alias']],
    ['an address with its final dot', '@ MX 10 192.0.2.1.', ['1:3 target-is-address']],
    [
      'a preference host in every word wrong',
      't A 127.0.0.1\nt TXT "BITTORRENT UDP:0 TCP:65536"',
      ['2:3 preference-typo'],
    ],
  ])('reports %s', (_what, text, findings) => {
    expect(below(text)).toEqual(findings);
  });

  it('does not miss what an unreadable line may have said', () => {
    expect(findingsOf(readZone('@ 60 SOA ns\n@ 60 NS ns'))).toEqual(['1:12 missing-field']);
    expect(findingsOf(readZone(`${HEAD}t TXT "BITTORRENT UDP:1"\nt A 1`))).toEqual(['5:5 bad-ipv4-address']);
  });

  it('finds the same whatever the seed', () => {
    const zone = readZone(`${HEAD}a CNAME b\na A 1.2.3.4\nsub NS ns.sub`);
    expect(checkZone(zone, { seed: 0x5eed })).toEqual(checkZone(zone));
  });

  it('takes TCP:443 where the server has a certificate', () => {
    const zone = readZone(`${HEAD}t A 127.0.0.1\nt TXT "BITTORRENT TCP:443"`);
    expect(checkZone(zone).map(({ code }) => code)).toEqual(['preference-needs-certificate']);
    expect(checkZone(zone, { hasCertificate: true })).toEqual([]);
  });

  it('is done with a thousand findings, and says no more', () => {
    const zone = readZone(
      `${HEAD}sub NS ns\n${Array.from({ length: 3000 }, (_, n) => `h${n}.sub TXT x\n`).join('')}`,
    );
    expect(checkZone(zone).length).toBe(1001);
  });
});
