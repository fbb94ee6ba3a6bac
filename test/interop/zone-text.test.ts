// What the zone language writes and encodes is what BIND, NSD and Knot make of the same records.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatName } from '../../src/core/dns/name.ts';
import { formatHex, textToOctets } from '../../src/core/octets/text.ts';
import { formatZone } from '../../src/core/zone/language/format.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isInstalled, isMissing, run } from './programs.ts';

process.env['PATH'] += ':/usr/sbin:/usr/bin';

const HASH = '01'.repeat(32);
const LONG_HASH = '01'.repeat(48);

/** One record of each type that has a text form, in forms that all three read. */
const TEXT = `$ORIGIN example.
$TTL 1h30m
@ SOA ns hostmaster 1 1h 15m 1w 60
@ NS ns
ns A 192.0.2.1
ns AAAA 2001:DB8::1
alias CNAME ns
old DNAME example.org.
ptr PTR ns
mail MX 10 ns
text TXT "a \\"b\\" \\\\ \\010" c ""
spf SPF "v=spf1 -all"
srv SRV 1 2 6969 ns
caa CAA 128 issue "ca.example; x=y"
host HINFO "a" "b c"
rp RP a .
naptr NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
ds NS ns.example.org.
ds DS 60485 8 2 ${HASH}
ssh SSHFP 4 2 ${HASH}
tlsa TLSA 3 1 1 ${HASH}
smime SMIMEA 3 1 1 ${HASH}
pgp OPENPGPKEY AQID
csync CSYNC 66 3 A NS AAAA
eui48 EUI48 00-00-5e-00-53-2a
eui64 EUI64 00-00-5E-ef-10-00-00-2a
uri URI 10 1 "ftp://a/b"
zonemd ZONEMD 1 1 1 ${LONG_HASH}
svcb SVCB 16 foo.example.com. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 port=53
https HTTPS 1 . alpn="h2" no-default-alpn ipv6hint=2001:db8::1 key667="hello\\210qoo"
generic TYPE65534 \\# 3 01 0203
octets\\.and\\065 A 192.0.2.2
*.wild A 192.0.2.3
`;

function read() {
  const zone = parseZone({ path: 'zone', octets: textToOctets(TEXT) });
  expect(zone.diagnostics).toEqual([]);
  return zone;
}

/** The same records with their data in the generic form of RFC 3597. */
function formatGeneric({ records }: ReturnType<typeof read>): string {
  return Array.from({ length: records.count }, (_, row) => {
    const rdata = records.rdata(row);
    const owner = formatName(records.octets, records.owners[row]!);
    return `${owner} ${records.ttls[row]} IN TYPE${records.types[row]} \\# ${rdata.length} ${formatHex(rdata)}\n`;
  }).join('');
}

/** The zone as BIND writes it out. */
async function throughBind(text: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'zone'), text);
  const words = [
    '-i',
    'none',
    '-k',
    'ignore',
    '-n',
    'ignore',
    '-s',
    'full',
    '-o',
    join(folder, 'out'),
    'example',
  ];
  const ended = await run(['named-checkzone', ...words, join(folder, 'zone')]);
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
  return readFile(join(folder, 'out'), 'utf8');
}

describe('BIND', () => {
  const left = isMissing('named-checkzone is not installed', isInstalled('named-checkzone'));

  it.skipIf(left)('makes the same octets of every type', async () => {
    expect(await throughBind(formatGeneric(read()))).toBe(await throughBind(TEXT));
  });

  it.skipIf(left)('reads what is written as what was read', async () => {
    expect(await throughBind(formatZone(read()))).toBe(await throughBind(TEXT));
  });
});

describe.each([
  ['nsd-checkzone', (path: string) => ['example', path]],
  ['kzonecheck', (path: string) => ['--origin', 'example.', path]],
] as const)('%s', (program, words) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  it.skipIf(left)('takes what is written', async () => {
    const path = join(await temporaryFolder(), 'zone');
    await writeFile(path, formatZone(read()));
    const ended = await run([program, ...words(path)]);
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
  });
});
