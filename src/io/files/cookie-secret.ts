// The secrets of DNS cookies, as servers of one service share them: a file with a line for each, in hexadecimal.

import { COOKIE_SECRET_OCTETS } from '../../core/dns/cookie.ts';
import { parseHex } from '../../core/octets/text.ts';
import { readFileBounded } from './files.ts';

/** Two lines, and whatever blanks an editor leaves. */
const MAX_SECRET_FILE_OCTETS = 4096;

/** The file holds no secrets. What it holds is never said. */
export class CookieSecretError extends Error {
  override readonly name = 'CookieSecretError';
  readonly code = 'cookie-secret-unreadable';

  constructor(path: string) {
    super(
      `${path} holds no cookie secret; write one line of 32 hexadecimal digits (openssl rand -hex 16), and the secret ` +
        'before it on a second one',
    );
  }
}

/** One or two secrets: the first makes cookies, both are accepted. Throws FileError and {@link CookieSecretError}. */
export async function readCookieSecrets(path: string): Promise<readonly Uint8Array[]> {
  const text = new TextDecoder().decode(await readFileBounded(path, MAX_SECRET_FILE_OCTETS));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const secrets = lines.flatMap((line) => parseHex(line) ?? []);
  const areSecrets = secrets.length === lines.length && secrets.every(isSecret);
  if (!areSecrets || secrets.length < 1 || secrets.length > 2) throw new CookieSecretError(path);
  return secrets;
}

function isSecret(octets: Uint8Array): boolean {
  return octets.length === COOKIE_SECRET_OCTETS;
}
