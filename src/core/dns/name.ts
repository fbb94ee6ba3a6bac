// Domain names: wire form (length-prefixed labels, root octet last; RFC 1035 §3.1) and text (RFC 1035 §5.1, RFC 4343).

/** RFC 1035 §2.3.4. */
export const MAX_LABEL_OCTETS = 63;
/** RFC 1035 §2.3.4: all labels with their length octets, the root's included. */
export const MAX_NAME_OCTETS = 255;
/** Labels that {@link MAX_NAME_OCTETS} can hold, the root's excluded. */
export const MAX_LABELS = 127;
/**
 * Pointers followed for one name (RFC 1035 §4.1.4): one a label, for a pointer that leads straight to another saves
 * nothing. Honest encoders stay far below (Unbound stops at 256).
 */
export const MAX_POINTERS = MAX_LABELS;

export type NameFault = 'empty-label' | 'label-too-long' | 'name-too-long' | 'bad-escape';

export const ROOT_NAME: Uint8Array = Uint8Array.of(0);

/** Lower case for A–Z, every other octet as it is (RFC 4343 §3). */
export const FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

/**
 * Text to wire form. A name without a final dot is completed with `origin` (root when absent). `@` is not special here.
 * Escapes are `\.` and `\DDD`. Characters above U+00FF are not names: callers apply IDNA first.
 */
export function parseName(text: string, origin: Uint8Array = ROOT_NAME): Uint8Array | NameFault {
  if (text === '.') return ROOT_NAME;
  const wire: number[] = [];
  let label: number[] = [];
  let absolute = false;
  for (let index = 0; index < text.length; ) {
    const character = text[index]!;
    absolute = character === '.';
    if (absolute) {
      if (label.length === 0) return 'empty-label';
      wire.push(label.length, ...label);
      label = [];
      index++;
      continue;
    }
    const escaped = character === '\\' ? parseEscape(text, index) : undefined;
    if (character === '\\' && escaped === undefined) return 'bad-escape';
    label.push(escaped === undefined ? text.charCodeAt(index) & 0xff : escaped.octet);
    index += escaped === undefined ? 1 : escaped.length;
    if (label.length > MAX_LABEL_OCTETS) return 'label-too-long';
  }
  if (!absolute && label.length === 0) return 'empty-label';
  if (label.length > 0) wire.push(label.length, ...label);
  const suffix = absolute ? ROOT_NAME : origin;
  if (wire.length + suffix.length > MAX_NAME_OCTETS) return 'name-too-long';
  const name = new Uint8Array(wire.length + suffix.length);
  name.set(wire);
  name.set(suffix, wire.length);
  return name;
}

/** `\X` or `\DDD` at `index` (RFC 1035 §5.1). */
function parseEscape(text: string, index: number): { octet: number; length: number } | undefined {
  const digits = text.slice(index + 1, index + 4);
  if (/^[0-9]/.test(digits)) {
    const value = /^[0-9]{3}$/.test(digits) ? Number(digits) : 256;
    return value <= 255 ? { octet: value, length: 4 } : undefined;
  }
  return index + 1 < text.length ? { octet: text.charCodeAt(index + 1) & 0xff, length: 2 } : undefined;
}

/** Wire form at `offset` to absolute text, with a final dot; letters keep their case. No compression pointers. */
export function formatName(octets: Uint8Array, offset = 0): string {
  if (octets[offset] === 0) return '.';
  let text = '';
  let position = offset;
  for (let length = octets[position]!; length !== 0; length = octets[position]!) {
    for (let index = 1; index <= length; index++) text += formatLabelOctet(octets[position + index]!);
    text += '.';
    position += length + 1;
  }
  return text;
}

function formatLabelOctet(octet: number): string {
  if (octet <= 0x20 || octet >= 0x7f) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return '."\\;()@$'.includes(character) ? `\\${character}` : character;
}

/** Octets of the wire name at `offset`, the root's included; the name must be whole and without pointers. */
export function nameLength(octets: Uint8Array, offset = 0): number {
  let position = offset;
  while (octets[position]! !== 0) position += octets[position]! + 1;
  return position + 1 - offset;
}

/** The same name with A–Z lowered. Length octets are below 64, so that folding leaves them alone. */
export function foldName(name: Uint8Array): Uint8Array {
  return name.map((octet) => FOLD[octet]!);
}

/** Whether the two wire names are the same name (RFC 4343). */
export function isSameName(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (FOLD[left[index]!] !== FOLD[right[index]!]) return false;
  }
  return true;
}

/** Whether `name` is `ancestor` or below it. */
export function isSubdomain(name: Uint8Array, ancestor: Uint8Array): boolean {
  for (let offset = 0; name.length - offset >= ancestor.length; offset += name[offset]! + 1) {
    if (name.length - offset === ancestor.length) return isSameName(name.subarray(offset), ancestor);
  }
  return false;
}

/** Labels, the root's excluded. */
export function labelCount(name: Uint8Array): number {
  let count = 0;
  for (let offset = 0; name[offset]! !== 0; offset += name[offset]! + 1) count++;
  return count;
}

export function isWildcard(name: Uint8Array): boolean {
  return name[0] === 1 && name[1] === 0x2a;
}

/** Whether the wire names at the two places are the same (RFC 4343). */
export function isSameNameAt(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): boolean {
  for (let index = 0; ; ) {
    const length = left[leftOffset + index]!;
    if (length !== right[rightOffset + index]!) return false;
    if (length === 0) return true;
    for (const end = index++ + length; index <= end; index++) {
      const octet = left[leftOffset + index]!;
      const other = right[rightOffset + index]!;
      if (octet !== other && FOLD[octet] !== FOLD[other]) return false;
    }
  }
}

/** Offset of the ancestor of the name at `offset` that is `suffix`, the name itself included; −1 when it is not below. */
export function suffixOffset(octets: Uint8Array, offset: number, suffix: Uint8Array): number {
  let end = offset;
  while (octets[end]! !== 0) end += octets[end]! + 1;
  const wanted = end + 1 - suffix.length;
  let position = offset;
  while (position < wanted) position += octets[position]! + 1;
  return position === wanted && isSameNameAt(octets, position, suffix, 0) ? position : -1;
}
