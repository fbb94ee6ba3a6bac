// Self-signed certificates made on the spot (RFC 5280 §4.1, X.690): Node signs octets but makes no certificates, and the
// unit suite has nothing but Node.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TlsIdentity } from '../../src/io/streams/tls-server.ts';

export interface CertificateOptions {
  readonly name?: string;
  /** Tells one from another. */
  readonly serial?: number;
  readonly expires?: Date;
}

/** A key on P-256 and a certificate for it, valid for `name` and 127.0.0.1. */
export function createTestIdentity(options: CertificateOptions = {}): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    certificate: pem('CERTIFICATE', certificateOf(publicKey, privateKey, options)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

const Tag = {
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  time: 24,
  sequence: 0x30,
  set: 0x31,
} as const;
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
const LOOPBACK = [127, 0, 0, 1];

function certificateOf(publicKey: KeyObject, privateKey: KeyObject, options: CertificateOptions): Buffer {
  const { name = 'ns.test', serial = 1, expires = new Date(Date.now() + 86_400_000) } = options;
  const algorithm = der(Tag.sequence, der(Tag.oid, ECDSA_WITH_SHA256));
  const commonName = der(Tag.sequence, der(Tag.oid, COMMON_NAME), der(Tag.utf8, Buffer.from(name)));
  const subject = der(Tag.sequence, der(Tag.set, commonName));
  const names = der(Tag.sequence, der(0x82, Buffer.from(name)), der(0x87, LOOPBACK));
  const extension = der(Tag.sequence, der(Tag.oid, SUBJECT_ALT_NAME), der(Tag.octets, names));
  const content = der(
    Tag.sequence,
    der(0xa0, der(Tag.integer, [2])),
    der(Tag.integer, [serial]),
    algorithm,
    subject,
    der(Tag.sequence, time(new Date('2020-01-01')), time(expires)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(Tag.sequence, extension)),
  );
  const signature = der(Tag.bits, [0], sign('sha256', content, privateKey));
  return der(Tag.sequence, content, algorithm, signature);
}

/** One element: tag, length, what is in it. */
function der(tag: number, ...parts: readonly (readonly number[] | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** GeneralizedTime, to the second. */
function time(date: Date): Buffer {
  return der(Tag.time, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`));
}

function pem(label: string, octets: Buffer): string {
  const lines = octets.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
