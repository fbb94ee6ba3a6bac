// Keys and messages for tests of signatures.

import { parseKeyName } from '../../src/core/transfer/access.ts';
import type { TsigAlgorithm, TsigKey } from '../../src/core/transfer/tsig-key.ts';
import { encodeQuery } from './dns-message.ts';

export const ALGORITHMS: readonly TsigAlgorithm[] = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'];

/** The secret is Base64. */
export function tsigKey(
  name = 'xfr.example',
  { algorithm = 'hmac-sha256', secret = 'c2VjcmV0IG9mIHRoZSB0ZXN0cw==' }: TsigKeyText = {},
): TsigKey {
  const wire = parseKeyName(name);
  if (wire === undefined) throw new Error(`no key name: ${name}`);
  return { name: wire, algorithm, secret: new Uint8Array(Buffer.from(secret, 'base64')) };
}

export interface TsigKeyText {
  readonly algorithm?: TsigAlgorithm;
  readonly secret?: string;
}

/** As dig's `-y` takes it. */
export function formatTsigKey({ name, algorithm, secret }: TsigKey): string {
  const labels: string[] = [];
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) {
    labels.push(Buffer.from(name.subarray(at + 1, at + 1 + name[at]!)).toString('latin1'));
  }
  return `${algorithm}:${labels.join('.')}:${Buffer.from(secret).toString('base64')}`;
}

export function soaQuery(zone = 'example.com', id = 4711): Uint8Array {
  return new Uint8Array(encodeQuery({ name: zone, type: 'SOA', id }));
}

/** A reply with the question of the query alone. */
export function emptyReply(query: Uint8Array, questionEnd: number, rcode = 0): Uint8Array {
  const reply = new Uint8Array(query.subarray(0, questionEnd));
  reply[2] = 0x84;
  reply[3] = rcode;
  reply.fill(0, 6, 12);
  return reply;
}
