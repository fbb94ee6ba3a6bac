import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCookieSecrets } from '../../src/app/cookie-secrets.ts';
import { formatHex } from '../../src/core/octets/text.ts';
import { silentLogger } from '../../src/io/log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIRST = '000102030405060708090a0b0c0d0e0f';
const SECOND = 'f0e0d0c0b0a090807060504030201000';

async function opened(text: string) {
  const path = join(await temporaryFolder(), 'cookie.secret');
  await writeFile(path, text);
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message.replace(path, 'FILE'));
  const logger = { ...silentLogger, info: log, error: log };
  const config = { cookies: 'on', cookieSecretFile: path } as const;
  return { path, lines, secrets: await openCookieSecrets(config, octetsOf, logger) };
}

const octetsOf = (length: number) => new Uint8Array(length).fill(7);
const hex = (secrets: readonly Uint8Array[] | undefined) => secrets?.map(formatHex);

describe('the secrets of cookies', () => {
  it('are those of the file, and of the file again after it was rewritten', async () => {
    const { path, lines, secrets } = await opened(FIRST);
    const before = secrets.current();
    expect(hex(before)).toEqual([FIRST]);
    await writeFile(path, `${FIRST}\n`);
    await secrets.reload();
    expect(secrets.current()).toBe(before);
    await writeFile(path, `${SECOND}\n${FIRST}\n`);
    await secrets.reload();
    expect(hex(secrets.current())).toEqual([SECOND, FIRST]);
    expect(lines).toEqual(['the secrets of DNS cookies are new']);
  });

  it('stay what they were where the file is of no use, which is said without its content', async () => {
    const { path, lines, secrets } = await opened(FIRST);
    await writeFile(path, 'half a secr');
    await secrets.reload();
    await rm(path);
    await secrets.reload();
    expect(hex(secrets.current())).toEqual([FIRST]);
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => /FILE.*; the secrets that were are used on$/.test(line))).toBe(true);
    expect(lines.join()).not.toContain('secr\n');
  });

  it('are of this process alone without a file, and none where cookies are off', async () => {
    const alone = await openCookieSecrets(
      { cookies: 'on', cookieSecretFile: undefined },
      octetsOf,
      silentLogger,
    );
    expect(hex(alone.current())).toEqual(['07'.repeat(16)]);
    const off = await openCookieSecrets(
      { cookies: 'off', cookieSecretFile: undefined },
      octetsOf,
      silentLogger,
    );
    expect(off.current()).toBeUndefined();
  });
});
