// The data of each type: text, its octets, and the text that is written back.

import { describe, expect, it } from 'vitest';
import { formatHex } from '../../../src/core/octets/text.ts';
import { faultsOf, readZone, recordsOf } from './zone-text.ts';

const BASE = '076578616d706c6500'; // example.

/** Type and data, octets in hexadecimal, and what is written back where that differs. */
const DATA: readonly (readonly [text: string, hex: string, written?: string])[] = [
  ['A 1.2.3.4', '01020304'],
  ['AAAA 2001:DB8::1', '20010db8000000000000000000000001', 'AAAA 2001:db8::1'],
  ['NS a', `0161${BASE}`, 'NS a.example.'],
  ['CNAME .', '00'],
  ['DNAME a.', '016100'],
  ['PTR @', BASE, 'PTR example.'],
  [
    'SOA a. b. 4294967295 1h 15m 1w 60',
    '016100 016200 ffffffff 00000e10 00000384 00093a80 0000003c',
    'SOA a. b. 4294967295 3600 900 604800 60',
  ],
  ['MX 10 a.', '000a016100'],
  ['TXT a "b c" ""', '0161 03622063 00', 'TXT "a" "b c" ""'],
  ['SPF "v=spf1 -all"', `0b${formatHex(new TextEncoder().encode('v=spf1 -all'))}`],
  ['SRV 1 2 6969 a.', '000100021b39016100'],
  [
    'CAA 128 issue "ca.example; x=y"',
    `80 05 6973737565 ${formatHex(new TextEncoder().encode('ca.example; x=y'))}`,
  ],
  ['HINFO "a" "b"', '01610162'],
  ['RP a. .', '01610000'],
  [
    'NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
    `0001 0002 0175 07 4532552b736970 0e ${formatHex(new TextEncoder().encode('!^.*$!sip:a@b!'))} 00`,
  ],
  [
    'LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m',
    '00 00 16 13 8b3cf018 810cbce0 009895b8',
  ],
  [
    'LOC 90 N 180 W 42849672.95m 90000000.00m 0.00m 90000000.00m',
    '00 99 00 99 934fd900 59604e00 ffffffff',
    'LOC 90 0 0.000 N 180 0 0.000 W 42849672.95m 90000000.00m 0.00m 90000000.00m',
  ],
  [
    'DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    'ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118',
    'DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
  ],
  ['CDS 0 0 0 00', '0000000000'],
  ['DNSKEY 256 3 RSASHA256 AQID', '0100 03 08 010203', 'DNSKEY 256 3 8 AQID'],
  ['CDNSKEY 0 3 0 AA==', '0000 03 00 00'],
  ['SSHFP 4 2 0102 03', '0402010203', 'SSHFP 4 2 010203'],
  ['TLSA 3 1 1 0102', '0301010102'],
  ['SMIMEA 3 1 1 0102', '0301010102'],
  ['OPENPGPKEY AQ ID', '010203', 'OPENPGPKEY AQID'],
  [
    'RRSIG A 8 2 3600 20261231235959 20260101000000 7 a. AQID',
    '0001 08 02 00000e10 6b36ec7f 6955b900 0007 016100 010203',
  ],
  ['NSEC a. A MX RRSIG NSEC TYPE1234', `016100 0006 400100000003 041b ${'00'.repeat(26)}20`],
  ['NSEC a.', '016100'],
  [
    'NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
    '01 01 000c 04aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 0006400000000002',
    'NSEC3 1 1 12 aabbccdd 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG',
  ],
  ['NSEC3PARAM 1 0 0 -', '0100000000'],
  ['CSYNC 66 3 A NS AAAA', '00000042 0003 000460000008'],
  ['ZONEMD 1 1 1 0102', '00000001 01 01 0102'],
  ['EUI48 00-00-5e-00-53-2a', '00005e00532a'],
  ['EUI64 00-00-5E-ef-10-00-00-2a', '00005eef1000002a', 'EUI64 00-00-5e-ef-10-00-00-2a'],
  ['URI 10 1 "ftp://a/b"', `000a0001${formatHex(new TextEncoder().encode('ftp://a/b'))}`],
  // RFC 9460 appendix D.2
  ['SVCB 0 foo.example.com.', '0000 03666f6f 076578616d706c65 03636f6d 00'],
  ['SVCB 16 foo.example.com. port=53', '0010 03666f6f 076578616d706c65 03636f6d 00 0003 0002 0035'],
  [
    'SVCB 1 foo.example.com. key667="hello\\210qoo"',
    '0001 03666f6f 076578616d706c65 03636f6d 00 029b 0009 68656c6c6fd2716f6f',
  ],
  [
    'SVCB 16 a. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
    '0010 016100 0000 0004 00010004 0001 0009 026832 0568332d3139 0004 0004 c0000201',
    'SVCB 16 a. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
  ],
  ['SVCB 16 a. alpn="f\\\\\\\\oo\\\\,bar,h2"', '0010 016100 0001 000c 08 665c6f6f2c626172 026832'],
  [
    'HTTPS 1 . ipv6hint=2001:db8::1 no-default-alpn alpn=h2',
    '0001 00 0001 0003 026832 0002 0000 0006 0010 20010db8000000000000000000000001',
    'HTTPS 1 . alpn="h2" no-default-alpn ipv6hint=2001:db8::1',
  ],
  ['MB a.', '016100'],
  ['MG @', BASE, 'MG example.'],
  ['MR a.', '016100'],
  ['NULL \\# 2 0001', '0001'],
  ['WKS 192.0.2.1 tcp 80 25', 'c0000201 06 00000040 000000000000 80', 'WKS 192.0.2.1 6 25 80'],
  ['WKS 192.0.2.1 17', 'c0000201 11'],
  ['MINFO a. B.', '016100 014200'],
  ['AFSDB 1 a.', '0001016100'],
  ['X25 311061700956', '0c333131303631373030393536', 'X25 "311061700956"'],
  ['ISDN 15 "0 4"', '023135 03302034', 'ISDN "15" "0 4"'],
  ['ISDN "15"', '023135'],
  ['RT 2 a.', '0002016100'],
  ['NSAP 0x47.0005.80ff', '47000580ff', 'NSAP 0x47000580ff'],
  [
    'SIG A 8 2 3600 20261231235959 20260101000000 7 a. AQID',
    '0001 08 02 00000e10 6b36ec7f 6955b900 0007 016100 010203',
  ],
  ['KEY 256 3 RSASHA256 AQID', '0100 03 08 010203', 'KEY 256 3 8 AQID'],
  ['KEY 49152 3 8', 'c000 03 08'],
  ['PX 10 a. b.', '000a 016100 016200'],
  ['NXT a. A NXT TYPE127', `016100 40000002 ${'00'.repeat(11)} 01`],
  ['NXT a.', '016100'],
  ['KX 1 a.', '0001016100'],
  ['CERT pkix 7 RSASHA256 AQ ID', '0001 0007 08 010203', 'CERT 1 7 8 AQID'],
  ['CERT 65534 0 0 AQID', 'fffe 0000 00 010203'],
  [
    'APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32 1:0.0.0.0/0 2:::/0',
    '0001 15 03 c0a820  0001 1c 83 c0a826  0002 20 04 20010db8  0001 00 00  0002 00 00',
  ],
  ['APL 3:0aff/16', '0003 10 02 0aff'],
  ['APL', '', 'APL '],
  ['IPSECKEY 10 0 2 . AQID', '0a 00 02 010203'],
  ['IPSECKEY 10 1 2 192.0.2.38 AQ ID', '0a 01 02 c0000226 010203', 'IPSECKEY 10 1 2 192.0.2.38 AQID'],
  ['IPSECKEY 10 2 2 2001:db8::1 AQID', '0a 02 02 20010db8000000000000000000000001 010203'],
  ['IPSECKEY 10 3 2 a.B. AQID', '0a 03 02 0161014200 010203'],
  ['IPSECKEY 10 0 0 .', '0a 00 00'],
  ['DHCID AQID', '010203'],
  ['NID 10 14:4fff:FF20:ee64', '000a 00144fffff20ee64', 'NID 10 0014:4fff:ff20:ee64'],
  ['L32 10 10.1.2.0', '000a 0a010200'],
  ['L64 10 2001:0db8:1140:1000', '000a 20010db811401000'],
  ['LP 10 a.', '000a016100'],
  ['AVC "a" "b"', '0161 0162'],
  ['DLV 1 8 2 AB', '0001 08 02 ab', 'DLV 1 8 2 ab'],
  ['NSEC a. A HIP', `016100 0007 400000000000 01`, 'NSEC a. A TYPE55'],
  // RFC 9460 §2.1: behind a number, the value is octets; so is what the key's own form cannot say.
  ['HTTPS 1 . key3="\\0005"', '0001 00 0003 0002 0035', 'HTTPS 1 . port=53'],
  ['HTTPS 1 . key4="\\001\\002\\003" key5=""', '0001 00 0004 0003 010203 0005 0000'],
  ['TYPE65534 \\# 2 00 01', '0001', 'TYPE65534 \\# 2 0001'],
];

