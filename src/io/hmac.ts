// HMAC of the system's cryptography, as core takes it for TSIG.

import { createHmac } from 'node:crypto';
import type { Hmac } from '../core/transfer/tsig-key.ts';

const HASHES = { 'hmac-sha256': 'sha256', 'hmac-sha384': 'sha384', 'hmac-sha512': 'sha512' } as const;

export const hmac: Hmac = (algorithm, secret, parts) => {
  const digest = createHmac(HASHES[algorithm], secret);
  for (const part of parts) digest.update(part);
  // Not the Buffer itself: its `slice` would share what a Uint8Array copies.
  return new Uint8Array(digest.digest());
};
