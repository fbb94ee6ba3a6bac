// A compiled zone back to records with whole names: for comparing versions.
// Non-null assertions: offsets come from a compiled image, and this runs once a record.

import { MAX_NAME_OCTETS } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint16, readUint32 } from '../octets/big-endian.ts';
import { RRSET_WORDS, type ZoneImage } from '../zone/image/image.ts';
import { RecordBlock } from './record-block.ts';

/** Owner (a pointer), type, class, TTL and rdata length of a record in an image. */
const IMAGE_RECORD_OCTETS = 12;
/** The largest rdata, and both names of a SOA written out (RFC 1035 §2.3.4). */
const MAX_EXPANDED_OCTETS = 65_535 + 2 * 255;

/** One object for all records of a walk, overwritten by each. */
export class ImageRecord {
  type = 0;
  /** Seconds. */
  ttl = 0;
  /** Names uncompressed, letters as in the zone file; `rdataLength` octets of it. */
  readonly rdata = new Uint8Array(MAX_EXPANDED_OCTETS);
  rdataLength = 0;
}

/** Every record of the node, through `record`. */
export function forEachRecord(image: ZoneImage, node: number, record: ImageRecord, visit: () => void): void {
  let entry = image.firstRrset(node);
  for (let left = image.rrsetCountOf(node); left > 0; left--, entry += RRSET_WORDS) {
    let patch = 0;
    let at = 0;
    record.type = image.words[entry]! >>> 16;
    for (let records = image.recordsOf(entry); records > 0; records--) {
      const start = image.octetsOf(entry) + at;
      record.ttl = readUint32(image.octets, start + 6);
      patch = expand(image, entry, at, patch, record);
      at += IMAGE_RECORD_OCTETS + readUint16(image.octets, start + 10);
      visit();
    }
  }
}

/** Writes the rdata of the record at `at` of the RRset with the apex in place of its pointers; the next pointer's index. */
// Five positional parameters: an options object would be one a record.
function expand(
  image: ZoneImage,
  entry: number,
  at: number,
  firstPatch: number,
  record: ImageRecord,
): number {
  const { octets } = image;
  const base = image.octetsOf(entry);
  const end = at + IMAGE_RECORD_OCTETS + readUint16(octets, base + at + 10);
  const patches = image.patchCountOf(entry);
  let length = 0;
  let patch = firstPatch;
  for (let source = at + IMAGE_RECORD_OCTETS; source < end; patch++, source += 2) {
    const pointer = patch < patches ? Math.min(image.patchPosition(entry, patch), end) : end;
    for (; source < pointer; source++) record.rdata[length++] = octets[base + source]!;
    if (pointer === end) break;
    for (let index = 0; index < image.apexLength; index++) {
      record.rdata[length++] = octets[image.apexName + index]!;
    }
  }
  record.rdataLength = length;
  return patch;
}

/** Writes the node's name with the apex's letters to `target` at `at`, where 255 octets are free; returns its octets. */
export function writeOwner(image: ZoneImage, node: number, target: Uint8Array, at: number): number {
  const length = image.nameLengthOf(node);
  const below = length - image.apexLength;
  const name = image.nameOf(node);
  for (let index = 0; index < below; index++) target[at + index] = image.octets[name + index]!;
  for (let index = below; index < length; index++) {
    target[at + index] = image.octets[image.apexName + index - below]!;
  }
  return length;
}

/** Appends the SOA of the apex. */
export function appendSoa(image: ZoneImage, block: RecordBlock): void {
  const owner = new Uint8Array(MAX_NAME_OCTETS);
  const record = new ImageRecord();
  const count = block.count;
  writeOwner(image, image.firstNode, owner, 0);
  forEachRecord(image, image.firstNode, record, () => {
    if (record.type !== RecordType.SOA || block.count > count) return;
    block.append(owner, record.type, record.ttl, record.rdata, record.rdataLength);
  });
}

/** The SOA of the apex as a block of one record. */
export function soaOf(image: ZoneImage): Uint8Array {
  const block = new RecordBlock();
  appendSoa(image, block);
  return block.octets();
}
