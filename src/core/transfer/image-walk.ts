// The nodes of an image in the order in which they lie, one at a time: a walk can be left and taken up again.

import type { ZoneImage } from '../zone/image.ts';
import { Header, RRSET_WORDS } from '../zone/image.ts';

/** The first node: the apex. */
export function firstNode(image: ZoneImage): number {
  return image.words[Header.apexNode]!;
}

/** The node that lies after `node`; the caller counts them, for after the last one lies something else. */
export function nodeAfter(image: ZoneImage, node: number): number {
  const rrsets = image.rrsetCountOf(node);
  let end = image.nameOf(node) + image.nameLengthOf(node);
  if (rrsets > 0) {
    const entry = image.firstRrset(node) + (rrsets - 1) * RRSET_WORDS;
    const links = image.words[entry + 3]!;
    end =
      links === 0
        ? image.octetsOf(entry) + image.lengthOf(entry)
        : links + 4 + image.patchCountOf(entry) * 2 + image.additionalCountOf(entry) * 6;
  }
  return (end + 3) & ~3;
}
