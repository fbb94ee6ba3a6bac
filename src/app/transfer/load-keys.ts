// The TSIG keys of the configuration's key files, and whether every key that a setting names is among them.

import { formatKeyName } from '../../core/transfer/access.ts';
import type { TsigKey } from '../../core/transfer/tsig-key.ts';
import { MAX_KEY_FILE_OCTETS, parseKeyFile } from '../../core/transfer/tsig-key-file.ts';
import { FileError, readFileBounded } from '../../io/files/files.ts';
import type { DnsConfig } from '../config/config.ts';

export type TransferKeys =
  | { readonly kind: 'keys'; readonly keys: readonly TsigKey[] }
  /** One sentence each, without anything that was read. */
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** What is wrong with the key files, a sentence a line, nothing of their content. */
export class TransferKeysError extends Error {
  override readonly name = 'TransferKeysError';
  readonly code = 'transfer-keys-unusable';
}

/** All problems of all files and settings at once. */
export async function loadKeys(
  dns: Pick<DnsConfig, 'keyFiles' | 'transfer' | 'notify' | 'secondaries'>,
): Promise<TransferKeys> {
  const keys = new Map<string, TsigKey>(); // bounded by what the files hold
  const problems: string[] = [];
  for (const [index, path] of dns.keyFiles.entries()) {
    const setting = `dns.keys[${index}]`;
    const file = await readKeyFile(path);
    if (typeof file === 'string') {
      problems.push(`${setting}: ${file}`);
      continue;
    }
    for (const { line, column, message } of file.problems) {
      problems.push(`${setting}: ${path}:${line}:${column}: ${message}`);
    }
    for (const key of file.keys) {
      const name = formatKeyName(key.name);
      if (keys.has(name)) problems.push(`${setting}: ${path}: another file has a key ${name} already`);
      keys.set(name, key);
    }
  }
  for (const { setting, key } of namedKeys(dns))
    if (!keys.has(key)) problems.push(`${setting}: there is no key ${key} in the files of dns.keys`);
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'keys', keys: [...keys.values()] };
}

async function readKeyFile(path: string) {
  try {
    const file = parseKeyFile(new TextDecoder().decode(await readFileBounded(path, MAX_KEY_FILE_OCTETS)));
    return file.keys.length + file.problems.length > 0 ? file : `${path}: there is no key in it`;
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
}

interface NamedKey {
  readonly setting: string;
  readonly key: string;
}

function namedKeys({ transfer, notify, secondaries }: Parameters<typeof loadKeys>[0]): NamedKey[] {
  const named = [
    ...transfer.map(({ key }, index) => ({
      setting: `dns.transfer[${index}]`,
      key: key === undefined ? undefined : formatKeyName(key),
    })),
    ...notify.map(({ key }, index) => ({ setting: `dns.notify[${index}]`, key })),
    ...secondaries.map(({ key }, index) => ({ setting: `dns.secondaries[${index}].key`, key })),
  ];
  return named.flatMap(({ setting, key }) => (key === undefined ? [] : [{ setting, key }]));
}
