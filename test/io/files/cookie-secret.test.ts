import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatHex } from '../../../src/core/octets/text.ts';
import { readCookieSecrets } from '../../../src/io/files/cookie-secret.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FIRST = '000102030405060708090a0b0c0d0e0f';
const SECOND = 'F0E0D0C0B0A090807060504030201000';

async function fileWith(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'cookie.secret');
  await writeFile(path, text);
  return path;
}

describe('a file of cookie secrets', () => {
  it.each([
    ['one line', FIRST, [FIRST]],
    ['a line and its end', `${FIRST}\n`, [FIRST]],
    ['two lines', `${FIRST}\n${SECOND}\n`, [FIRST, SECOND.toLowerCase()]],
    ['lines as Windows ends them', `${FIRST}\r\n\r\n${SECOND}\r\n`, [FIRST, SECOND.toLowerCase()]],
  ])('may have %s', async (_what, text, secrets) => {
    expect((await readCookieSecrets(await fileWith(text))).map(formatHex)).toEqual(secrets);
  });

  it.each([
    ['nothing', ''],
    ['half a secret', FIRST.slice(0, 16)],
    ['one digit too many', `${FIRST}0`],
    ['a word', 'correct horse battery staple'],
    ['a good line and a bad one', `${FIRST}\nfff`],
    ['three lines', `${FIRST}\n${SECOND}\n${FIRST}`],
  ])('may not have %s, and never says what it has', async (_what, text) => {
    const path = await fileWith(text);
    const error = await readCookieSecrets(path).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'cookie-secret-unreadable' });
    expect((error as Error).message).toContain(`${path} holds no cookie secret; write one line of 32`);
    if (text !== '') expect((error as Error).message).not.toContain(text.split('\n')[0]);
  });

  it('must be there', async () => {
    const path = join(await temporaryFolder(), 'none');
    await expect(readCookieSecrets(path)).rejects.toMatchObject({ name: 'FileError', code: 'not-found' });
  });
});
