// Packed names (compile-pack.ts) to the nodes of an image (image.ts), linked to each other as they are written: parents
// come before their children.
// Non-null assertions: what is read here was written by compile-pack.ts.

import { nameLength } from '../../dns/name.ts';
import { RecordClass } from '../../dns/record-type.ts';
import { copyOctets, readUint16, readUint32, writeUint16, writeUint32 } from '../../octets/big-endian.ts';
import { Packed, PackedRrset } from './compile-pack.ts';
import { RECORD_HEADER_OCTETS } from './compile-rrset.ts';
import { NODE_WORDS, NodeFlag, RRSET_WORDS, RrsetFlag } from './image.ts';

/**
 * What lies at least between the end of the nodes and the packed name that is read. A name that takes more of the image
 * is moved away before it is unpacked, for it would be written over itself.
 */
export const GAP_OCTETS = 4096;

/** Where the first label of a packed name begins, behind its kind and the number of its parent. */
const LABEL_AT = 5;

/** What a node takes beside its RRsets, at most: alignment, words, a name. */
const NODE_OCTETS = 3 + NODE_WORDS * 4 + 255;

export class NodeUnpacker {
  /** Where the next node begins, but for alignment. */
  used: number;
  /** Where the next packed name begins. */
  private from: number;
  private readonly octets: Uint8Array;
  private readonly words: Uint32Array;
  /** Additional names: where a link holds a node's number until its place is known. */
  private readonly forward: number[] = [];

  constructor(octets: Uint8Array, words: Uint32Array, { from, to }: { from: number; to: number }) {
    this.octets = octets;
    this.words = words;
    this.from = from;
    this.used = to;
  }

  /** Unpacks the next `places.length - 1` names, notes where each lies, and links it to that of its parent. */
  unpack(places: Uint32Array): void {
    const { octets, words } = this;
    for (let node = 1; node < places.length; node++) {
      this.align();
      const at = this.used;
      const kind = octets[this.from]!;
      const parent = (kind & Packed.wholeName) === 0 ? places[readUint32(octets, this.from + 1)]! : 0;
      places[node] = at;
      if ((kind & Packed.plain) !== 0) this.writePlain(at, parent);
      else this.writeGrouped(at, parent);
      if (parent === 0) words[(at >>> 2) + 2] = 0;
      else this.linkNode(at, parent);
    }
  }

  /** Writes packed RRsets: their entries from here on, then their octets. Returns the word of the first entry. */
  writeRrsets(packed: Uint8Array, count: number): number {
    this.align();
    const entry = this.used >>> 2;
    this.used += count * RRSET_WORDS * 4;
    this.unpackRrsets(packed, 0, { entry, count });
    return entry;
  }

  /** Fills in what needs every node's place: additional names. */
  linkForward(places: Uint32Array): void {
    for (const at of this.forward) writeUint32(this.octets, at, places[readUint32(this.octets, at)]!);
  }

  /** To the next word. What is skipped is cleared, so that equal zones are equal octets in any memory. */
  align(): void {
    while ((this.used & 3) !== 0) this.octets[this.used++] = 0;
  }

  private writePlain(at: number, parent: number): void {
    const { octets, words, from } = this;
    const labelOctets = octets[from + LABEL_AT]! + 1;
    const head = from + LABEL_AT + labelOctets;
    const type = readUint16(octets, head);
    const rdataLength = readUint16(octets, head + 6);
    const nameAt = at + (NODE_WORDS + RRSET_WORDS) * 4;
    copyOctets(octets, from + LABEL_AT, labelOctets, octets, nameAt);
    const nameOctets = labelOctets + this.copyNameOf(parent, nameAt + labelOctets);
    const record = nameAt + nameOctets;
    const word = at >>> 2;
    words[word] = (1 << 8) | nameOctets;
    words[word + 1] = 0;
    words[word + 3] = ((type << 16) | 1) >>> 0;
    words[word + 4] = record;
    words[word + 5] = ((RECORD_HEADER_OCTETS + rdataLength) << 16) >>> 0;
    words[word + 6] = 0;
    writeUint16(octets, record, 0xc00c);
    writeUint16(octets, record + 2, type);
    writeUint16(octets, record + 4, RecordClass.IN);
    copyOctets(octets, head + 2, 4, octets, record + 6);
    writeUint16(octets, record + 10, rdataLength);
    copyOctets(octets, head + 8, rdataLength, octets, record + RECORD_HEADER_OCTETS);
    this.used = record + RECORD_HEADER_OCTETS + rdataLength;
    this.from = head + 8 + rdataLength;
  }