const ROWS = DATA.map(([text, hex, written = text]) => ({ text, hex: hex.replaceAll(' ', ''), written }));

describe('record data', () => {
  it.each(ROWS)('$text', ({ text, hex, written }) => {
    const zone = readZone(`a 60 ${text}\n`);
    expect(faultsOf(zone)).toEqual([]);
    expect(formatHex(zone.records.rdata(0))).toBe(hex);
    expect(recordsOf(zone)).toEqual([`a.example. 60 IN ${written}`]);
  });

  it.each(ROWS)('$text, read back from what was written', ({ hex, written }) => {
    expect(formatHex(readZone(`a. 60 IN ${written}\n`).records.rdata(0))).toBe(hex);
  });

  it.each(ROWS)('$text, from its generic form', ({ text, hex, written }) => {
    const generic = readZone(`a 60 ${text.split(' ')[0]} \\# ${hex.length / 2} ${hex}\n`);
    expect(faultsOf(generic)).toEqual([]);
    expect(recordsOf(generic)).toEqual([`a.example. 60 IN ${written}`]);
  });
});

describe('wrong record data', () => {
  it.each([
    ['AAAA 1::2::3', 'bad-ipv6-address'],
    ['MX 65536 a.', 'bad-number'],
    ['SOA a. b. 1 2 3 4 4294967296', 'bad-number'],
    ['SRV 1 2 a.', 'bad-number'],
    ['CAA 0 issue', 'missing-field'],
    ['TXT', 'missing-field'],
    ['SSHFP 4 2 012', 'bad-hex'],
    ['DNSKEY 256 3 8 A', 'bad-base64'],
    ['DNSKEY 256 3 8 AQ=D', 'bad-base64'],
    ['DNSKEY 256 3 NOPE AQID', 'bad-number'],
    ['RRSIG A 8 2 3600 20261331235959 20260101000000 7 a. AQID', 'bad-number'],
    ['NSEC a. A NOPE', 'unknown-type'],
    ['NSEC3 1 1 12 abc 2t7b4g A', 'bad-hex'],
    ['NSEC3 1 1 12 - w A', 'bad-field'],
    ['EUI48 00:00:5e:00:53:2a', 'bad-field'],
    ['LOC 91 N 4 E 0m', 'bad-field'],
    ['LOC 52 N 4 E', 'bad-field'],
    ['LOC 10 N 1 E 0m 90000000.01m', 'bad-field'],
    ['LOC 10 N 1 E 0m 1m 90000001m', 'bad-field'],
    ['LOC 10 N 1 E 0m 1m 1m 99999999.99m', 'bad-field'],
    ['LOC 10 N 1 E 42849672.96m', 'bad-field'],
    ['LOC 10 N 1 E -100000.01m', 'bad-field'],
    ['LOC 90 0 0.001 N 1 E 0m', 'bad-field'],
    ['SVCB 1 . port=x', 'bad-field'],
    ['SVCB 1 . port=1 port=2', 'bad-field'],
    ['SVCB 1 . alpn="h2', 'unclosed-quote'],
    ['HTTPS 1 . nokey=1', 'bad-field'],
    ['A \\# 5 0102030405', 'bad-rdata'],
    ['NS \\# 2 c000', 'bad-rdata'],
    ['TXT \\# 2 0561', 'bad-rdata'],
    ['TYPE1 \\# x', 'bad-number'],
    ['TYPE999 abc', 'bad-field'],
    ['NULL 00', 'bad-field'],
    ['MINFO a.', 'missing-field'],
    ['PX 1 a.', 'missing-field'],
    ['WKS 192.0.2.1', 'missing-field'],
    ['WKS 192.0.2 6 25', 'bad-ipv4-address'],
    ['WKS 192.0.2.1 sctp 25', 'bad-number'],
    ['WKS 192.0.2.1 6 65536', 'bad-number'],
    ['WKS 192.0.2.1 6 smtp', 'bad-number'],
    ['WKS \\# 6 c00002010600', 'bad-rdata'],
    ['X25 311', 'bad-field'],
    ['X25 \\# 5 0461626364', 'bad-rdata'],
    ['ISDN', 'missing-field'],
    ['ISDN a b c', 'extra-field'],
    ['NSAP 4700', 'bad-hex'],
    ['NSAP 0x470', 'bad-hex'],
    ['NSAP 0x', 'bad-hex'],
    [`NSAP 0x${'00'.repeat(21)}`, 'bad-hex'],
    ['NSAP \\# 0', 'bad-rdata'],
    ['KEY 256 3 8', 'missing-field'],
    ['KEY 49152 3 8 AQID', 'extra-field'],
    ['KEY \\# 7 c0000308010203', 'bad-rdata'],
    ['KEY \\# 4 01000308', 'bad-rdata'],
    ['NXT a. TYPE128', 'bad-field'],
    ['NXT a. NOPE', 'bad-field'],
    ['NXT \\# 4 00400000', 'bad-rdata'],
    ['NXT \\# 2 0080', 'bad-rdata'],
    ['CERT 1 1 8', 'missing-field'],
    ['CERT NOPE 1 8 AQID', 'bad-number'],
    ['CERT 65536 1 8 AQID', 'bad-number'],
    ['APL 192.0.2.0/24', 'bad-field'],
    ['APL 1:192.0.2.0', 'bad-field'],
    ['APL 1:192.0.2/24', 'bad-field'],
    ['APL 1:192.0.2.0/33', 'bad-field'],
    ['APL !2:::/129', 'bad-field'],
    ['APL 65536:00/0', 'bad-field'],
    ['APL \\# 6 000108020100', 'bad-rdata'],
    ['APL \\# 4 00012100', 'bad-rdata'],
    ['APL \\# 5 0001080201', 'bad-rdata'],
    ['APL \\# 3 000108', 'bad-rdata'],
    ['IPSECKEY 10 0 2 a. AQID', 'bad-field'],
    ['IPSECKEY 10 1 2 2001:db8::1 AQID', 'bad-ipv4-address'],
    ['IPSECKEY 10 2 2 192.0.2.1 AQID', 'bad-ipv6-address'],
    ['IPSECKEY 10 4 2 . AQID', 'bad-field'],
    ['IPSECKEY 10 0 2 .', 'missing-field'],
    ['IPSECKEY \\# 3 0a0002', 'bad-rdata'],
    ['IPSECKEY \\# 4 0a0402aa', 'bad-rdata'],
    ['NID 10 14:4fff:ff20', 'bad-field'],
    ['NID 10 14::ff20:1', 'bad-field'],
    ['L64 10 0:0:0:00001', 'bad-field'],
    ['L32 10 ::1', 'bad-ipv4-address'],
    ['HIP 2 20 AQID', 'unknown-type'],
    ['TYPE70000 \\# 0', 'unknown-type'],
    ['TYPE0 \\# 0', 'meta-type'],
    ['AXFR \\# 0', 'meta-type'],
    ['OPT \\# 0', 'meta-type'],
  ])('%s is %s', (text, code) => {
    expect(readZone(`a 60 ${text}\n`).diagnostics.map((each) => each.code)).toEqual([code]);
  });

  it('says how to write a type that is not known here, with its number where IANA gave one', () => {
    const zone = readZone('a 60 HIP 2 00 AQID\nb 60 NSAP-PTR a.\nc 60 MADEUP x');
    expect(zone.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'unknown-type The record type HIP is not known here. Write TYPE55 \\# LENGTH HEXADECIMAL (RFC 3597 §5).',
      'unknown-type The record type NSAP-PTR is not known here. Write TYPE23 \\# LENGTH HEXADECIMAL (RFC 3597 §5).',
      'unknown-type The record type MADEUP is not known here. Write TYPE1234 \\# LENGTH HEXADECIMAL with its number (RFC 3597 §5).',
    ]);
  });
});
