// A certificate with its key, as files hold them: read, and proved to belong together before anything is served with
// them. The key is never part of a message.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { errnoOf } from '../bind-error.ts';
import { readFileBounded } from '../files/files.ts';
import { createTlsContext, type TlsIdentity } from './tls-server.ts';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export type TlsErrorCode =
  | 'certificate-unreadable'
  | 'key-unreadable'
  | 'key-encrypted'
  | 'key-mismatch'
  | 'refused';

/** What the files hold cannot be served with. `cause` is what OpenSSL says, where it says something. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, { certificate, key }: TlsFiles, cause?: unknown) {
    super(sentence(code, { certificate, key }, cause), { cause });
    this.code = code;
  }
}

function sentence(code: TlsErrorCode, { certificate, key }: TlsFiles, cause: unknown): string {
  switch (code) {
    case 'certificate-unreadable':
      return `${certificate} is not a certificate in PEM; tls.certificate wants the full chain ("-----BEGIN CERTIFICATE-----")`;
    case 'key-unreadable':
      return `${key} is not a private key in PEM; tls.key wants the key of ${certificate} ("-----BEGIN PRIVATE KEY-----")`;
    case 'key-encrypted':
      return `${key} is encrypted; write it without a passphrase (openssl pkey -in FILE -out FILE), readable by this user alone`;
    case 'key-mismatch':
      return `${key} is not the key of ${certificate}; the first certificate of the file must be the server's own`;
    case 'refused':
      return `${certificate} cannot be used with ${key}: ${cause instanceof Error ? cause.message : cause}`;
  }
}

/** A chain of ten certificates takes some 20 kB, the largest key in use 13 kB. */
const MAX_PEM_OCTETS = 1024 * 1024;

/** Throws FileError where a file cannot be read, {@link TlsError} where its content is of no use. */
export async function readTlsIdentity(files: TlsFiles): Promise<TlsIdentity> {
  const [certificate, key] = await Promise.all(
    [files.certificate, files.key].map(async (path) =>
      new TextDecoder().decode(await readFileBounded(path, MAX_PEM_OCTETS)),
    ),
  );
  const identity = { certificate: certificate!, key: key! };
  const parsed = parseCertificate(identity, files);
  if (!parsed.checkPrivateKey(parseKey(identity, files))) throw new TlsError('key-mismatch', files);
  try {
    createTlsContext(identity);
  } catch (error) {
    // A key that is too short, a chain that breaks off in the middle of a certificate.
    throw new TlsError('refused', files, error);
  }
  return identity;
}

/** Seconds since 1970 after which clients refuse the certificate. */
export function certificateExpiry({ certificate }: TlsIdentity): number {
  return Math.floor(new X509Certificate(certificate).validToDate.getTime() / 1000);
}

function parseCertificate({ certificate }: TlsIdentity, files: TlsFiles): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (error) {
    throw new TlsError('certificate-unreadable', files, error);
  }
}

function parseKey({ key }: TlsIdentity, files: TlsFiles): KeyObject {
  try {
    return createPrivateKey(key);
  } catch (error) {
    const isEncrypted = errnoOf(error) === 'ERR_MISSING_PASSPHRASE';
    throw new TlsError(isEncrypted ? 'key-encrypted' : 'key-unreadable', files, error);
  }
}
