// Signed requests (TSIG, RFC 8945 §5) that are no transfers: verified before they are answered, and their replies signed.
// They are rare, so that nothing here is spared; a request without a signature never comes here.

import { Rcode } from '../../dns/record-type.ts';
import { signReply, type TsigCheck, tsigReplyOctets, verifyTsig } from '../../transfer/tsig.ts';
import type { Hmac, TsigKey } from '../../transfer/tsig-key.ts';

/** The signature of the request at hand. */
export class RequestSignature {
  private readonly hmac: Hmac | undefined;
  private keys: readonly TsigKey[] = [];
  private check: TsigCheck = { kind: 'unsigned' };
  private nowSeconds = 0;

  constructor(hmac: Hmac | undefined) {
    this.hmac = hmac;
  }

  /** All keys that are known from now on. */
  setKeys(keys: readonly TsigKey[]): void {
    if (keys.length > 0 && this.hmac === undefined) throw new TypeError('keys are of no use without an HMAC');
    this.keys = keys;
  }

  /** Reads a whole message; returns the octets that {@link sign} will add to its reply. */
  verify(message: Uint8Array, nowSeconds: number): number {
    this.nowSeconds = nowSeconds;
    this.check = verifyTsig(message, this.keys, this.hmac ?? noHmac, nowSeconds);
    return tsigReplyOctets(this.check);
  }

  /** The response code that the signature itself asks for; NOERROR where it is good. */
  get rcode(): number {
    return this.check.kind === 'bad' ? this.check.rcode : Rcode.NOERROR;
  }

  /** Of the key that the request was verified with; undefined where it was not. */
  get keyName(): Uint8Array | undefined {
    return this.check.kind === 'verified' ? this.check.key.name : undefined;
  }

  /** Signs the reply in place; returns its length with the signature. */
  sign(reply: Uint8Array, offset: number, length: number): number {
    const { check, hmac = noHmac, nowSeconds } = this;
    return signReply(reply, offset, length, { check, hmac, nowSeconds });
  }
}

/** Never called: without keys there is nothing to compute. */
function noHmac(): never {
  throw new TypeError('no HMAC was given');
}
