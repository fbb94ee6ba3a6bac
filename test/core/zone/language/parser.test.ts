// biome-ignore-all lint/suspicious/noTemplateCurlyInString: $GENERATE itself writes ${…}.

import { describe, expect, it } from 'vitest';
import { formatName } from '../../../../src/core/dns/name.ts';
import { textToOctets } from '../../../../src/core/octets/text.ts';
import { MAX_DIAGNOSTICS } from '../../../../src/core/zone/diagnostic-list.ts';
import { type IncludeReader, parseZone } from '../../../../src/core/zone/language/parser.ts';
import { faultsOf, HEAD, nameOf, readZone, recordsOf } from '../zone-text.ts';

/** Text, and the records that it is. */
const READINGS: readonly [what: string, text: string, records: readonly string[]][] = [
  ['TTL before class', 'a 60 IN A 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  ['class before TTL', 'a IN 60 A 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  ['TTL units', 'a 1w2d3h4m5s A 1.2.3.4', ['a.example. 788645 IN A 1.2.3.4']],
  ['TTL units in capitals', 'a 1H30M A 1.2.3.4', ['a.example. 5400 IN A 1.2.3.4']],
  ['type and class in either case', 'a 60 in a 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  [
    'a blank owner',
    'a 60 A 1.2.3.4\n  60 A 1.2.3.5',
    ['a.example. 60 IN A 1.2.3.4', 'a.example. 60 IN A 1.2.3.5'],
  ],
  [
    'a blank owner after a directive',
    'a 60 A 1.2.3.4\n$TTL 9\n\tA 1.2.3.5',
    ['a.example. 60 IN A 1.2.3.4', 'a.example. 9 IN A 1.2.3.5'],
  ],
  [
    'an owner spelled in two ways',
    'a 60 A 1.2.3.4\nA 60 A 1.2.3.5',
    ['a.example. 60 IN A 1.2.3.4', 'A.example. 60 IN A 1.2.3.5'],
  ],
  ['@ as owner and in data', '@ 60 MX 10 @', ['example. 60 IN MX 10 example.']],
  ['an escaped @', '\\@ 60 A 1.2.3.4', ['\\@.example. 60 IN A 1.2.3.4']],
  ['a dot and an octet escaped', 'a\\.b\\065 60 A 1.2.3.4', ['a\\.bA.example. 60 IN A 1.2.3.4']],
  ['the root', '. 60 NS a.', ['. 60 IN NS a.']],
  ['a final line without newline', 'a 60 A 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  [
    'CRLF',
    'a 60 A 1.2.3.4\r\nb 60 A 1.2.3.4\r\n',
    ['a.example. 60 IN A 1.2.3.4', 'b.example. 60 IN A 1.2.3.4'],
  ],
  ['a comment behind a record', 'a 60 A 1.2.3.4;x "(', ['a.example. 60 IN A 1.2.3.4']],
  [
    'parentheses over lines',
    'a ( 60 ; one\n\n A 1.2.3.4 ) ; two\nb 60 A ( 1.2.3.4\n)',
    ['a.example. 60 IN A 1.2.3.4', 'b.example. 60 IN A 1.2.3.4'],
  ],
  [
    'quoted strings',
    'a 60 TXT "x;y (z" w "" "q\\"\\\\\\010"',
    ['a.example. 60 IN TXT "x;y (z" "w" "" "q\\"\\\\\\010"'],
  ],
  ['quoted strings without blanks between', 'a 60 TXT "x""y"', ['a.example. 60 IN TXT "x" "y"']],
  [
    'a quoted string over two lines',
    'a 60 TXT "x\ny"\nb 60 A 1.2.3.4',
    ['a.example. 60 IN TXT "x\\010y"', 'b.example. 60 IN A 1.2.3.4'],
  ],
  ['UTF-8 in a string', 'a 60 TXT "\xc3\xa4"', ['a.example. 60 IN TXT "\\195\\164"']],
  ['a generic type', 'a 60 TYPE65280 \\# 3 01 0203', ['a.example. 60 IN TYPE65280 \\# 3 010203']],
  ['a known type in the generic form', 'a 60 A \\# 4 01020304', ['a.example. 60 IN A 1.2.3.4']],
  ['a known type by number', 'a 60 TYPE1 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  ['no data at all', 'a 60 TYPE65280 \\# 0', ['a.example. 60 IN TYPE65280 \\# 0']],
  ['a class by number', 'a 60 CLASS1 A 1.2.3.4', ['a.example. 60 IN A 1.2.3.4']],
  [
    '$ORIGIN, relative to the one before',
    '$ORIGIN b\na 60 A 1.2.3.4\n$ORIGIN c\na 60 A 1.2.3.4',
    ['a.b.example. 60 IN A 1.2.3.4', 'a.c.b.example. 60 IN A 1.2.3.4'],
  ],
  [
    '$TTL',
    '$TTL 1h\na A 1.2.3.4\nb 60 A 1.2.3.4\nc A 1.2.3.4',
    ['a.example. 3600 IN A 1.2.3.4', 'b.example. 60 IN A 1.2.3.4', 'c.example. 3600 IN A 1.2.3.4'],
  ],
  [
    'the TTL last stated, without $TTL',
    'a 60 A 1.2.3.4\nb A 1.2.3.4',
    ['a.example. 60 IN A 1.2.3.4', 'b.example. 60 IN A 1.2.3.4'],
  ],
];

describe('parseZone', () => {
  it.each(READINGS)('reads %s', (_what, text, records) => {
    const zone = readZone(text);
    expect(faultsOf(zone).filter((fault) => !fault.endsWith(' not-portable'))).toEqual([]);
    expect(recordsOf(zone)).toEqual(records);
  });

  it('places a record at its type', () => {
    const { records } = readZone('a 60 A 1.2.3.4\n\n  60 IN AAAA ::1\nb (\n 60 A 1.2.3.4 )');
    const places = Array.from({ length: 3 }, (_, row) => `${records.lines[row]}:${records.columns[row]}`);
    expect(places).toEqual(['1:6', '3:9', '5:5']);
  });

  it('lets records share an owner that is written again', () => {
    const { records } = readZone('a 60 A 1.2.3.4\na 60 A 1.2.3.5\n 60 A 1.2.3.6');
    expect(new Set(records.owners.subarray(0, 3)).size).toBe(1);
  });
});

describe('the apex', () => {
  it.each([
    ['the owner of the SOA record', '$ORIGIN example.org.\n@ 60 SOA a b 1 2 3 4 5', 'example.org.'],
    ['below $ORIGIN', '$ORIGIN org.\nexample 60 SOA a b 1 2 3 4 5', 'example.org.'],
    ['the file name where the text says nothing', '@ 60 SOA a b 1 2 3 4 5', 'example.'],
    ['what an absolute owner says, whatever the file name', 'other. 60 SOA a b 1 2 3 4 5', 'other.'],
  ])('is %s', (_what, text, apex) => {
    expect(formatName(readZone(text).apex!)).toBe(apex);
  });

  it('is the origin too, when its owner is absolute and no $ORIGIN was given', () => {
    const zone = readZone('other. 60 SOA ns b 1 2 3 4 5\na A 1.2.3.4');
    expect(recordsOf(zone)).toEqual([
      'other. 60 IN SOA ns.other. b.other. 1 2 3 4 5',
      'a.other. 60 IN A 1.2.3.4',
    ]);
  });

  it('leaves $ORIGIN alone', () => {
    const zone = readZone('$ORIGIN org.\nexample.org. 60 SOA ns b 1 2 3 4 5');
    expect(recordsOf(zone)).toEqual(['example.org. 60 IN SOA ns.org. b.org. 1 2 3 4 5']);
  });
});

/** Text, and where what is wrong with it. */
const FAULTS: readonly [what: string, text: string, faults: readonly string[]][] = [
  [
    'each line that is wrong',
    'a A 1\nb 60 A 1.2.3.4\nc AAA ::1\nd MX 1',
    ['1:5 bad-ipv4-address', '3:3 unknown-type', '4:7 missing-field'],
  ],
  [
    'a wrong line of a record in parentheses, and goes on behind it',
    'a 60 SOA b c (\n 1 x\n 3 4 5 )\nd A 1',
    ['2:4 bad-number', '4:5 bad-ipv4-address'],
  ],
  [
    'an unclosed parenthesis and not the records in it',
    'a 60 TXT ( "x"\nb 60 A 1.2.3.4\nc A 1',
    ['1:10 unclosed-parenthesis', '3:5 bad-ipv4-address'],
  ],
  [
    'an unclosed SOA record, indented lines and all',
    '@ 60 SOA a b (\n  1 2\n  3 4 5\nb 60 A 1.2.3.4\nc A 1',
    ['1:14 unclosed-parenthesis', '5:5 bad-ipv4-address'],
  ],
  [
    'an unclosed parenthesis by the one that opens next',
    'a 60 TXT ( "x"\nb 60 TXT ( "y" )\nc A 1',
    ['1:10 unclosed-parenthesis', '3:5 bad-ipv4-address'],
  ],
  [
    'an unclosed quote, and goes on at the next line',
    'a 60 TXT "x\nb 60 TXT "y"\nc A 1',
    ['1:10 unclosed-quote', '3:5 bad-ipv4-address'],
  ],
  ['an unclosed quote at the end', 'a 60 TXT "x', ['1:10 unclosed-quote']],
  [
    'a parenthesis too many',
    'a 60 A 1.2.3.4 )\nb A 1',
    ['1:16 unmatched-parenthesis', '2:5 bad-ipv4-address'],
  ],
  ['a NUL octet', 'a 60 TXT "x\0"\nb\0 60 A 1.2.3.4', ['1:12 bad-octet', '2:2 bad-octet']],
  ['a lone carriage return', 'a 60 A 1.2.3.4\rb', ['1:15 bad-octet']],
  ['a byte order mark', '\xef\xbb\xbfa 60 A 1.2.3.4', ['1:1 bad-octet']],
  ['a backslash before the line end', 'a 60 TXT x\\\nb A 1', ['1:11 bad-escape', '2:5 bad-ipv4-address']],
  ['an escape over 255', 'a 60 TXT \\256', ['1:10 bad-escape']],
  ['two TTLs', 'a 60 60 A 1.2.3.4', ['1:6 missing-type']],
  ['a number with a unit missing', 'a 1h30 A 1.2.3.4', ['1:3 bad-ttl']],
  ['a number with a unit missing behind a zero', 'a 0h30 A 1.2.3.4', ['1:3 bad-ttl']],
  ['a TTL of 2^31 by units', 'a 4000w A 1.2.3.4', ['1:3 ttl-too-large']],
  ['an IPv4 address with a leading zero', 'a 60 A 1.2.3.04', ['1:8 bad-ipv4-address']],
  ['the blank owner below an owner that is wrong, once', 'a..b A 1.2.3.4\n 60 A 1.2.3.4', ['1:1 bad-name']],
  [
    'records of no class but IN',
    'a CH A 1.2.3.4\nb CLASS4 A 1.2.3.4',
    ['1:3 class-not-in', '2:3 class-not-in'],
  ],
];

describe('what is wrong', () => {
  it.each(FAULTS)('reports %s', (_what, text, faults) => {
    expect(faultsOf(readZone(text))).toEqual(faults);
  });

  it('shows how to split a string that is too long', () => {
    const [fault] = readZone(`a 60 TXT "${'x'.repeat(254)}yz"`).diagnostics;
    expect(fault?.message).toContain('"…xxxxxxxxxxxy" "z…"');
  });

  it('knows what a slip of the finger meant', () => {
    const hints = ['TXTT', 'AAA', 'CNMAE', 'SOAS'].map(
      (type) => readZone(`a ${type} x`).diagnostics[0]?.message,
    );
    expect(hints).toEqual(
      ['TXT', 'AAAA', 'CNAME', 'SOA'].map((type) => expect.stringContaining(`Did you mean ${type}?`)),
    );
  });

  it('keeps the line as it stands, tabs and all, and no more of it than is text', () => {
    expect(readZone('a\tA\t1\r\n').diagnostics[0]?.source).toBe('a\tA\t1');
    expect(readZone(`a A ${'1'.repeat(100_000)}`).diagnostics[0]?.source.length).toBe(1000);
  });

  it('stops counting', () => {
    expect(readZone('a A x\n'.repeat(5000)).diagnostics.length).toBe(MAX_DIAGNOSTICS + 1);
  });
});

function reader(files: Readonly<Record<string, string>>): IncludeReader {
  return (path) => {
    const text = files[path];
    return text === undefined ? { failure: `There is no ${path}.` } : { path, octets: textToOctets(text) };
  };
}

describe('$INCLUDE', () => {
  const origin = nameOf('example.');

  it('reads the file in place, and comes back to the origin and owner that were', () => {
    const include = reader({ part: 'b 60 A 1.2.3.4\n$ORIGIN sub.example.\nc 60 A 1.2.3.4\n' });
    const zone = readZone('a 60 A 1.2.3.4\n$INCLUDE part\n  60 A 1.2.3.5\nd 60 A 1.2.3.4', {
      origin,
      include,
    });
    expect(faultsOf(zone)).toEqual([]);
    expect(recordsOf(zone)).toEqual([
      'a.example. 60 IN A 1.2.3.4',
      'b.example. 60 IN A 1.2.3.4',
      'c.sub.example. 60 IN A 1.2.3.4',
      'a.example. 60 IN A 1.2.3.5',
      'd.example. 60 IN A 1.2.3.4',
    ]);
    expect([...zone.records.files.subarray(0, 5)]).toEqual([0, 1, 1, 0, 0]);
    expect(zone.files).toEqual(['zone', 'part']);
  });

  it('takes an origin for the file', () => {
    const zone = readZone('$INCLUDE part sub\na 60 A 1.2.3.4', {
      origin,
      include: reader({ part: 'b 60 A 1.2.3.4' }),
    });
    expect(recordsOf(zone)).toEqual(['b.sub.example. 60 IN A 1.2.3.4', 'a.example. 60 IN A 1.2.3.4']);
  });

  it('hands the path as it is written, and the file that includes', () => {
    const asked: string[][] = [];
    const include: IncludeReader = (path, from) => {
      asked.push([path, from]);
      return path === 'q w'
        ? { path: 'sub/q', octets: textToOctets('$INCLUDE deeper\n') }
        : { failure: 'no' };
    };
    parseZone({ path: 'top', octets: textToOctets('$INCLUDE "q w"\n') }, { include });
    expect(asked).toEqual([
      ['q w', 'top'],
      ['deeper', 'sub/q'],
    ]);
  });

  it('reads a path in UTF-8', () => {
    const { diagnostics } = readZone('$INCLUDE t\xc3\xa4', { include: reader({}) });
    expect(diagnostics[0]?.message).toBe('There is no t\u00e4.');
  });

  it('places what is wrong in the file that has it', () => {
    const [fault] = readZone('$INCLUDE part', { include: reader({ part: '\na. A x' }) }).diagnostics;
    expect(fault).toMatchObject({ file: 'part', line: 2, column: 6, source: 'a. A x' });
  });

  it('may include one file twice, one after the other', () => {
    const zone = readZone('$INCLUDE part a\n$INCLUDE part b', {
      origin,
      include: reader({ part: '@ 60 A 1.2.3.4' }),
    });
    expect(recordsOf(zone)).toEqual(['a.example. 60 IN A 1.2.3.4', 'b.example. 60 IN A 1.2.3.4']);
  });

  it('sees a loop of two files', () => {
    const include = reader({ a: '$INCLUDE b', b: '$INCLUDE a' });
    expect(
      readZone('$INCLUDE a', { include }).diagnostics.map(({ file, code }) => `${file} ${code}`),
    ).toEqual(['b include-loop']);
  });

  it('is an error where nothing reads files', () => {
    expect(faultsOf(readZone('$INCLUDE part'))).toEqual(['1:10 include-failed']);
  });
});

describe('$GENERATE', () => {
  it.each([
    ['1-3 h$ A 127.0.0.$', ['h1 A 127.0.0.1', 'h2 A 127.0.0.2', 'h3 A 127.0.0.3']],
    ['0-10/5 h$ A 127.0.0.1', ['h0 A 127.0.0.1', 'h5 A 127.0.0.1', 'h10 A 127.0.0.1']],
    ['9-10 h${-9,3,d} A 127.0.0.${1}', ['h000 A 127.0.0.10', 'h001 A 127.0.0.11']],
    ['10-10 h${0,4,x} TXT "a $ \\$"', ['h000a TXT "a 10 $"']],
    ['18-18 ${0,3,n}.x PTR h$', ['2.1.x PTR h18.example.']],
  ])('reads %s', (text, records) => {
    const zone = readZone(`$TTL 60\n$GENERATE ${text}`);
    expect(recordsOf(zone)).toEqual(records.map((each) => each.replace(' ', '.example. 60 IN ')));
    expect(faultsOf(zone)).toEqual(['2:1 generate-not-portable']);
  });

  it.each([
    '1 h$ A 1.2.3.4',
    '3-2 h$ A 1.2.3.4',
    '4000000000-3000000000 h$ A 1.2.3.4',
    '1-x h$ A 1.2.3.4',
    '1-2/0 h$ A 1.2.3.4',
    '1-2 h$',
    '1-2 h${0,x} A 1.2.3.4',
    '5-6 h${-9} A 1.2.3.4',
  ])('reports %s', (text) => {
    expect(readZone(`$GENERATE ${text}`).diagnostics.map(({ code }) => code)).toContain('bad-generate');
  });

  it.each(['0-65536', '0-4000000000', '3000000000-3000000001', '2147483647-2147483648'])(
    'reports %s as too large',
    (range) => {
      const zone = readZone(`$GENERATE ${range} h$ A 1.2.3.4`);
      expect(zone.diagnostics.map(({ code }) => code)).toEqual(['generate-too-large']);
    },
  );

  it('reports once what is wrong with each record', () => {
    expect(faultsOf(readZone('$GENERATE 1-50 h$ A 300.1.2.$'))).toEqual([
      '1:1 generate-not-portable',
      '1:16 bad-ipv4-address',
    ]);
  });

  it.each([
    ['1-300 b$ A 10.0.0.$', 17, 13, '256: `b256 A 10.0.0.256`'],
    ['1-300 b$ (\n A 10.0.0.$ )', 17, 2, '256: `b256 A 10.0.0.256`'],
    ['2-2 b TXT "$" b \\', 27, 1, undefined],
    ['2-2 b\tA  "$"  b', 15, 11, '2: `b A "2" b`'],
    ['7-9 ä$ A $.0.0.0.0', 15, 14, '7: `ä7 A 7.0.0.0.0`'],
    [`1-1 ${'a'.repeat(140)} A x`, 15, 144, `1: \`${'a'.repeat(120)}…\``],
  ])('says of %s which line was wrong, and points at what it is made of', (text, column, length, line) => {
    const fault = readZone(`$TTL 60\n$GENERATE ${text}\n`).diagnostics.at(-1)!;
    expect([fault.line, fault.column, fault.length]).toEqual([2, column, length]);
    if (line === undefined) expect(fault.message).not.toContain('makes for');
    else expect(fault.message).toContain(` In what $GENERATE makes for ${line}.`);
  });

  it('places what is read behind it where it stands', () => {
    expect(faultsOf(readZone('$GENERATE 1-2 h$ A 1.2.3.$\nx A 1.2.3.4.5')).at(-1)).toBe(
      '2:5 bad-ipv4-address',
    );
  });
});

describe('the TTL that nothing says', () => {
  it('is the minimum of the SOA record, reported once', () => {
    const zone = readZone('@ SOA a b 1 2 3 4 99\n@ NS ns\nns A 1.2.3.4');
    expect([...zone.records.ttls.subarray(0, 3)]).toEqual([99, 99, 99]);
    expect(faultsOf(zone)).toEqual(['1:3 ttl-missing']);
  });

  it('is an hour before any SOA record, as NSD and Knot have it', () => {
    expect(readZone('ns A 1.2.3.4').records.ttls[0]).toBe(3600);
  });
});

it('reads the head that the other tests stand on', () => {
  expect(faultsOf(readZone(HEAD))).toEqual([]);
});
