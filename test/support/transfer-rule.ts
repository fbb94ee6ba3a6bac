// Access rules as text again.

import { formatPrefix } from '../../src/core/net/prefix.ts';
import { formatKeyName, type TransferRule } from '../../src/core/transfer/access.ts';

/** The inverse of {@link parseTransferRule}: the prefix first. */
export function formatTransferRule({ prefix, key }: TransferRule): string {
  const words: string[] = [];
  if (prefix !== undefined) words.push(formatPrefix(prefix));
  if (key !== undefined) words.push(`key:${formatKeyName(key)}`);
  return words.join(' ');
}
