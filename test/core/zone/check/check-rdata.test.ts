// Data that other servers refuse to read, in its own form and as `\#` octets.

import { describe, expect, it } from 'vitest';
import { countGroups } from '../../../../src/core/zone/check/regular-expression.ts';
import { findingsOf, HEAD, readZone } from '../zone-text.ts';

/** Codes of the findings in one record. */
function codesOf(record: string): string[] {
  return findingsOf(readZone(`${HEAD}h 60 ${record}\n`)).map((finding) => finding.replace(/^4:6 /, ''));
}

const SHA1 = 'ab'.repeat(20);
const SHA256 = 'ab'.repeat(32);
const SHA384 = 'ab'.repeat(48);
const SHA512 = 'ab'.repeat(64);

describe('service parameters', () => {
  it.each([
    'HTTPS 1 .',
    'HTTPS 0 a.',
    'HTTPS 0 a. alpn=h2',
    'HTTPS 1 . mandatory=alpn alpn=h2',
    'HTTPS 1 . mandatory=key667,port,alpn port=1 alpn=h2 key667=x',
    'HTTPS 1 . no-default-alpn alpn=h2',
    'HTTPS 1 . key65535=x key9 key667=""',
    'HTTPS 1 . alpn=h2 dohpath=/dns-query{?dns}',
    'HTTPS 1 . dohpath=/{dns}',
    'HTTPS 1 . dohpath=/q{?a*,dns:3}{&b}/%20',
    'HTTPS 1 . dohpath="/\\195\\164{?dns}"',
    'HTTPS 1 . key3="\\000P" key1="\\002h2" key8',
    'HTTPS 1 . key8=a',
    'HTTPS \\# 7 00010000050000',
    'SVCB 1 . port=853 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 ech=AA== ohttp',
  ])('%s is fine', (record) => {
    expect(codesOf(record)).toEqual([]);
  });

  it.each([
    'HTTPS 1 . mandatory=alpn',
    'HTTPS 1 . mandatory=alpn,port alpn=h2 ipv4hint=192.0.2.1',
    'HTTPS 1 . mandatory=alpn,alpn alpn=h2',
    'HTTPS 1 . mandatory=alpn,mandatory alpn=h2',
    'HTTPS 1 . mandatory=key667',
    'SVCB 1 . no-default-alpn',
    'HTTPS 0 a. no-default-alpn',
    'HTTPS 1 . dohpath=/x',
    'HTTPS 1 . dohpath=x{?dns}',
    'HTTPS 1 . dohpath=/{?dnss}',
    'HTTPS 1 . dohpath=/{?DNS}',
    'HTTPS 1 . dohpath=/{?dns',
    'HTTPS 1 . dohpath=/{?dns,}',
    'HTTPS 1 . dohpath=/{|dns}',
    'HTTPS 1 . dohpath=/%zz{?dns}',
    'HTTPS 1 . dohpath="/\\195{?dns}"',
    'HTTPS 1 . key1=h2',
    'HTTPS 1 . key4=192.0.2.1',
    'TYPE65 \\# 9 000100000000020001',
    'TYPE65 \\# 7 00010000020000',
    'HTTPS \\# 7 00010000000000',
    'HTTPS \\# 24 000100 0000 0004 00030001 0001 0003 026832 0003 0002 0035',
    'HTTPS \\# 7 00010000010000',
    'HTTPS \\# 9 000100 0001 0002 0261',
    'HTTPS \\# 10 000100 0002 0003 026832',
    'HTTPS \\# 8 000100 0003 0001 01',
    'HTTPS \\# 7 000100 0004 0000',
    'HTTPS \\# 8 000100 0006 0001 01',
  ])('%s is bad-service', (record) => {
    expect(codesOf(record)).toEqual(['bad-service']);
  });
});

