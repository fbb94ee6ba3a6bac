// What is right here and nothing elsewhere: names outside ASCII, and forms that other servers do not load.

import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../../../src/core/octets/utf8.ts';
import { MAX_DIAGNOSTICS } from '../../../../src/core/zone/diagnostic-list.ts';
import type { ParseOptions } from '../../../../src/core/zone/language/parser.ts';
import { MAX_REMARKS } from '../../../../src/core/zone/text/remark.ts';
import { toALabel } from '../../../../src/io/idna.ts';
import { nameOf, readZone, recordsOf } from '../zone-text.ts';

const INCLUDED = { path: 'part', octets: new Uint8Array() };
const OPTIONS: ParseOptions = { origin: nameOf('example.'), include: () => INCLUDED, toALabel };

/** Findings as `line:column+length code`. */
function found(text: string): string[] {
  const { diagnostics } = readZone(encodeUtf8(text)!, OPTIONS);
  return diagnostics.map(({ line, column, length, code }) => `${line}:${column}+${length} ${code}`);
}

function messageOf(text: string, options: ParseOptions = OPTIONS): string {
  return readZone(text, options)
    .diagnostics.map(({ message }) => message)
    .join('\n');
}

describe('what NSD, Knot or BIND does not load', () => {
  it.each([
    ['a relative origin', '$ORIGIN sub\n', ['1:9+3 not-portable']],
    ['the origin itself', '$ORIGIN @\n', ['1:9+1 not-portable']],
    ['a dot that is of the label', '$ORIGIN sub\\.\n', ['1:9+5 not-portable']],
    ['a whole origin', '$ORIGIN sub.example.\n$ORIGIN .\n', []],
    ['a relative origin for a file', '$INCLUDE part sub\n', ['1:15+3 not-portable']],
    ['a whole one, or none', '$INCLUDE part sub.example.\n$INCLUDE part\n', []],
    [
      'a string over lines',
      'a 60 TXT b "c\nd\ne" f\ng 60 A x\n',
      ['1:12+1 not-portable', '4:8+1 bad-ipv4-address'],
    ],
    ['two of them', 'a 60 TXT ( "c\nd" "e\nf" )\n', ['1:12+1 not-portable', '2:4+1 not-portable']],
    [
      'a quoted part over lines',
      'a 60 SVCB 1 . alpn="h2,\nh3"\ng 60 A x\n',
      ['1:15+9 not-portable', '3:8+1 bad-ipv4-address'],
    ],
    ['a string beside an error', 'a 60 TXT "c\nd" \\\nb 60 A 1.2.3.4\n', ['2:4+1 bad-escape']],
    ['CR LF', 'a 60 A 1.2.3.4\r\nb 60 A 1.2.3.4\r\n', ['1:15+1 not-portable']],
    ['CR LF on an empty line', 'a 60 A 1.2.3.4\n\r\nb 60 A 1.2.3.4\n', ['2:1+1 not-portable']],
    ['CR LF behind comments alone', '; a\r\na 60 A 1.2.3.4 ; b\r\n', []],
    ['CR LF behind a comment first', '; a\r\na 60 A 1.2.3.4\r\n', ['2:15+1 not-portable']],
    ['CR LF in each of two files', 'a 60 A 1.2.3.4\r\n$INCLUDE part\r\n', ['1:15+1 not-portable']],
  ])('is %s', (_what, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('is said of a line that $GENERATE repeats once', () => {
    expect(found('$TTL 60\n$GENERATE 1-9 a$ TXT "b\nc"\n')).toEqual([
      '2:1+9 generate-not-portable',
      '2:22+1 not-portable',
    ]);
  });
});

describe('a name outside ASCII', () => {
  it.each([
    ['as owner', 'bücher 60 A 1.2.3.4\n', ['1:1+7 name-not-ascii']],
    [
      'as owner of each record',
      'bücher 60 A 1.2.3.4\n 60 A 1.2.3.5\nbücher 60 A 1.2.3.6\n',
      ['1:1+7 name-not-ascii', '3:1+7 name-not-ascii'],
    ],
    ['of a tracker', 'bücher 60 TXT "BITTORRENT UDP:80"\n', ['1:1+7 name-not-ascii']],
    [
      'in data',
      'a 60 CNAME bücher\nb 60 MX 1 ü.example.net.\n',
      ['1:12+7 name-not-ascii', '2:11+15 name-not-ascii'],
    ],
    ['in both', 'ä 60 CNAME ö\n', ['1:1+2 name-not-ascii', '1:13+2 name-not-ascii']],
    ['as origin', '$ORIGIN bücher.example.\n', ['1:9+16 name-not-ascii']],
    ['escaped, which is meant so', 'b\\195\\188cher 60 A 1.2.3.4\n', []],
    ['in a text, which is no name', 'a 60 TXT "bücher" bücher\n', []],
    ['beside an error', 'bücher 60 A 1.2.3\n', ['1:14+5 bad-ipv4-address']],
    [
      'in what $GENERATE makes, once',
      '$TTL 60\n$GENERATE 1-9 ü$ A 1.2.3.$\n',
      ['2:1+9 generate-not-portable', '2:15+13 name-not-ascii'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ['bücher', 'its A-label, xn--bcher-kva (RFC'],
    ['*.Bücher._tcp', 'its A-label, *.xn--bcher-kva._tcp (RFC'],
    ['straße.例え.example.', 'its A-label, xn--strae-oqa.xn--r8jz45g.example. (RFC'],
    ['\\195\\188.ü', 'its A-label, \\195\\188.xn--tda (RFC'],
    ['ü\\.a.example.', 'its A-label, xn--… (RFC'],
    ['a%ü', 'its A-label, xn--… (RFC'],
  ])('%s is told its A-label where it has one', (name, expected) => {
    expect(messageOf(`${encodeUtf8(name)!} 60 A 1.2.3.4\n`)).toContain(expected);
  });

  it('is told that it needs one where none can be made', () => {
    expect(messageOf('\xfc 60 A 1.2.3.4\n')).toContain('its A-label, xn--… (RFC');
    expect(messageOf(`${encodeUtf8('ü')!} 60 A 1.2.3.4\n`, { origin: nameOf('example.') })).toContain(
      'xn--… (RFC',
    );
  });

  it('is served as it stands', () => {
    expect(recordsOf(readZone(encodeUtf8('ü 60 A 1.2.3.4\n')!))).toEqual([
      '\\195\\188.example. 60 IN A 1.2.3.4',
    ]);
  });

  it('is no load on memory, however many there are', () => {
    const strings = '"b\nc" '.repeat(500);
    expect(readZone(`a 60 TXT ( ${strings})\n`).diagnostics.length).toBe(MAX_REMARKS);
    const many = Array.from({ length: 2000 }, (_, index) => `ü${index} 60 A 1.2.3.4\n`).join('');
    expect(readZone(encodeUtf8(many)!).diagnostics.length).toBe(MAX_DIAGNOSTICS + 1);
  });
});
