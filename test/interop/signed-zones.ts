// Zones for tests with signatures: one text that has every situation of an answer, signed by programs of the field.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CommandLine, run } from './programs.ts';

export interface SignedZone {
  /** The apex without final dot. */
  readonly name: string;
  readonly file: string;
  /** DNSKEY of the key that signs keys, as a zone file's line. */
  readonly trustAnchor: string;
}

export interface Signer {
  readonly what: string;
  readonly name: string;
  /** The command line that signs `unsigned` into `signed` with two keys, named without their endings. */
  readonly command: (files: SigningFiles) => CommandLine;
}

interface SigningFiles {
  readonly name: string;
  readonly unsigned: string;
  readonly signed: string;
  readonly keys: readonly string[];
}

/** Far away, so that no test is a matter of the day, and less than 2³¹ seconds (RFC 4034 §3.1.5). */
const EXPIRY = '20900101000000';

const bind = (...words: string[]): Signer['command'] => {
  return ({ name, unsigned, signed, keys }) => [
    'dnssec-signzone',
    // -d: where it leaves what nobody asked for.
    ...['-o', name, '-f', signed, '-e', EXPIRY, '-d', dirname(signed), ...words, unsigned, ...keys],
  ];
};

const ldns = (...words: string[]): Signer['command'] => {
  return ({ name, unsigned, signed, keys }) => [
    'ldns-signzone',
    ...['-o', name, '-f', signed, '-e', EXPIRY, ...words, unsigned, ...keys],
  ];
};

export const SIGNERS: readonly Signer[] = [
  { what: 'NSEC by BIND', name: 'bind-nsec.test', command: bind() },
  { what: 'NSEC by ldns', name: 'ldns-nsec.test', command: ldns() },
  { what: 'NSEC3 by BIND, no salt', name: 'bind-nsec3.test', command: bind('-3', '-', '-H', '0') },
  { what: 'NSEC3 by BIND, opt-out', name: 'bind-optout.test', command: bind('-3', '-', '-H', '0', '-A') },
  {
    what: 'NSEC3 by BIND, salt, 5 iterations, opt-out',
    name: 'deep.bind-salt.test',
    command: bind('-3', 'aabbccdd', '-H', '5', '-A'),
  },
  { what: 'NSEC3 by ldns, no salt', name: 'ldns-nsec3.test', command: ldns('-n', '-t', '0') },
  {
    what: 'NSEC3 by ldns, salt, 5 iterations',
    name: 'ldns-salt.test',
    command: ldns('-n', '-t', '5', '-s', 'feedbeef'),
  },
];

const DS = '12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

export function zoneText(name: string): string {
  return `$ORIGIN ${name}.
$TTL 300
@           SOA   ns1 hostmaster 1 3600 600 604800 60
@           NS    ns1
@           NS    ns.elsewhere.test.
@           MX    10 mail
@           TXT   "apex"
ns1         A     127.0.0.1
ns1         AAAA  ::1
mail        A     192.0.2.1
mail        AAAA  2001:db8::1
www         A     192.0.2.2
www         TXT   "w"
MiXed       A     192.0.2.3
a.b.ent     TXT   "below empty non-terminals"
*.wild      A     192.0.2.4
*.wild      TXT   "wild"
host.wild   A     192.0.2.5
x.deep.wild TXT   "below the wildcard's sibling"
*.nest      A     192.0.2.6
*.*.nest    TXT   "a wildcard below a wildcard"
z.*.ast     TXT   "an asterisk that is an empty non-terminal"
*.mx        MX    10 mail
alias       CNAME www
chain1      CNAME chain2
chain2      CNAME alias
tonothing   CNAME nothing
tonodata    CNAME mail
towild      CNAME some.wild
toent       CNAME b.ent
out         CNAME www.elsewhere.test.
loop1       CNAME loop2
loop2       CNAME loop1
tosigned    CNAME host.signed
tounsigned  CNAME host.unsigned
todname     CNAME x.red
*.cwild     CNAME www
*.ctwice    CNAME y.cwild
*.cnothing  CNAME nothing
*.cwildno   CNAME q.wild
*.cout      CNAME www.elsewhere.test.
*.cloop     CNAME again.cloop
*.ccut      CNAME host.unsigned
signed      NS    ns.signed
signed      NS    ns.elsewhere.test.
signed      DS    ${DS}
ns.signed   A     192.0.2.7
unsigned    NS    ns.unsigned
ns.unsigned A     192.0.2.8
ns.unsigned AAAA  2001:db8::8
unsigned2   NS    ns.elsewhere.test.
a.optout    NS    ns.elsewhere.test.
b.c.optout  NS    ns1
red         DNAME wild
redout      DNAME elsewhere.test.
dtarget     A     192.0.2.9
rednx       DNAME nothing.at.all
_sip._udp   SRV   1 2 5060 mail
long        TXT   "a.label.of.many.octets"
l012345678901234567890123456789012345678901234567890123456789 A 192.0.2.10
${Array.from({ length: 9 }, (_, index) => `large TXT "${String(index).repeat(200)}"`).join('\n')}
`;
}

/** Makes two keys, signs, and returns what was made in `folder`. */
export async function createSignedZone({ name, command }: Signer, folder: string): Promise<SignedZone> {
  const unsigned = join(folder, `${name}.unsigned`);
  const signed = join(folder, `${name}.zone`);
  const keys = [await createKey(name, folder, []), await createKey(name, folder, ['-f', 'KSK'])];
  const lines = keys.map((key) =>
    readFileSync(`${key}.key`, 'latin1')
      .replace(/^;.*\n/gm, '')
      .trim(),
  );
  writeFileSync(unsigned, `${zoneText(name)}${lines.join('\n')}\n`);
  const { code, stderr } = await run(command({ name, unsigned, signed, keys }));
  if (code !== 0) throw new Error(`${name} was not signed:\n${stderr}`);
  return { name, file: signed, trustAnchor: lines[1]! };
}

async function createKey(name: string, folder: string, words: readonly string[]): Promise<string> {
  const made = await run(['dnssec-keygen', '-K', folder, '-a', 'ECDSAP256SHA256', ...words, name]);
  if (made.code !== 0) throw new Error(made.stderr);
  return join(folder, made.stdout.trim());
}
