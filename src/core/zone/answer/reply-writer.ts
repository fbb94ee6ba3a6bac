// A reply as it grows: RRsets copied from images, links resolved, sections counted, the limit kept.
// Loops copy octets one by one: the runs are short, and a view an RRset would be garbage a query.

import { OPT_OCTETS } from '../../dns/edns-reply.ts';
import { HEADER_OCTETS } from '../../dns/query.ts';
import { readUint16, writeUint16, writeUint32 } from '../../octets/big-endian.ts';
import type { ZoneImage } from '../image/image.ts';

export const Section = { answer: 6, authority: 8, additional: 10 } as const;

/** RFC 1035 §4.1.4: fourteen bits of offset. */
const MAX_POINTER = 0x3fff;

export class ReplyWriter {
  octets: Uint8Array = new Uint8Array(0);
  start = 0;
  /** Where the next octet goes. */
  position = 0;
  private end = 0;
  private apexPosition = 0;
  /** The question writes the apex with the letters of the zone file, so that pointing to it loses no case. */
  private isApexVerbatim = true;
  /** The node whose name was written in full last, and where: its next record points there. */
  private ownerNode = 0;
  private ownerPosition = 0;

  /** Copies header and question (to `questionEnd`) of the query, and empties the other sections. */
  begin(query: Uint8Array, from: number, questionEnd: number): void {
    const length = questionEnd - from;
    for (let index = 0; index < length; index++) this.octets[this.start + index] = query[from + index]!;
    this.rewind(length);
  }

  /** Writes a header alone, with the id of `query`; returns its octets. */
  writeHeader(query: Uint8Array, from: number, flags: number): number {
    const { octets, start } = this;
    octets[start] = query[from]!;
    octets[start + 1] = query[from + 1]!;
    writeUint16(octets, start + 2, flags);
    writeUint32(octets, start + 4, 0);
    writeUint32(octets, start + 8, 0);
    return HEADER_OCTETS;
  }

  /** Where to write. */
  target(octets: Uint8Array, start: number): void {
    this.octets = octets;
    this.start = start;
  }

  /** Octets that the reply may have in all. */
  limit(length: number): void {
    this.end = this.start + length;
  }

  /** Octets that header, question and records may have together. */
  get room(): number {
    return this.end - this.start;
  }

  /** Keeps room for an OPT record at the end. */
  reserve(length: number): void {
    this.end -= length;
  }

  /** Where the zone's apex stands in the reply: in the question's name. */
  setApex(image: ZoneImage, position: number): void {
    this.apexPosition = position;
    this.isApexVerbatim = image.isApexAt(this.octets, this.start + position);
  }

  /** Drops everything after the first `length` octets: header and question. */
  rewind(length: number): void {
    this.position = this.start + length;
    this.ownerNode = 0;
    writeUint16(this.octets, this.start + Section.answer, 0);
    writeUint16(this.octets, this.start + Section.authority, 0);
    writeUint16(this.octets, this.start + Section.additional, 0);
  }

  /**
   * Appends an RRset whose owner is written at `owner` (position in the reply). False when it does not fit: nothing is
   * written then. An owner beyond a pointer's reach counts as not fitting.
   */
  appendRrset(image: ZoneImage, entry: number, owner: number, section: number): boolean {
    const at = this.position;
    if (at + this.lengthOf(image, entry) > this.end || owner > MAX_POINTER) return false;
    if (this.isApexVerbatim) this.copyPointing(image, entry);
    else this.copySpelling(image, entry);
    if (owner !== HEADER_OCTETS) this.setOwners(at, owner);
    this.count(section, image.recordsOf(entry));
    return true;
  }

  /**
   * Appends an RRset without names in its data whose owner the reply does not have yet: the node's name, ending in a
   * pointer to the apex. False when it does not fit, even with the name in full before each record.
   */
  appendOwned(image: ZoneImage, node: number, entry: number, section: number): boolean {
    const records = image.recordsOf(entry);
    const room = image.lengthOf(entry) + records * (image.nameLengthOf(node) - image.apexLength);
    if (this.position + room > this.end) return false;
    let from = image.octetsOf(entry);
    for (let left = records; left > 0; left--) {
      const length = 12 + readUint16(image.octets, from + 10);
      this.appendOwner(image, node);
      this.copy(image.octets, from + 2, length - 2);
      from += length;
    }
    this.count(section, records);
    return true;
  }

