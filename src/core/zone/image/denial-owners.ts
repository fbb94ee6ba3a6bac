// The chain of a compiled zone as it is searched: its kind, and the nodes of its owners in order.

import { Header, type ZoneImage } from './image.ts';

export const DenialKind = { nsec: 1, nsec3: 2 } as const;

/** Words at the head of the chain; owners' nodes in order follow, one word each, then the salt. */
export const Denial = {
  kind: 0,
  owners: 1,
  iterations: 2,
  saltLength: 3,
  words: 4,
} as const;

/** One {@link DenialKind}; 0 for a zone without chain, of which the functions below must not be asked. */
export function denialKind(image: ZoneImage): number {
  return image.words[Header.denial] === 0 ? 0 : wordOf(image, Denial.kind);
}

export function ownerCount(image: ZoneImage): number {
  return wordOf(image, Denial.owners);
}

/** The node of owner number `index`. */
export function ownerAt(image: ZoneImage, index: number): number {
  return wordOf(image, Denial.words + index);
}

export function iterationsOf(image: ZoneImage): number {
  return wordOf(image, Denial.iterations);
}

/** Where the salt lies in the image's octets. */
export function saltOffset(image: ZoneImage): number {
  return image.words[Header.denial]! + (Denial.words + ownerCount(image)) * 4;
}

export function saltLength(image: ZoneImage): number {
  return wordOf(image, Denial.saltLength);
}

function wordOf({ words }: ZoneImage, index: number): number {
  return words[(words[Header.denial]! >>> 2) + index]!;
}