  private writeGrouped(at: number, parent: number): void {
    const { octets, from } = this;
    const isWhole = (octets[from]! & Packed.wholeName) !== 0;
    const flags = octets[from]! >>> 4;
    const labelAt = isWhole ? 1 : LABEL_AT;
    const labelOctets = isWhole ? nameLength(octets, from + 1) : octets[from + LABEL_AT]! + 1;
    const head = from + labelAt + labelOctets;
    const count = readUint32(octets, head);
    const end = head + 8 + readUint32(octets, head + 4);
    const isLong = NODE_OCTETS + count * RRSET_WORDS * 4 + (end - from) > GAP_OCTETS;
    const packed = isLong ? octets.slice(from, end) : octets;
    const start = isLong ? 0 : from;
    const nameAt = at + (NODE_WORDS + count * RRSET_WORDS) * 4;
    copyOctets(packed, start + labelAt, labelOctets, octets, nameAt);
    const nameOctets = labelOctets + (isWhole ? 0 : this.copyNameOf(parent, nameAt + labelOctets));
    const word = at >>> 2;
    this.words[word] = ((flags << 26) | (count << 8) | nameOctets) >>> 0;
    this.words[word + 1] = 0;
    this.used = nameAt + nameOctets;
    this.unpackRrsets(packed, start + labelAt + labelOctets + 8, { entry: word + NODE_WORDS, count });
    this.from = end;
  }

  /** Copies the name of `node`, and returns its length. */
  private copyNameOf(node: number, to: number): number {
    const head = this.words[node >>> 2]!;
    const length = head & 0xff;
    const name = node + (NODE_WORDS + ((head >>> 8) & 0x3ffff) * RRSET_WORDS) * 4;
    copyOctets(this.octets, name, length, this.octets, to);
    return length;
  }

  private unpackRrsets(
    packed: Uint8Array,
    from: number,
    { entry, count }: { entry: number; count: number },
  ): void {
    const { words } = this;
    let at = from;
    for (let word = entry; word < entry + count * RRSET_WORDS; word += RRSET_WORDS) {
      const length = readUint16(packed, at + 4);
      const bits = packed[at + 6]!;
      words[word] = readUint32(packed, at);
      words[word + 1] = this.used;
      words[word + 2] = ((length << 16) | ((bits & PackedRrset.signed) === 0 ? 0 : RrsetFlag.signed)) >>> 0;
      copyOctets(packed, at + PackedRrset.headOctets, length, this.octets, this.used);
      this.used += length;
      at += PackedRrset.headOctets + length;
      words[word + 3] = (bits & PackedRrset.linked) === 0 ? 0 : this.used;
      if ((bits & PackedRrset.linked) !== 0) at += this.unpackLinks(packed, at);
    }
  }

  /** Returns how many octets the links take. */
  private unpackLinks(packed: Uint8Array, from: number): number {
    const patches = readUint16(packed, from);
    const additional = readUint16(packed, from + 2);
    const names = 4 + patches * 2;
    const length = names + additional * 6;
    copyOctets(packed, from, length, this.octets, this.used);
    for (let index = 0; index < additional; index++) this.forward.push(this.used + names + index * 6 + 2);
    this.used += length;
    return length;
  }

  /** The cut or DNAME at or above the node, and the wildcard of its parent. */
  private linkNode(at: number, parent: number): void {
    const { words } = this;
    const head = words[parent >>> 2]!;
    const above = words[(parent >>> 2) + 2]!;
    const isCut = (words[at >>> 2]! >>> 26) & NodeFlag.delegation;
    if (above !== 0) words[(at >>> 2) + 2] = above;
    else if (((head >>> 26) & NodeFlag.dname) !== 0) words[(at >>> 2) + 2] = parent;
    else words[(at >>> 2) + 2] = isCut === 0 ? 0 : at;
    if (this.isWildcard(at)) words[(parent >>> 2) + 1] = at;
  }

  private isWildcard(node: number): boolean {
    const name = node + (NODE_WORDS + ((this.words[node >>> 2]! >>> 8) & 0x3ffff) * RRSET_WORDS) * 4;
    return this.octets[name] === 1 && this.octets[name + 1] === 0x2a;
  }
}