  private appendOwner(image: ZoneImage, node: number): void {
    let pointer = this.ownerPosition;
    if (this.ownerNode !== node) {
      const at = this.position - this.start;
      const labels = image.nameLengthOf(node) - image.apexLength;
      this.copy(image.octets, image.nameOf(node), labels);
      pointer = this.apexPosition;
      if (labels > 0 && at <= MAX_POINTER) {
        this.ownerNode = node;
        this.ownerPosition = at;
      }
    }
    writeUint16(this.octets, this.position, 0xc000 | pointer);
    this.position += 2;
  }

  private lengthOf(image: ZoneImage, entry: number): number {
    const length = image.lengthOf(entry);
    return this.isApexVerbatim ? length : length + image.patchCountOf(entry) * (image.apexLength - 2);
  }

  /** The RRset as it is compiled, its pointers aimed at the question. */
  private copyPointing(image: ZoneImage, entry: number): void {
    const at = this.position;
    this.copy(image.octets, image.octetsOf(entry), image.lengthOf(entry));
    for (let index = image.patchCountOf(entry) - 1; index >= 0; index--) {
      writeUint16(this.octets, at + image.patchPosition(entry, index), 0xc000 | this.apexPosition);
    }
  }

  /** The RRset with the apex written out in place of each pointer: names in rdata keep the zone file's letters. */
  private copySpelling(image: ZoneImage, entry: number): void {
    const from = image.octetsOf(entry);
    const patches = image.patchCountOf(entry);
    let patch = 0;
    let source = 0;
    for (let left = image.recordsOf(entry); left > 0; left--) {
      const record = this.position;
      const end = source + 12 + readUint16(image.octets, from + source + 10);
      while (source < end) {
        const pointer = patch < patches ? image.patchPosition(entry, patch) : end;
        this.copy(image.octets, from + source, Math.min(pointer, end) - source);
        source = Math.min(pointer, end);
        if (source === end) break;
        this.copy(image.octets, image.apexName, image.apexLength);
        source += 2;
        patch++;
      }
      writeUint16(this.octets, record + 10, this.position - record - 12);
    }
  }

  /** Where additional name `index` of the RRset written at position `at` stands in the reply. */
  additionalPosition(image: ZoneImage, entry: number, index: number, at: number): number {
    const position = image.additionalPosition(entry, index);
    if (this.isApexVerbatim) return at + position;
    let patch = 0;
    while (patch < image.patchCountOf(entry) && image.patchPosition(entry, patch) < position) patch++;
    return at + position + patch * (image.apexLength - 2);
  }

  private setOwners(from: number, owner: number): void {
    for (let at = from; at < this.position; at += 12 + readUint16(this.octets, at + 10)) {
      writeUint16(this.octets, at, 0xc000 | owner);
    }
  }

  /** Adds to the section's count in the header. */
  count(section: number, records: number): void {
    writeUint16(this.octets, this.start + section, readUint16(this.octets, this.start + section) + records);
  }

  /** Whether `length` more octets fit. */
  fits(length: number): boolean {
    return this.position + length <= this.end;
  }

  /** Appends octets of the image or of the reply itself; the caller has asked {@link fits}. */
  copy(from: Uint8Array, offset: number, length: number): void {
    for (let index = 0; index < length; index++) this.octets[this.position + index] = from[offset + index]!;
    this.position += length;
  }

  /** Record header with a pointer to `owner`; returns where the rdata length goes. */
  appendHeader(owner: number, type: number, ttl: number): number {
    const at = this.position;
    writeUint16(this.octets, at, 0xc000 | owner);
    writeUint16(this.octets, at + 2, type);
    writeUint16(this.octets, at + 4, 1);
    writeUint32(this.octets, at + 6, ttl);
    this.position = at + 12;
    return at + 10;
  }

  /** OPT (RFC 6891 §6.1.3) in the octets kept for it; `extendedRcode` is the upper octet. */
  appendOpt(udpPayload: number, extendedRcode: number, dnssecOk: boolean): void {
    const at = this.position;
    this.octets[at] = 0;
    writeUint16(this.octets, at + 1, 41);
    writeUint16(this.octets, at + 3, udpPayload);
    this.octets[at + 5] = extendedRcode;
    this.octets[at + 6] = 0;
    writeUint16(this.octets, at + 7, dnssecOk ? 0x8000 : 0);
    writeUint16(this.octets, at + 9, 0);
    this.position = at + OPT_OCTETS;
    this.count(Section.additional, 1);
  }
}
