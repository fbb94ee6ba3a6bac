// One zone with a record of every type that has a text form here.

const HASH = '01'.repeat(32);
const LONG_HASH = '01'.repeat(48);

/** A record of each type that has a text form, in forms that NSD, Knot and BIND read. */
export const TYPES_OF_KNOT = `$ORIGIN example.
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
minfo MINFO mail owner
afsdb AFSDB 1 ns
rt RT 2 ns
kx KX 1 ns
key KEY 256 3 RSASHA256 AQID
cert CERT PKIX 1 RSASHA256 AQID
apl APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32 1:0.0.0.0/0 2:::/0
none APL
ipsec IPSECKEY 10 0 2 . AQID
ipsec IPSECKEY 10 1 2 192.0.2.38 AQID
ipsec IPSECKEY 10 2 2 2001:db8::1 AQID
ipsec IPSECKEY 10 3 2 Gateway.example. AQID
dhcid DHCID AQID
nid NID 10 0014:4fff:ff20:ee64
l32 L32 10 10.1.2.0
l64 L64 10 2001:0db8:1140:1000
lp LP 10 L64
cds CDS 0 0 0 00
cdnskey CDNSKEY 0 3 0 AA==
`;

/** The same with those that Knot does not have. */
export const EVERY_TYPE = `${TYPES_OF_KNOT}mb MB ns
mg MG ns
mr MR ns
null NULL \\# 1 00
wks WKS 192.0.2.1 tcp 25 80
x25 X25 311061700956
isdn ISDN 150862028003217 "004"
isdn ISDN 150862028003217
nsap NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00
sig SIG A 8 2 3600 20261231235959 20260101000000 7 a. AQID
px PX 10 A. B.
nxt NXT a. A NXT
avc AVC "a" "b"
dlv DLV 1 8 2 ${HASH}
`;

/** What signing adds; a zone with these alone is none. */
export const SIGNED_TYPES = `signed RRSIG A 8 2 3600 20261231235959 20260101000000 7 a. AQID
signed DNSKEY 256 3 RSASHA256 AQID
signed NSEC a. A MX RRSIG NSEC TYPE1234
signed NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG
signed NSEC3PARAM 1 0 12 aabbccdd
`;
