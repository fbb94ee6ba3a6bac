// Every finding in a zone: stable code, severity and one line for the documentation.
// A table: one entry a code, and one file with exactly that defect in test/vectors/zones.

export const DIAGNOSTICS = {
  // Characters and lines
  'bad-octet': { severity: 'error', summary: 'a control octet that no zone file may hold' },
  'bad-escape': { severity: 'error', summary: 'a backslash that is not `\\DDD` (000–255) or `\\X`' },
  'unclosed-quote': { severity: 'error', summary: 'a quoted string without its closing quote' },
  'unclosed-parenthesis': { severity: 'error', summary: 'an opening parenthesis without its closing one' },
  'unmatched-parenthesis': { severity: 'error', summary: 'a closing parenthesis without its opening one' },
  'too-many-diagnostics': { severity: 'error', summary: 'more errors than are shown; the rest is left out' },
  'too-many-warnings': { severity: 'warning', summary: 'more warnings than are shown; the rest is left out' },
  'zone-too-large': { severity: 'error', summary: 'more octets of records than one zone may hold' },
  // Directives
  'unknown-directive': { severity: 'error', summary: 'a `$` word that is no directive' },
  'bad-directive': {
    severity: 'error',
    summary: 'a directive with a wrong argument, one too few or one too many',
  },
  'include-failed': { severity: 'error', summary: 'an included file that cannot be read' },
  'include-loop': { severity: 'error', summary: 'a file that includes itself, directly or through others' },
  'include-too-deep': { severity: 'error', summary: 'files that include files too many levels down' },
  'too-many-files': { severity: 'error', summary: 'more included files than one zone may have' },
  'bad-generate': { severity: 'error', summary: 'a `$GENERATE` whose range or text is wrong' },
  'generate-too-large': {
    severity: 'error',
    summary: '`$GENERATE` of more records than one directive may make',
  },
  'generate-not-portable': { severity: 'warning', summary: '`$GENERATE`, which NSD and Knot do not have' },
  'not-portable': {
    severity: 'warning',
    summary:
      'lines that end with CR LF, a relative origin, or a string over several lines, which NSD, Knot or BIND refuses',
  },
  // The head of a record
  'no-owner': { severity: 'error', summary: 'a record without an owner name and no record before it' },
  'no-origin': { severity: 'error', summary: 'a relative name where no origin is known' },
  'bad-name': { severity: 'error', summary: 'a domain name with an empty label' },
  'label-too-long': { severity: 'error', summary: 'a label of more than 63 octets' },
  'name-too-long': { severity: 'error', summary: 'a name of more than 255 octets' },
  'name-not-ascii': {
    severity: 'warning',
    summary: 'a name with letters outside ASCII, which no client asks for: A-labels are what DNS holds',
  },
  'bad-ttl': { severity: 'error', summary: 'a TTL that is not a number of seconds, with or without units' },
  'ttl-too-large': { severity: 'error', summary: 'a TTL above 2147483647 seconds' },
  'ttl-missing': { severity: 'warning', summary: 'no TTL in the record, before it, or by `$TTL`' },
  'class-not-in': { severity: 'error', summary: 'a record of another class than IN' },
  'missing-type': { severity: 'error', summary: 'a record without a type' },
  'unknown-type': { severity: 'error', summary: 'a record type that is not known here' },
  'meta-type': { severity: 'error', summary: 'a type that only queries and messages have' },
  // Record data
  'missing-field': { severity: 'error', summary: 'record data that ends too early' },
  'extra-field': { severity: 'error', summary: 'record data with something left over' },
  'bad-ipv4-address': { severity: 'error', summary: 'an A record whose address is not IPv4' },
  'bad-ipv6-address': { severity: 'error', summary: 'an AAAA record whose address is not IPv6' },
  'bad-number': { severity: 'error', summary: 'a field that is no number, or outside its range' },
  'bad-hex': { severity: 'error', summary: 'a field that is not hexadecimal' },
  'bad-base64': { severity: 'error', summary: 'a field that is not Base64' },
  'bad-field': { severity: 'error', summary: 'a field in a form that its type does not have' },
  'string-too-long': { severity: 'error', summary: 'one string of more than 255 octets' },
  'rdata-too-long': { severity: 'error', summary: 'record data of more than 65535 octets' },
  'rdata-length-mismatch': { severity: 'error', summary: '`\\#` data of another length than it says' },
  'bad-rdata': { severity: 'error', summary: '`\\#` data that its type cannot have' },
  'bad-service': {
    severity: 'error',
    summary: 'SVCB or HTTPS parameters that contradict each other, or a value that its key cannot have',
  },
  'bad-digest': {
    severity: 'error',
    summary: 'a digest or fingerprint of another length than its algorithm has',
  },
  'bad-regular-expression': { severity: 'error', summary: 'NAPTR whose substitution cannot be carried out' },
  // The zone as a whole
  'no-soa': { severity: 'error', summary: 'a zone without SOA record' },
  'several-soa': { severity: 'error', summary: 'a zone with two differing SOA records' },
  'soa-not-at-apex': { severity: 'error', summary: 'a second SOA record below or beside the apex' },
  'no-ns': { severity: 'error', summary: 'an apex without NS record' },
  'out-of-zone': { severity: 'error', summary: 'a record whose owner is not in the zone' },
  'cname-and-other-data': { severity: 'error', summary: 'a CNAME beside another record' },
  'several-cnames': { severity: 'error', summary: 'two differing CNAME records at one name' },
  'several-dnames': { severity: 'error', summary: 'two differing DNAME records at one name' },
  'dname-beside-ns': { severity: 'error', summary: 'a DNAME at a delegation' },
  'data-below-dname': { severity: 'error', summary: 'a record below a DNAME' },
  'data-below-delegation': { severity: 'warning', summary: 'a record below a delegation that is not glue' },
  'missing-glue': {
    severity: 'warning',
    summary: 'a delegation to a server below itself without its address',
  },
  'target-without-address': {
    severity: 'warning',
    summary: 'NS or MX to a name of the zone without address',
  },
  'target-is-alias': { severity: 'warning', summary: 'NS or MX to a name that is a CNAME or below a DNAME' },
  'target-is-address': { severity: 'warning', summary: 'NS or MX to an address where a name belongs' },
  'ttl-mismatch': { severity: 'warning', summary: 'records of one name and type with differing TTLs' },
  'duplicate-record': { severity: 'warning', summary: 'the same record twice' },
  'rrset-too-large': { severity: 'error', summary: 'records of one name and type that no message can carry' },
  'rrset-many-records': { severity: 'warning', summary: 'more records of one name and type than BIND loads' },
  'many-types': { severity: 'warning', summary: 'more types at one name than BIND loads' },
  // Signed zones
  'rrsig-without-rrset': { severity: 'warning', summary: 'a signature whose records are not there' },
  'rrset-unsigned': { severity: 'warning', summary: 'records without signature in a zone that has a key' },
  'signature-expired': { severity: 'warning', summary: 'signatures that have ended' },
  'nsec-chain-broken': {
    severity: 'warning',
    summary: 'a name without NSEC, or one that points past its neighbour',
  },
  'nsec3-chain-broken': {
    severity: 'warning',
    summary: 'NSEC3 that NSEC3PARAM does not fit, or one that points past its neighbour',
  },
  'nsec3-iterations': { severity: 'warning', summary: 'more iterations of NSEC3 than validators take' },
  // Tracker preferences (BEP 34)
  'preference-conflict': { severity: 'error', summary: 'two differing BITTORRENT records at one name' },
  'preference-marker': { severity: 'warning', summary: 'a record that begins almost with BITTORRENT' },
  'preference-typo': { severity: 'error', summary: 'a BITTORRENT record of which no word is an endpoint' },
  'preference-ignored-word': { severity: 'warning', summary: 'a word that looks like a broken endpoint' },
  'preference-too-many': { severity: 'warning', summary: 'more than ten endpoints' },
  'preference-split': { severity: 'warning', summary: 'a BITTORRENT record split in several strings' },
  'preference-without-address': { severity: 'warning', summary: 'a preference host without A and AAAA' },
  'preference-missing': {
    severity: 'warning',
    summary: 'a name for one family without its own BITTORRENT record',
  },
  'preference-label': {
    severity: 'warning',
    summary: 'a preference host that clients refuse as a host name',
  },
  'preference-needs-certificate': { severity: 'error', summary: 'TCP:443, which needs a certificate' },
} as const satisfies Record<string, { severity: 'error' | 'warning'; summary: string }>;

export type DiagnosticCode = keyof typeof DIAGNOSTICS;
