import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { parseKeyFile } from '../../../src/app/transfer/key-file.ts';
import { loadKeys } from '../../../src/app/transfer/load-keys.ts';
import { formatKeyName } from '../../../src/core/transfer/access.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** `name algorithm secret` a key, `line: message` a problem. */
function read(text: string): string[] {
  const { keys, problems } = parseKeyFile(text);
  return [
    ...keys.map(
      ({ name, algorithm, secret }) =>
        `${formatKeyName(name)} ${algorithm} ${Buffer.from(secret).toString('utf8')}`,
    ),
    ...problems.map(({ line, message }) => `${line}: ${message}`),
  ];
}

const SECRET = 'dGhlIHNlY3JldA=='; // "the secret"

describe('parseKeyFile', () => {
  it.each([
    [
      'what tsig-keygen prints',
      `key "Xfr.Example" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`,
      ['xfr.example hmac-sha256 the secret'],
    ],
    ['a line of dig', `hmac-sha512:xfr.:${SECRET}`, ['xfr hmac-sha512 the secret']],
    [
      'both, with comments of every kind',
      `# one\nkey a { secret ${SECRET}; algorithm HMAC-SHA384; } // two\n/* three\n */ hmac-sha256:b:${SECRET}`,
      ['a hmac-sha384 the secret', 'b hmac-sha256 the secret'],
    ],
    ['nothing', ' \n', []],
  ])('reads %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    [
      'an algorithm that is weak',
      `\nhmac-md5:a:${SECRET}`,
      ['2: the algorithm of a is none of hmac-sha256, hmac-sha384, hmac-sha512'],
    ],
    ['no algorithm', `a:${SECRET}`, ['1: expected hmac-sha256:NAME:SECRET, or a key clause']],
    ['a secret that is not Base64', 'hmac-sha256:a:secret!', ['1: the secret of a is not Base64']],
    [
      'a key twice',
      `hmac-sha256:a:${SECRET}\nhmac-sha256:A:${SECRET}`,
      ['a hmac-sha256 the secret', '2: the key a is there twice'],
    ],
    ['a name that is none', `hmac-sha256:a..b:${SECRET}`, ['1: the name of the key is no domain name']],
    [
      'a clause cut short, and goes on behind it',
      `key a { algorithm hmac-sha256;\nkey b { algorithm hmac-sha256; secret "${SECRET}"; };`,
      ['b hmac-sha256 the secret', '1: expected key "NAME" { algorithm hmac-sha256; secret "BASE64"; };'],
    ],
    [
      'a quote that is not closed',
      'key "a { }',
      ['1: expected key "NAME" { algorithm hmac-sha256; secret "BASE64"; };'],
    ],
  ])('says what is wrong with %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('never says what it read', () => {
    for (const text of [`hmac-sha256:a:${SECRET}!`, `${SECRET}`, `key ${SECRET} x`, `hmac-x:a:${SECRET}`])
      expect(JSON.stringify(parseKeyFile(text).problems)).not.toContain(SECRET.slice(0, 8));
  });
});

describe('loadKeys', () => {
  async function load(files: Readonly<Record<string, string>>, toml: string) {
    const folder = await temporaryFolder();
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const config = readConfig({
      file: { path: 'portolan.toml', text: toml, folder },
      flags: {},
      workingDirectory: folder,
    });
    if (config.kind === 'wrong') throw new Error(config.problems.join('\n'));
    const loaded = await loadKeys(config.config.dns);
    return loaded.kind === 'keys'
      ? loaded.keys.map(({ name }) => formatKeyName(name))
      : loaded.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  }

  it('reads the keys of all files', async () => {
    const files = { one: `hmac-sha256:a:${SECRET}`, two: `hmac-sha256:b:${SECRET}` };
    expect(await load(files, '[dns]\nkeys = ["one", "two"]\ntransfer = ["key:A"]')).toEqual(['a', 'b']);
  });

  it('says all that is wrong at once', async () => {
    const files = {
      one: `hmac-sha256:a:${SECRET}`,
      two: `hmac-sha256:A:${SECRET}\nhmac-md5:x:${SECRET}`,
      none: '',
    };
    const toml = `[dns]
keys = ["one", "missing", "two", "none"]
transfer = ["::/0 key:b"]
notify = ["192.0.2.1", "192.0.2.2 key:c"]
secondaries = ["zone=z primaries=192.0.2.1 key=a", "zone=y primaries=192.0.2.1 key=d"]`;
    expect(await load(files, toml)).toEqual([
      'dns.keys[1]: cannot read missing: there is no such file or folder',
      'dns.keys[2]: two:2: the algorithm of x is none of hmac-sha256, hmac-sha384, hmac-sha512',
      'dns.keys[2]: two: another file has a key a already',
      'dns.keys[3]: none: there is no key in it',
      'dns.transfer[0]: there is no key b in the files of dns.keys',
      'dns.notify[1]: there is no key c in the files of dns.keys',
      'dns.secondaries[1].key: there is no key d in the files of dns.keys',
    ]);
  });
});
