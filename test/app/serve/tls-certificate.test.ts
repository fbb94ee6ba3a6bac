import { createPrivateKey } from 'node:crypto';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Certificate, openCertificate } from '../../../src/app/serve/tls-certificate.ts';
import { systemClock } from '../../../src/io/clock.ts';
import type { LogFields, Logger } from '../../../src/io/log.ts';
import type { TlsIdentity } from '../../../src/io/streams/tls-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createTestIdentity } from '../../support/test-certificate.ts';

interface Setup {
  readonly folder: string;
  readonly files: { certificate: string; key: string };
  /** Serials of what was served, in order. */
  readonly served: TlsIdentity[];
  readonly log: string[];
  save(identity: Partial<TlsIdentity>): Promise<void>;
  /** What the next that is to be served meets. */
  fail(error: Error): void;
  open(): Promise<Certificate>;
}

async function prepare(identity: TlsIdentity): Promise<Setup> {
  const folder = await temporaryFolder();
  const files = { certificate: join(folder, 'fullchain.pem'), key: join(folder, 'privkey.pem') };
  const served: TlsIdentity[] = [];
  const log: string[] = [];
  const write = (message: string, fields?: LogFields): void =>
    void log.push(`${message} ${JSON.stringify(fields)} ${fields?.error?.message ?? ''}`);
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const save = async ({ certificate, key }: Partial<TlsIdentity>): Promise<void> => {
    if (certificate !== undefined) await writeFile(files.certificate, certificate);
    if (key !== undefined) await writeFile(files.key, key);
  };
  await save(identity);
  let fault: Error | undefined;
  async function identify(next: TlsIdentity): Promise<void> {
    const met = fault;
    fault = undefined;
    if (met !== undefined) throw met;
    served.push(next);
  }
  return {
    folder,
    files,
    served,
    log,
    save,
    fail(error) {
      fault = error;
    },
    async open() {
      const opened = await openCertificate({ files, dataPlane: { identify }, clock: systemClock, logger });
      onTestFinished(() => opened.close());
      return opened;
    },
  };
}

const first = createTestIdentity({ serial: 1 });
const second = createTestIdentity({ serial: 2 });

describe('the certificate', () => {
  test('is read again at a signal, and not told of twice', async () => {
    const setup = await prepare(first);
    const certificate = await setup.open();
    await certificate.reload();
    expect(setup.served).toEqual([first]);
    await setup.save(second);
    await certificate.reload();
    expect(setup.served).toEqual([first, second]);
  });

  test('is read again where the key alone is written in another way', async () => {
    const setup = await prepare(first);
    const certificate = await setup.open();
    const key = createPrivateKey(first.key).export({ type: 'sec1', format: 'pem' }) as string;
    await setup.save({ key });
    await certificate.reload();
    expect(setup.served).toEqual([first, { ...first, key }]);
  });

  test('is read again when its files are saved', async () => {
    const setup = await prepare(first);
    await setup.open();
    await setup.save(second);
    await expect.poll(() => setup.served.at(-1), { timeout: 10_000 }).toEqual(second);
  });

  test('is read again when links are swapped, as renewal programs do', async () => {
    const setup = await prepare(second);
    const [certificate, key] = [join(setup.folder, 'cert2.pem'), join(setup.folder, 'key2.pem')];
    await rename(setup.files.certificate, certificate);
    await rename(setup.files.key, key);
    await setup.save(first);
    await setup.open();
    for (const [target, link] of [
      [certificate, setup.files.certificate],
      [key, setup.files.key],
    ] as const) {
      await symlink(target, `${link}.new`);
      await rename(`${link}.new`, link);
    }
    await expect.poll(() => setup.served.at(-1), { timeout: 10_000 }).toEqual(second);
  });

  const NOT_PEM = '-----BEGIN NOTHING-----\n';

  test.each([
    ['of another key', { certificate: second.certificate }, /is not the key of/],
    ['that is none', { certificate: NOT_PEM }, /is not a certificate in PEM/],
    ['with a key that is none', { key: NOT_PEM }, /is not a private key in PEM/],
  ])('%s leaves the one that was, with a line in the log', async (_, broken, sentence) => {
    const setup = await prepare(first);
    const certificate = await setup.open();
    await setup.save(broken);
    await certificate.reload();
    expect(setup.served).toEqual([first]);
    expect(setup.log.filter((line) => sentence.test(line) && /used on/.test(line))).not.toEqual([]);
  });

  test('that could not be handed over once is read again by the next reload, and its end is met', async () => {
    const setup = await prepare(first);
    const certificate = await setup.open();
    await setup.save(second);
    setup.fail(new Error('a worker has died'));
    await expect(certificate.reload()).rejects.toThrow('a worker has died');
    await certificate.reload();
    expect(setup.served).toEqual([first, second]);
    setup.fail(new Error('another one, too'));
    await setup.save(first);
    await expect(certificate.reload()).rejects.toThrow('another one, too');
    await certificate.close();
  });

  test.each([
    ['of another key', { certificate: second.certificate }, 'key-mismatch'],
    ['that is none', { certificate: NOT_PEM }, 'certificate-unreadable'],
    ['with a key that is none', { key: NOT_PEM }, 'key-unreadable'],
  ])('%s ends the start with a sentence', async (_, broken, code) => {
    const setup = await prepare({ ...first, ...broken });
    await expect(setup.open()).rejects.toMatchObject({ code });
    expect(setup.served).toEqual([]);
  });

  test('that is not there ends the start with a sentence', async () => {
    const setup = await prepare(first);
    await rename(setup.files.key, `${setup.files.key}.away`);
    await expect(setup.open()).rejects.toMatchObject({ code: 'not-found', path: setup.files.key });
  });

  test('that has expired is served, and said to be', async () => {
    const setup = await prepare(createTestIdentity({ expires: new Date('2021-01-01') }));
    await setup.open();
    expect(setup.log).toEqual([expect.stringMatching(/has expired.*2021-01-01T00:00:00/)]);
  });

  test('never has its key in the log', async () => {
    const setup = await prepare(first);
    const certificate = await setup.open();
    const secrets = [first, second].map(({ key }) => key.split('\n')[1]!);
    for (const broken of [
      { certificate: second.certificate },
      { key: NOT_PEM },
      { key: `${second.key.slice(0, 120)}\n` },
    ]) {
      await setup.save(broken);
      await certificate.reload();
    }
    expect(setup.log.length).toBeGreaterThanOrEqual(3);
    for (const secret of secrets) expect(setup.log.join('\n')).not.toContain(secret);
  });
});
