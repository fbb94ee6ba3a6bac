// Zone text: read, checked, compiled, asked, written and read again.

import assert from 'node:assert/strict';
import { formatName, nameLength } from '../../../src/core/dns/name.ts';
import { formatHex, textToOctets } from '../../../src/core/octets/text.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { isError } from '../../../src/core/zone/diagnostic.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import { formatZone } from '../../../src/core/zone/language/format.ts';
import { type IncludeReader, type ParsedZone, parseZone } from '../../../src/core/zone/language/parser.ts';
import { nameOf } from '../../core/zone/zone-text.ts';
import { authorityOf, exchange, SEED } from '../../support/authority-of.ts';
import { faultOfReply } from '../../support/reply-rules.ts';
import { type FuzzTarget, octetsOf } from '../target.ts';

const HEAD = '@ 60 SOA ns hostmaster 1 1h 15m 1w 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n';

const digest = (octets: number): string => '00'.repeat(octets);

const SEEDS = [
  '',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: $GENERATE itself writes ${…}.
  '$TTL 1h30m\n$ORIGIN sub\n$GENERATE 1-3 h${0,2,x} A 127.0.0.$\n',
  '@ ( IN TXT "a\\"b\\010" ; c\n  "d" )\n*.t 60 TXT "BITTORRENT UDP:1 TCP:80"\n*.t AAAA ::1\nt TXT "BITTORRENT DENY ALL"\n',
  'a MX 10 b\n SRV 1 2 3 .\n CAA 0 issue "x"\n TYPE999 \\# 2 0102\n SVCB 1 . alpn="h2,h3" port=1 ipv4hint=192.0.2.1\n',
  'n NSEC a A TYPE1234\n LOC 1 2 3.4 N 5 E 6m\n NSEC3 1 0 0 - 2T7B4G A\n RRSIG A 8 2 60 1 2 3 . AQID\n',
  `c CNAME d\nd CNAME e\ne DNAME f\ncut NS ns.cut\nns.cut A 127.0.0.2\ncut DS 1 8 2 ${digest(32)}\nw.*.w PTR .\n`,
  `h HINFO "x" y\nr RP a b\nu URI 1 2 "x"\nk DNSKEY 256 3 8 AQID\ns SSHFP 1 1 ${digest(20)}\nt TLSA 3 1 1 ${digest(32)}\ne EUI48 00-01-02-03-04-05\n`,
  `p NAPTR 1 2 "u" "x" "!^y$!z!" .\nz ZONEMD 1 1 1 ${digest(48)}\ny CSYNC 1 3 A NS\no OPENPGPKEY AQID\nq HTTPS 0 a\nm SMIMEA 3 1 1 ${digest(32)}\n`,
].map((text) => HEAD + text);

const include: IncludeReader = (path) => ({ path, octets: textToOctets(`p A 1.2.3.4\n$INCLUDE ${path}x\n`) });

function rowsOf(zone: ParsedZone): string[] {
  return Array.from({ length: zone.records.count }, (_, row) => formatHex(zone.records.rdata(row)));
}

function checkRoundTrip(zone: ParsedZone): void {
  const text = formatZone(zone);
  const again = parseZone({ path: 'zone', octets: textToOctets(text) }, { origin: nameOf('example.') });
  assert.deepEqual(again.diagnostics.filter(isError), []);
  assert.equal(formatZone(again), text);
  assert.deepEqual(rowsOf(again), rowsOf(zone));
}

/** Asks for what is there, what is below it and what is not, by an authority that has nothing else. */
function checkAnswers(zone: ParsedZone): void {
  const image = compileZone({ apex: zone.apex!, records: zone.records }, { seed: SEED });
  const authority = authorityOf(image);
  for (let row = 0; row < Math.min(zone.records.count, 20); row++) {
    const start = zone.records.owners[row]!;
    const owner = zone.records.octets.subarray(start, start + nameLength(zone.records.octets, start));
    for (const type of [1, 255]) {
      for (const name of [owner, Buffer.concat([Buffer.from('\x01x', 'latin1'), owner])]) {
        if (name.length > 255) continue;
        const head = Buffer.from('123400000001000000000000', 'hex');
        const query = Buffer.concat([head, name, Buffer.from([0, type, 0, 1])]);
        for (const transport of ['udp', 'tcp'] as const) {
          const fault = faultOfReply(query, exchange(authority, query, transport), { transport });
          assert.equal(fault, undefined, `${fault} at ${formatName(name)}`);
        }
      }
    }
  }
}

export const zone: FuzzTarget = {
  name: 'zone',
  about:
    'parseZone, checkZone, compileZone, formatZone: never throw, point into the file, read back what they write',
  maxOctets: 4096,
  seeds: () => SEEDS.map(octetsOf),
  // Files without end; digests and a regular expression that are cut short.
  refusedSeeds: () =>
    [
      '$INCLUDE part\n',
      'cut NS ns\ncut DS 1 8 2 00\n',
      's SSHFP 1 1 00\nt TLSA 3 1 1 00\nm SMIMEA 3 1 1 00\n',
      'p NAPTR 1 2 "u" "x" "!y!" .\nz ZONEMD 1 1 1 00\n',
    ].map((text) => octetsOf(HEAD + text)),
  tokens: [
    ...[
      '$ORIGIN ',
      '$TTL ',
      '$INCLUDE ',
      '$GENERATE 0-9 ',
      '\n',
      '\n ',
      '( ',
      ' )',
      '"',
      '\\',
      '\\# ',
      '@',
      '*.',
      ' IN ',
    ],
    ...[
      'SOA ',
      'NS ',
      'A ',
      'AAAA ',
      'TXT ',
      'CNAME ',
      'DNAME ',
      'MX ',
      'TYPE65280 ',
      'SVCB ',
      'LOC ',
      'NSEC ',
      'CAA ',
    ],
    ...[
      'BITTORRENT ',
      'UDP:',
      'TCP:443',
      'DENY ALL',
      '4294967296',
      '2147483648',
      '1w',
      'alpn=',
      'key65535=',
      '127.0.0.1',
    ],
    ...['::', '\\255', '\\000', '; ', '\t', '\0', '\xff', '-', '{0,0,d}', '$', 'AQID'],
  ],
  create() {
    const origin = nameOf('example.');
    return (input) => {
      const parsed = parseZone({ path: 'zone', octets: input }, { origin, include });
      const findings = [...parsed.diagnostics, ...checkZone(parsed)];
      for (const { line, column, length, message } of findings)
        assert.ok(
          line >= 1 && column >= 1 && length >= 1 && message !== '',
          `a finding at ${line}:${column}`,
        );
      checkRoundTrip(parsed);
      if (findings.some(isError)) return false;
      checkAnswers(parsed);
      return true;
    };
  },
};