describe('digests', () => {
  it.each([
    `DS 1 13 1 ${SHA1}`,
    `DS 1 13 2 ${SHA256}`,
    `DS 1 13 4 ${SHA384}`,
    'DS 1 13 250 AB',
    `CDS 1 13 2 ${SHA256}`,
    'CDS 0 0 0 00',
    `SSHFP 1 1 ${SHA1}`,
    `SSHFP 1 2 ${SHA256}`,
    'SSHFP 1 250 AB',
    `ZONEMD 1 1 1 ${SHA384}`,
    `ZONEMD 1 1 2 ${SHA512}`,
    `ZONEMD 1 1 240 ${'ab'.repeat(12)}`,
  ])('%s is fine', (record) => {
    expect(codesOf(record)).toEqual([]);
  });

  it.each([
    'DS 1 13 2 AB',
    `DS 1 13 1 ${SHA256}`,
    `DS 1 13 4 ${SHA256}`,
    'TYPE43 \\# 5 00010d02ab',
    'CDS 1 13 2 AB',
    'DLV 1 13 2 AB',
    'SSHFP 1 1 AB',
    `SSHFP 1 2 ${SHA1}`,
    'ZONEMD 1 1 1 AB',
    `ZONEMD 1 1 2 ${SHA384}`,
    `ZONEMD 1 1 240 ${'ab'.repeat(11)}`,
  ])('%s is bad-digest', (record) => {
    expect(codesOf(record)).toEqual(['bad-digest']);
  });
});

describe('substitutions of NAPTR', () => {
  it.each([
    '""',
    '"!^.*$!sip:a@b!"',
    '"!^.*$!sip:a@b!i"',
    '"!^(.*)$!sip:\\\\1@b!"',
    '"!a\\\\!b!c\\\\!d!"',
    '"/a/b/"',
    '"!^.*$!!"',
  ])('%s is fine', (expression) => {
    expect(codesOf(`NAPTR 1 2 u E2U+sip ${expression} .`)).toEqual([]);
  });

  it.each([
    '"!^.*$!sip:a@b"',
    '"!^.*$"',
    '"!"',
    '"!^.*$!sip:a@b!x"',
    '"!^.*$!sip:a@b!!"',
    '"i^.*$isip:a@bi"',
    '"1^.*$1sip:a@b1"',
    '"\\\\a\\\\b\\\\"',
    '"!!sip:a@b!"',
    '"!^(.*$!sip:a@b!"',
    '"!^.*$!sip:\\\\1@b!"',
    '"!^(.*)$!sip:\\\\2@b!"',
    '"!^(.*)$!sip:\\\\0@b!"',
    '"!^.*$!sip:a@b\\\\"',
    '"!^.*\\000$!sip:a@b!"',
  ])('%s is bad-regular-expression', (expression) => {
    expect(codesOf(`NAPTR 1 2 u E2U+sip ${expression} .`)).toEqual(['bad-regular-expression']);
  });
});

describe('regular expressions', () => {
  it.each([
    ['^.*$', 0],
    ['(a|b)(c)', 2],
    ['((a)+)\\2', 2],
    ['()', 1],
    ['a{2}b{2,}c{2,3}d{e}', 0],
    ['a{0003}[[.hyphen.]-z]', 0],
    ['[]a][^]][a-z-][-a][[:alpha:]_][[.-.]][[=a=]][\\]', 0],
    ['a)\\.\\n', 0],
  ])('%s has %d groups', (pattern, groups) => {
    expect(countGroups(pattern)).toBe(groups);
  });

  it.each([
    '',
    '(a',
    '(a|)',
    '|a',
    'a||b',
    'a|',
    '*a',
    '(*a)',
    'a**',
    '^*',
    '{2}',
    'a{2',
    'a{3,2}',
    'a{256}',
    '[a',
    '[]',
    '[^]',
    '[z-a]',
    '[a-b-c]',
    '[[:none:]]',
    '[[.a]',
    'a\\',
    '(a)\\2',
  ])('%s is none', (pattern) => {
    expect(countGroups(pattern)).toBeUndefined();
  });
});
