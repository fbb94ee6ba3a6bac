// Files with TSIG keys: what is read, and what is said of the rest, with its place and never with what it holds.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBase64 } from '../../../src/core/octets/base64.ts';
import { formatKeyName } from '../../../src/core/transfer/access.ts';
import { MAX_KEY_FILE_OCTETS, MAX_KEYS, parseKeyFile } from '../../../src/core/transfer/tsig-key-file.ts';

const SECRET = 'dGhlIHNlY3JldA=='; // "the secret"

/** `name algorithm secret` a key, `line:column code` a problem. */
function read(text: string): string[] {
  const { keys, problems } = parseKeyFile(text);
  return [
    ...keys.map(
      ({ name, algorithm, secret }) =>
        `${formatKeyName(name)} ${algorithm} ${Buffer.from(secret).toString('latin1')}`,
    ),
    ...problems.map(({ line, column, code }) => `${line}:${column} ${code}`),
  ];
}

describe('a key file', () => {
  it.each([
    [
      'a clause',
      `key "Xfr.Example" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`,
      ['xfr.example hmac-sha256 the secret'],
    ],
    ['a line', `hmac-sha512:xfr.:${SECRET}`, ['xfr hmac-sha512 the secret']],
    [
      'several of both, with comments of every kind',
      `# one\nKEY a { SECRET ${SECRET}; algorithm HMAC-SHA384.; } // two\n/* three\n */ hmac-sha256:b:${SECRET} # four\nhmac-sha256:c:${SECRET}`,
      ['a hmac-sha384 the secret', 'b hmac-sha256 the secret', 'c hmac-sha256 the secret'],
    ],
    ['a secret with two slashes', 'hmac-sha256:a:////', ['a hmac-sha256 \xff\xff\xff']],
    [
      'blanks in a quoted secret',
      'key a { algorithm hmac-sha256; secret "dGhl IHNl\tY3JldA=="; };',
      ['a hmac-sha256 the secret'],
    ],
    ['a key that is named key', `hmac-sha256:key:${SECRET}`, ['key hmac-sha256 the secret']],
    ['a name with an escaped dot', `hmac-sha256:a\\.b:${SECRET}`, ['a\\.b hmac-sha256 the secret']],
    ['nothing', ' \r\n', []],
  ])('gives %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['MD5', `\nhmac-md5:a:${SECRET}`, ['2:1 weak-algorithm']],
    ['SHA-1', `  hmac-sha1:a:${SECRET}`, ['1:3 weak-algorithm']],
    ['SHA-1 in a clause', `key a {\n algorithm hmac-sha1;\n secret "${SECRET}"; };`, ['2:12 weak-algorithm']],
    ['an algorithm that is none', `hmac-sha3:a:${SECRET}`, ['1:1 unknown-algorithm']],
    ['a property of objects as algorithm', `constructor:a:${SECRET}`, ['1:1 unknown-algorithm']],
    ['a line without algorithm', `a:${SECRET}`, ['1:1 bad-key-line']],
    ['a line with too much', `hmac-sha256:a:${SECRET}:b`, ['1:1 bad-key-line']],
    ['words', `some words ; here\nhmac-sha256:a:${SECRET}`, ['a hmac-sha256 the secret', '1:1 bad-key-line']],
    ['a secret that is not Base64', 'hmac-sha256:abc:secret!', ['1:17 bad-key-secret']],
    ['a secret of nothing', 'hmac-sha256:a:', ['1:15 bad-key-secret']],
    ['a name that is none', `hmac-sha256:a..b:${SECRET}`, ['1:13 bad-key-name']],
    ['the root as name', `hmac-sha256:.:${SECRET}`, ['1:13 bad-key-name']],
    [
      'a key twice, in other letters',
      `hmac-sha256:a:${SECRET}\nkey "A" { algorithm hmac-sha512; secret "${SECRET}"; };`,
      ['a hmac-sha256 the secret', '2:1 key-twice'],
    ],
    [
      'a clause cut short, and goes on behind it',
      `key a { algorithm hmac-sha256;\nkey b { algorithm hmac-sha256; secret "${SECRET}"; };`,
      ['b hmac-sha256 the secret', '2:1 bad-key-clause'],
    ],
    ['a clause without secret', 'key a { algorithm hmac-sha256; };', ['1:32 bad-key-clause']],
    ['a clause without end', 'key a {', ['1:1 bad-key-clause']],
    ['a clause without name', 'key { algorithm hmac-sha256; };', ['1:5 bad-key-clause']],
    [
      'two algorithms',
      `key a { algorithm hmac-sha256; algorithm hmac-sha256; secret "${SECRET}"; };`,
      ['1:32 bad-key-clause'],
    ],
    [
      'a field that is none',
      `key a { algorithm hmac-sha256; sekret "${SECRET}"; };`,
      ['1:32 bad-key-clause'],
    ],
    ['a missing semicolon', `key a { algorithm hmac-sha256 secret "${SECRET}"; };`, ['1:31 bad-key-clause']],
    ['a quote that is not closed', 'key "a { }', ['1:5 bad-key-clause']],
    [
      'a comment that is not closed',
      `hmac-sha256:a:${SECRET}\n  /* x`,
      ['a hmac-sha256 the secret', '2:3 bad-key-line'],
    ],
  ])('says what is wrong with %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('says what may be written instead', () => {
    expect(parseKeyFile(`hmac-md5:a:${SECRET}`).problems[0]?.message).toBe(
      'the algorithm of the key is too weak: hmac-sha256 and up',
    );
  });

  it('never says what it read', () => {
    for (const text of [
      `hmac-sha256:a:${SECRET}!`,
      SECRET,
      `key ${SECRET} x`,
      `${SECRET}:a:hmac-sha256`,
      `hmac-sha256:${SECRET}:!`,
      `hmac-x:${SECRET}:a`,
    ]) {
      const { keys, problems } = parseKeyFile(text);
      expect([keys, problems.length > 0]).toEqual([[], true]);
      expect(JSON.stringify(problems)).not.toContain(SECRET.slice(0, 8));
    }
  });

  it('stops at its bounds', () => {
    const lines = Array.from({ length: MAX_KEYS + 2 }, (_, index) => `hmac-sha256:k${index}:AAAA`);
    const { keys, problems } = parseKeyFile(lines.join('\n'));
    expect([keys.length, problems.map(({ code, line }) => [code, line])]).toEqual([
      MAX_KEYS,
      [['too-many-keys', MAX_KEYS + 1]],
    ]);
    expect(read(' '.repeat(MAX_KEY_FILE_OCTETS + 1))).toEqual(['1:1 key-file-too-large']);
  });

  it.each([
    ['comments that do not end', '/*'],
    ['quotes that do not end', '"\n'],
    ['keys that do not end', 'key '],
    ['braces', '{'],
    ['colons', ':'],
  ])('of %s is read in a time that its size bounds', (_, piece) => {
    const text = piece.repeat(MAX_KEY_FILE_OCTETS / piece.length);
    const start = performance.now();
    const { keys, problems } = parseKeyFile(text);
    expect(performance.now() - start).toBeLessThan(2000);
    expect([keys.length, problems.length > 0]).toEqual([0, true]);
  });

  it('of any text does not throw', () => {
    const pieces = [
      'key',
      'a',
      '{',
      '}',
      ';',
      '"',
      '\n',
      ' ',
      'algorithm',
      'secret',
      'hmac-sha256',
      ':',
      '/*',
      '//',
      SECRET,
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 }))), (words) => {
        for (const { line, column } of parseKeyFile(words.join('')).problems) {
          expect(Math.min(line, column)).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('Base64', () => {
  it('of any octets is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(parseBase64(Buffer.from(octets).toString('base64'))).toEqual(octets);
      }),
    );
  });

  it.each(['A', 'AA', 'AAA', 'A===', '====', 'AA=A', 'A-A=', 'AAAA=', 'ÄAAA'])('%s is none', (text) => {
    expect(parseBase64(text)).toBeUndefined();
  });
});
