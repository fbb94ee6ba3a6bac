// Record data back to text.

import { formatHex } from '../../octets/text.ts';
import { fieldsOf } from './types.ts';

/** The text of `rdata`, in the type's own form, or as RFC 3597 §5 writes what it cannot have: `\# 4 c0000201`. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  return formatFields(type, rdata) ?? formatUnknown(rdata);
}

/** Undefined when the octets are not what the type holds, or when the type has no form of its own. */
export function formatFields(type: number, rdata: Uint8Array): string | undefined {
  const fields = fieldsOf(type);
  if (fields === undefined) return undefined;
  const texts: string[] = [];
  let next = 0;
  for (const [, field] of fields) {
    const text = field.format(rdata, next);
    if (text === undefined || text.next > rdata.length) return undefined;
    if (text.text !== '') texts.push(text.text);
    next = text.next;
  }
  return next === rdata.length ? texts.join(' ') : undefined;
}

function formatUnknown(rdata: Uint8Array): string {
  return rdata.length === 0 ? '\\# 0' : `\\# ${rdata.length} ${formatHex(rdata)}`;
}
