import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { loadKeys } from '../../../src/app/transfer/load-keys.ts';
import { formatKeyName } from '../../../src/core/transfer/access.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SECRET = 'dGhlIHNlY3JldA=='; // "the secret"

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
      'dns.keys[2]: two:2:1: the algorithm of the key is too weak: hmac-sha256 and up',
      'dns.keys[2]: two: another file has a key a already',
      'dns.keys[3]: none: there is no key in it',
      'dns.transfer[0]: there is no key b in the files of dns.keys',
      'dns.notify[1]: there is no key c in the files of dns.keys',
      'dns.secondaries[1].key: there is no key d in the files of dns.keys',
    ]);
  });
});
