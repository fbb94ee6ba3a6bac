// The compiled zone: one immutable buffer that every worker maps and answers from. This file says how it is laid out.
//
//   header | slots | node, node, … | negative SOA, apex, denial
//
//   slot   two words: hash, offset of the node (0 = free); open addressing, linear probing.
//   node   words: flags << 26 | RRsets << 8 | octets of the name; wildcard child; cut; then four words an RRset,
//          then the name (folded, wire form), then the RRsets' octets: all of a name lies together.
//   RRset  type << 16 | records; offset of its octets; length << 16 | RRset flags; offset of its links (0 = none).
//   octets whole records as they go on the wire. The owner is a pointer to the question (C0 0C); a name in rdata that
//          ends in the apex, to the letter and where compression is allowed (RFC 3597 §4), ends in a pointer
//          that is patched, or replaced by the apex where the question spells it otherwise.
//   links  16 bits each: number of patches, number of additional names, then the patches (offset in the octets of a
//          pointer to the apex), then for each additional name its offset in the octets and its node's (32 bits).
//   denial of a signed zone: the head (see denial-owners.ts), then the nodes of the owners of NSEC in the canonical order of
//          names, or of NSEC3 in the order of hashes, then the salt. Owners of NSEC3 have no slot.
//
// Words are in the machine's order, offsets are in octets from the start, nodes are on word boundaries.
// RRset flag SIGNED says that the next entry holds the RRSIGs of this one: it goes along where DO is set.

import type { QueryName } from '../../dns/query-name.ts';
import { readUint16, readUint32 } from '../../octets/big-endian.ts';

export const IMAGE_MAGIC = 0x505a4932;

/** Indices of the header's words. */
export const Header = {
  /** Readers that may outlast the zone's next version: see core/transfer/image-lease.ts. Compiling leaves it at 0. */
  leases: 0,
  magic: 1,
  octets: 2,
  seed: 3,
  apexNode: 4,
  apexLabels: 5,
  slots: 6,
  slotMask: 7,
  nodeCount: 8,
  recordCount: 9,
  serial: 10,
  /** RRset entry (its word index) of the SOA with the negative TTL (RFC 2308 §3). */
  negativeSoa: 11,
  /** The apex with the letters of the zone file. */
  apexName: 12,
  apexLength: 13,
  /** Where the chain of owners of NSEC or NSEC3 lies, 0 for none: see denial-owners.ts. */
  denial: 14,
  /** 1: the name of a zone of which there is nothing to answer from (see unavailable.ts). */
  unavailable: 15,
  words: 16,
} as const;

export const NodeFlag = {
  /** NS below the apex: the parent side of a zone cut. */
  delegation: 1,
  alias: 2,
  dname: 4,
  /** The owner of NSEC3 records: no name of the zone, so that no query finds it (RFC 5155 §7.2.8). */
  hashed: 8,
} as const;

export const RrsetFlag = {
  signed: 1,
} as const;

export const NODE_WORDS = 3;
export const RRSET_WORDS = 4;

