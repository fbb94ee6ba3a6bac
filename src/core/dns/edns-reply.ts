// The options in the OPT record of a reply (RFC 6891 §6.1.2): cookie, name of the server, what went wrong.

import type { PacketSource } from '../net/packet-handler.ts';
import { copyOctets, writeUint16 } from '../octets/big-endian.ts';
import { COOKIE_OCTETS, CookieState, ServerCookies } from './cookie.ts';
import { EdnsOption, type Query } from './query.ts';

/** RFC 6891 §6.1.2: OPT without options. */
export const OPT_OCTETS = 11;
/** Code and length of an option. */
const OPTION_HEADER_OCTETS = 4;
const COOKIE_OPTION_OCTETS = OPTION_HEADER_OCTETS + COOKIE_OCTETS;
/** An extended error without text. */
const EXTENDED_ERROR_OCTETS = OPTION_HEADER_OCTETS + 2;
/**
 * A name of a server in its NSID (RFC 5001 leaves its length open): with the longest question, a cookie and an error the
 * reply still fits the 512 octets that every client takes.
 */
export const MAX_NSID_OCTETS = 128;

/** Why, for a person who looks at the reply (RFC 8914 §4): the few that other authoritative servers say. */
export const ExtendedError = {
  none: -1,
  prohibited: 18,
  notAuthoritative: 20,
  notSupported: 21,
  /** The copy of a zone has expired, or never came. */
  invalidData: 24,
  /** RFC 9824 §3.5: a type that is for no question. */
  invalidQueryType: 30,
} as const;

export interface EdnsSettings {
  /** What this server is called (RFC 5001), up to {@link MAX_NSID_OCTETS}; nobody is told without it. */
  readonly nsid?: Uint8Array;
  /** Of DNS cookies, see {@link ServerCookies}; without it cookies are an unknown option. */
  readonly cookieSecrets?: readonly Uint8Array[];
}

/** The options of one reply at a time; allocates nothing. */
export class EdnsReply {
  /** A `CookieState`: what the query showed. */
  cookieState: number = CookieState.none;
  private readonly nsid: Uint8Array;
  private cookies: ServerCookies | undefined;
  private hasNsid = false;

  constructor({ nsid = new Uint8Array(0), cookieSecrets }: EdnsSettings) {
    if (nsid.length > MAX_NSID_OCTETS) throw new RangeError('the name of a server is too long');
    this.nsid = nsid;
    this.setCookieSecrets(cookieSecrets);
  }

  /** For replies from now on; undefined: cookies are an unknown option. */
  setCookieSecrets(secrets: readonly Uint8Array[] | undefined): void {
    this.cookies = secrets === undefined ? undefined : new ServerCookies(secrets);
  }

  /** Of a query without EDNS, or with another version of it. */
  clear(): void {
    this.cookieState = CookieState.none;
    this.hasNsid = false;
  }

  /** Sees what is asked for; returns the octets that {@link append} will write for it. */
  prepare(query: Query, request: Uint8Array, source: PacketSource, nowSeconds: number): number {
    this.clear();
    let length = 0;
    if (query.nsid && this.nsid.length > 0) {
      this.hasNsid = true;
      length = OPTION_HEADER_OCTETS + this.nsid.length;
    }
    if (query.cookie === 0 || this.cookies === undefined) return length;
    this.cookieState = this.cookies.read(request, query.cookie, query.cookieLength, source, nowSeconds);
    return length + COOKIE_OPTION_OCTETS;
  }

  /**
   * Writes what was prepared, after an OPT record without options, and behind it an extended error, where there is one and
   * it ends at `limit` or before; returns the position after them.
   */
  append(octets: Uint8Array, start: number, extendedError: number, limit: number): number {
    const at = this.appendPrepared(octets, start);
    const isLeftOut = extendedError === ExtendedError.none || at + EXTENDED_ERROR_OCTETS > limit;
    return isLeftOut ? at : appendExtendedError(octets, at, extendedError);
  }

  private appendPrepared(octets: Uint8Array, start: number): number {
    let at = start;
    if (this.cookieState !== CookieState.none && this.cookies !== undefined) {
      at = appendHeader(octets, at, EdnsOption.COOKIE, COOKIE_OCTETS);
      this.cookies.write(octets, at);
      at += COOKIE_OCTETS;
    }
    if (!this.hasNsid) return at;
    at = appendHeader(octets, at, EdnsOption.NSID, this.nsid.length);
    copyOctets(this.nsid, 0, this.nsid.length, octets, at);
    return at + this.nsid.length;
  }
}

/** Writes an extended error (RFC 8914 §2); returns the position after it. */
function appendExtendedError(octets: Uint8Array, start: number, code: number): number {
  const at = appendHeader(octets, start, EdnsOption.EDE, 2);
  writeUint16(octets, at, code);
  return at + 2;
}

function appendHeader(octets: Uint8Array, at: number, code: number, length: number): number {
  writeUint16(octets, at, code);
  writeUint16(octets, at + 2, length);
  return at + OPTION_HEADER_OCTETS;
}
