// The order in which a signed zone chains its names (RFC 4034 §6.1): label by label from the right, as octets with A–Z
// lowered, a shorter label or name first.

import { FOLD } from './name.ts';

/** 127 labels fill a name; scratch memory, so that a search compares without allocation. */
const leftLabels = new Uint8Array(128);
const rightLabels = new Uint8Array(128);

/** Negative, zero or positive as the wire name at `leftOffset` comes before, is, or comes after the other. */
export function compareNames(
  left: Uint8Array,
  leftOffset: number,
  right: Uint8Array,
  rightOffset: number,
): number {
  let leftCount = locateLabels(left, leftOffset, leftLabels);
  let rightCount = locateLabels(right, rightOffset, rightLabels);
  while (leftCount > 0 && rightCount > 0) {
    const difference = compareLabels(
      left,
      leftOffset + leftLabels[--leftCount]!,
      right,
      rightOffset + rightLabels[--rightCount]!,
    );
    if (difference !== 0) return difference;
  }
  return leftCount - rightCount;
}

function locateLabels(name: Uint8Array, offset: number, labels: Uint8Array): number {
  let count = 0;
  for (let at = offset; name[at] !== 0; at += name[at]! + 1) labels[count++] = at - offset;
  return count;
}

function compareLabels(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number): number {
  const leftLength = left[leftAt]!;
  const rightLength = right[rightAt]!;
  const shared = Math.min(leftLength, rightLength);
  for (let index = 1; index <= shared; index++) {
    const difference = FOLD[left[leftAt + index]!]! - FOLD[right[rightAt + index]!]!;
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}
