// DS records from DNSKEY records (RFC 4034 §5.1.4, appendix B).

import { foldName } from '../dns/name.ts';
import { readUint16 } from '../octets/big-endian.ts';

/** IANA, "DS RR Type Digest Algorithms". */
export const DigestType = { sha1: 1, sha256: 2, sha384: 4 } as const;

/** Makes a digest; a parameter because the system has it. */
export type Digest = (type: (typeof DigestType)[keyof typeof DigestType], octets: Uint8Array) => Uint8Array;

/** Flags of a DNSKEY (RFC 4034 §2.1.1, RFC 5011 §3). */
const FLAG_ZONE = 0x0100;
const FLAG_REVOKED = 0x0080;
const FLAG_SECURE_ENTRY_POINT = 0x0001;
/** Flags, protocol, algorithm. */
const HEAD_OCTETS = 4;

/** Whether the parent should vouch for the key: a zone key, marked as secure entry point, and not revoked. */
export function isSigningKey(rdata: Uint8Array): boolean {
  if (rdata.length <= HEAD_OCTETS) return false;
  const flags = readUint16(rdata, 0);
  const wanted = FLAG_ZONE | FLAG_SECURE_ENTRY_POINT;
  return (flags & (wanted | FLAG_REVOKED)) === wanted;
}

/** RFC 4034 appendix B, for every algorithm but the first, which nobody may use any more (RFC 8624). */
export function keyTag(rdata: Uint8Array): number {
  let sum = 0;
  for (const [index, octet] of rdata.entries()) sum += (index & 1) === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xffff;
}

/** Of owner and key, by every type. */
export function dsDigests(
  owner: Uint8Array,
  rdata: Uint8Array,
  digest: Digest,
): readonly { readonly type: number; readonly octets: Uint8Array }[] {
  const hashed = new Uint8Array(owner.length + rdata.length);
  hashed.set(foldName(owner), 0);
  hashed.set(rdata, owner.length);
  return Object.values(DigestType).map((type) => ({ type, octets: digest(type, hashed) }));
}