/** One zone, compiled. Rebuilt from its buffer on the other side of a thread. */
export class ZoneImage {
  readonly buffer: SharedArrayBuffer;
  readonly octets: Uint8Array;
  readonly words: Uint32Array;
  private readonly slots: number;
  private readonly slotMask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.octets = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    if (this.words[Header.magic] !== IMAGE_MAGIC) throw new TypeError('not a zone image');
    this.slots = this.words[Header.slots]! >>> 2;
    this.slotMask = this.words[Header.slotMask]!;
  }

  get isUnavailable(): boolean {
    return this.words[Header.unavailable] !== 0;
  }

  /** All that was compiled: equal for equal zones of one seed. */
  get content(): Uint8Array {
    return this.octets.subarray(Header.magic * 4, this.words[Header.octets]);
  }

  get seed(): number {
    return this.words[Header.seed]!;
  }

  get serial(): number {
    return this.words[Header.serial]!;
  }

  get recordCount(): number {
    return this.words[Header.recordCount]!;
  }

  get apexLabels(): number {
    return this.words[Header.apexLabels]!;
  }

  /** Where the apex's name lies, in wire form, with the letters of the zone file. */
  get apexName(): number {
    return this.words[Header.apexName]!;
  }

  /** Octets of the apex's name. */
  get apexLength(): number {
    return this.words[Header.apexLength]!;
  }

  /** The apex's name: wire form, with the letters of the zone file. */
  get apex(): Uint8Array {
    return this.octets.subarray(this.apexName, this.apexName + this.apexLength);
  }

  /** Whether the name at `position` of a message is the apex to the letter. */
  isApexAt(message: Uint8Array, position: number): boolean {
    const apex = this.apexName;
    for (let index = this.apexLength - 1; index >= 0; index--) {
      if (message[position + index] !== this.octets[apex + index]) return false;
    }
    return true;
  }

  /** The node of the name that starts at `label` of `name`, or 0. */
  find(name: QueryName, label: number): number {
    const hash = name.hashes[label]!;
    const words = this.words;
    for (let slot = hash & this.slotMask; ; slot = (slot + 1) & this.slotMask) {
      const node = words[this.slots + slot * 2 + 1]!;
      if (node === 0) return 0;
      if (words[this.slots + slot * 2] === hash && this.isNamed(node, name, label)) return node;
    }
  }

  private isNamed(node: number, name: QueryName, label: number): boolean {
    const from = name.offsets[label]!;
    const length = this.nameLengthOf(node);
    if (name.length - from !== length) return false;
    const at = this.nameOf(node);
    for (let index = 0; index < length; index++) {
      if (this.octets[at + index] !== name.octets[from + index]) return false;
    }
    return true;
  }

  /** The first node in the order of memory, which is the apex. */
  get firstNode(): number {
    return this.words[Header.apexNode]!;
  }

  /**
   * The node that lies after this one, or 0. From {@link firstNode} on, every node once: names in the order in which the
   * zone file has them or needs them as ancestors, owners of NSEC3 last.
   */
  nodeAfter(node: number): number {
    const after = (this.endOf(node) + 3) & ~3;
    return after >>> 2 === this.words[Header.negativeSoa] ? 0 : after;
  }

  /** Every node once, the apex first; see {@link nodeAfter}. */
  forEachNode(visit: (node: number) => void): void {
    for (let node = this.firstNode; node !== 0; node = this.nodeAfter(node)) visit(node);
  }

  /** Where the node's octets end: its last RRset's links, or that RRset, or its name. */
  private endOf(node: number): number {
    const count = this.rrsetCountOf(node);
    if (count === 0) return this.nameOf(node) + this.nameLengthOf(node);
    const last = this.firstRrset(node) + (count - 1) * RRSET_WORDS;
    return this.linksOf(last) === 0
      ? this.octetsOf(last) + this.lengthOf(last)
      : this.additionalLink(last, this.additionalCountOf(last));
  }

  flagsOf(node: number): number {
    return this.words[node >>> 2]! >>> 26;
  }

  rrsetCountOf(node: number): number {
    return (this.words[node >>> 2]! >>> 8) & 0x3ffff;
  }

  nameLengthOf(node: number): number {
    return this.words[node >>> 2]! & 0xff;
  }

  nameOf(node: number): number {
    return node + (NODE_WORDS + this.rrsetCountOf(node) * RRSET_WORDS) * 4;
  }

  /** The node of `*` below this one, or 0. */
  wildcardOf(node: number): number {
    return this.words[(node >>> 2) + 1]!;
  }

  /** The node of the zone cut at or above this one, or of the DNAME above it; 0 where the data are ours. */
  cutOf(node: number): number {
    return this.words[(node >>> 2) + 2]!;
  }

  /** The first RRset's entry (a word index) of a node that has one. */
  firstRrset(node: number): number {
    return (node >>> 2) + NODE_WORDS;
  }

  /** The entry (a word index) of the RRset of this type, or 0. */
  findRrset(node: number, type: number): number {
    let entry = this.firstRrset(node);
    for (let left = this.rrsetCountOf(node); left > 0; left--, entry += RRSET_WORDS) {
      if (this.words[entry]! >>> 16 === type) return entry;
    }
    return 0;
  }

  typeOf(entry: number): number {
    return this.words[entry]! >>> 16;
  }

  recordsOf(entry: number): number {
    return this.words[entry]! & 0xffff;
  }

  octetsOf(entry: number): number {
    return this.words[entry + 1]!;
  }

  lengthOf(entry: number): number {
    return this.words[entry + 2]! >>> 16;
  }

  /** The next entry holds the RRSIGs of this one. */
  isSigned(entry: number): boolean {
    return (this.words[entry + 2]! & RrsetFlag.signed) !== 0;
  }

  private linksOf(entry: number): number {
    return this.words[entry + 3]!;
  }

  /** Pointers to the apex in the RRset's octets. */
  patchCountOf(entry: number): number {
    const links = this.linksOf(entry);
    return links === 0 ? 0 : readUint16(this.octets, links);
  }

  /** Where in the RRset's octets pointer number `index` is. */
  patchPosition(entry: number, index: number): number {
    return readUint16(this.octets, this.linksOf(entry) + 4 + index * 2);
  }

  /** Names in the RRset whose addresses this zone has. */
  additionalCountOf(entry: number): number {
    const links = this.linksOf(entry);
    return links === 0 ? 0 : readUint16(this.octets, links + 2);
  }

  /** Where in the RRset's octets additional name number `index` is. */
  additionalPosition(entry: number, index: number): number {
    return readUint16(this.octets, this.additionalLink(entry, index));
  }

  additionalNode(entry: number, index: number): number {
    return readUint32(this.octets, this.additionalLink(entry, index) + 2);
  }

  private additionalLink(entry: number, index: number): number {
    return this.linksOf(entry) + 4 + this.patchCountOf(entry) * 2 + index * 6;
  }
}
