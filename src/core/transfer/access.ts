// Who may take a whole zone: networks, TSIG keys, or both together.

import { foldName, formatName, isSameName, parseName } from '../dns/name.ts';
import type { PacketSource } from '../net/packet-handler.ts';
import { isInPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';

/** At least one of the two is there; where both are, both must fit. */
export interface TransferRule {
  readonly prefix: Prefix | undefined;
  /** Name of a TSIG key: wire form, lower case. */
  readonly key: Uint8Array | undefined;
}

const KEY_WORD = 'key:';

/** `192.0.2.53`, `2001:db8::/32`, `key:xfr`, `2001:db8::/32 key:xfr`, in either order; undefined for anything else. */
export function parseTransferRule(text: string): TransferRule | undefined {
  let prefix: Prefix | undefined;
  let key: Uint8Array | undefined;
  const words = text.trim().split(/\s+/);
  for (const word of words) {
    const isKey = word.startsWith(KEY_WORD);
    if ((isKey ? key : prefix) !== undefined) return undefined;
    if (isKey) key = parseKeyName(word.slice(KEY_WORD.length));
    else prefix = parsePrefix(word);
    if ((isKey ? key : prefix) === undefined) return undefined;
  }
  return { prefix, key };
}

/**
 * Whether one of the rules lets the source pass; no rule lets nobody pass. `keyName` is that of the TSIG key by which
 * the request was verified (wire form), undefined where it was not signed: never a name that was merely claimed.
 */
export function isAllowed(
  rules: readonly TransferRule[],
  source: PacketSource,
  keyName: Uint8Array | undefined,
): boolean {
  return findRule(rules, source, keyName) >= 0;
}

/** The place of the first rule that lets the source pass, or -1; see {@link isAllowed}. */
export function findRule(
  rules: readonly TransferRule[],
  source: PacketSource,
  keyName: Uint8Array | undefined,
): number {
  return rules.findIndex(({ prefix, key }) => {
    if (prefix === undefined && key === undefined) return false;
    if (prefix !== undefined && !isInPrefix(source, prefix)) return false;
    return key === undefined || (keyName !== undefined && isSameName(key, keyName));
  });
}

/** A key's name in wire form, lower case (RFC 8945 §4.2); undefined where it is none, or the root. */
export function parseKeyName(text: string): Uint8Array | undefined {
  const name = parseName(text);
  return typeof name === 'string' || name.length === 1 ? undefined : foldName(name);
}

/** A key's name as people write it: without its final dot. */
export function formatKeyName(name: Uint8Array): string {
  return formatName(name).slice(0, -1);
}
