// A checked zone to its image (image.ts says how that is laid out).

import { FOLD, isSameName, labelCount, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint32, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { chooseChain } from './compile-denial.ts';
import { flagsOf, lowestTtl, type RowGroup, RowGrouping } from './compile-groups.ts';
import { APEX, collectNames, type NameTree } from './compile-names.ts';
import { isPlain, writePlainNode } from './compile-plain.ts';
import { RrsetWriter } from './compile-rrset.ts';
import { sizeBound } from './compile-size.ts';
import { Denial, DenialKind } from './denial-owners.ts';
import { Header, IMAGE_MAGIC, NODE_WORDS, NodeFlag, RRSET_WORDS, RrsetFlag, ZoneImage } from './image.ts';
import type { RecordTable } from './record-table.ts';

/** What compiling needs of a parsed zone that passed `checkZone` without errors. */
export interface CompilableZone {
  readonly apex: Uint8Array;
  readonly records: RecordTable;
}

export interface CompileOptions {
  /** Any 32-bit number; the images of one catalog share it. */
  readonly seed: number;
  /** Memory for the image, at least as long as asked for, whatever it holds. A new buffer where it is left out. */
  readonly allocate?: (octets: number) => SharedArrayBuffer;
}

/**
 * Throws RangeError or TypeError for a zone that
 * did not pass checking (no SOA at the apex, an RRset over 65,535 octets): the caller's mistake, not the editor's.
 */
export function compileZone(zone: CompilableZone, options: CompileOptions): ZoneImage {
  return new Compiler(zone, options).compile();
}

class Compiler {
  private readonly table: RecordTable;
  private readonly tree: NameTree;
  private readonly hashed: NameTree | undefined;
  private readonly apex: Uint8Array;
  private readonly seed: number;
  private readonly buffer: SharedArrayBuffer;
  private readonly octets: Uint8Array;
  private readonly words: Uint32Array;
  private readonly writer: RrsetWriter;
  private readonly grouping: RowGrouping;
  /** Where each node lies, by its number in its tree. */
  private readonly nodes: Uint32Array;
  private readonly hashedNodes: Uint32Array;
  private readonly flags: Uint8Array;
  /** The cut or DNAME at or above each node, by their numbers in the tree; 0 for none. */
  private readonly cuts: Uint32Array;
  /** Additional names: where a link holds a node's number until its place is known. */
  private readonly forward: number[] = [];
  private used = Header.words * 4;

  constructor(zone: CompilableZone, { seed, allocate = newBuffer }: CompileOptions) {
    this.table = zone.records;
    this.apex = zone.apex;
    this.seed = seed;
    const soa = findApexSoa(zone);
    const names = collectNames(zone.records, zone.records.owners[soa]!, seed);
    this.tree = names.tree;
    this.hashed = names.hashed;
    this.nodes = new Uint32Array(this.tree.count + 1);
    this.hashedNodes = new Uint32Array(names.hashed === undefined ? 0 : names.hashed.count + 1);
    this.flags = new Uint8Array(this.tree.count + 1);
    this.cuts = new Uint32Array(this.tree.count + 1);
    this.buffer = allocate(sizeBound(zone.records, names));
    this.octets = new Uint8Array(this.buffer);
    this.words = new Uint32Array(this.buffer);
    this.writer = new RrsetWriter(zone.records, this.apex, this.octets);
    this.grouping = new RowGrouping(zone.records);
  }

  compile(): ZoneImage {
    const slotCount = this.tree.slots.length;
    const slots = this.used;
    this.used += slotCount * 8;
    this.octets.fill(0, 0, slots);
    for (let node = 1; node <= this.tree.count; node++) this.nodes[node] = this.writeName(node);
    this.writeHashedNodes();
    this.linkNodes();
    this.fillSlots(slots);
    const negativeSoa = this.writeNegativeSoa();
    this.octets.set(this.apex, this.used);
    this.words[Header.apexName] = this.used;
    this.words[Header.apexLength] = this.apex.length;
    this.used += this.apex.length;
    const denial = this.writeDenial();
    this.writeHeader({ slots, slotCount, negativeSoa, denial });
    return new ZoneImage(this.buffer);
  }

  /** Writes a name of the zone, and returns where. */
  private writeName(node: number): number {
    const { tree, table } = this;
    const row = tree.firstRows[node]! - 1;
    if (row >= 0 && tree.nextRows[row] === 0 && isPlain(table, row)) {
      this.align();
      const at = this.used;
      this.used = writePlainNode(
        { octets: this.octets, words: this.words, at },
        tree.names[node]!,
        table,
        row,
      );
      return at;
    }
    const groups = this.grouping.group(tree, node);
    this.flags[node] = flagsOf(groups, node);
    return this.writeNode(tree.names[node]!, groups, this.flags[node]!);
  }

  private writeHashedNodes(): void {
    const { hashed } = this;
    if (hashed === undefined) return;
    for (let node = 1; node <= hashed.count; node++) {
      const groups = this.grouping.group(hashed, node);
      this.hashedNodes[node] = this.writeNode(hashed.names[node]!, groups, NodeFlag.hashed);
    }
  }

  /** To the next word. What is skipped is cleared, so that equal zones are equal octets in any memory. */
  private align(): void {
    while ((this.used & 3) !== 0) this.octets[this.used++] = 0;
  }

  /** Writes what lies together of one name, and returns where. */
  private writeNode(name: number, groups: readonly RowGroup[], flags: number): number {
    const length = nameLength(this.table.octets, name);
    this.align();
    const at = this.used;
    this.words[at >>> 2] = ((flags << 26) | (groups.length << 8) | length) >>> 0;
    this.words[(at >>> 2) + 1] = 0;
    this.words[(at >>> 2) + 2] = 0;
    let entry = (at >>> 2) + NODE_WORDS;
    this.used = at + (NODE_WORDS + groups.length * RRSET_WORDS) * 4;
    for (let index = 0; index < length; index++) {
      this.octets[this.used + index] = FOLD[this.table.octets[name + index]!]!;
    }
    this.used += length;
    for (const group of groups) {
      this.writeRrset(entry, group, lowestTtl(this.table, group.rows));
      entry += RRSET_WORDS;
    }
    return at;
  }

  private writeRrset(entry: number, { type, rows, isSigned }: RowGroup, ttl: number): void {
    const writer = this.writer;
    writer.write(type, rows, ttl, this.used);
    this.words[entry] = ((type << 16) | writer.records) >>> 0;
    this.words[entry + 1] = this.used;
    this.words[entry + 2] = ((writer.length << 16) | (isSigned ? RrsetFlag.signed : 0)) >>> 0;
    this.used += writer.length;
    this.words[entry + 3] = this.writeLinks();
  }

  private writeLinks(): number {
    const { patches, additional } = this.writer;
    const found = additional
      .map(({ position, name }) => ({ position, node: this.tree.findName(name) }))
      .filter(({ node }) => node !== 0);
    if (patches.length === 0 && found.length === 0) return 0;
    const links = this.used;
    writeUint16(this.octets, links, patches.length);
    writeUint16(this.octets, links + 2, found.length);
    this.used += 4;
    for (const position of patches) {
      writeUint16(this.octets, this.used, position);
      this.used += 2;
    }
    for (const { position, node } of found) {
      writeUint16(this.octets, this.used, position);
      writeUint32(this.octets, this.used + 2, node);
      this.forward.push(this.used + 2);
      this.used += 6;
    }
    return links;
  }

  /** Fills in what needs every node's place: wildcard child, cut, additional names. Parents come before children. */
  private linkNodes(): void {
    const { cuts } = this;
    for (let node = 1; node <= this.tree.count; node++) {
      const parent = this.tree.parents[node]!;
      if (cuts[parent] !== 0) cuts[node] = cuts[parent]!;
      else if ((this.flags[parent]! & NodeFlag.dname) !== 0) cuts[node] = parent;
      else if ((this.flags[node]! & NodeFlag.delegation) !== 0) cuts[node] = node;
      this.words[(this.nodes[node]! >>> 2) + 2] = this.nodes[cuts[node]!]!;
      if (parent !== 0 && this.tree.isWildcard(node)) {
        this.words[(this.nodes[parent]! >>> 2) + 1] = this.nodes[node]!;
      }
    }
    for (const at of this.forward) writeUint32(this.octets, at, this.nodes[readUint32(this.octets, at)]!);
  }

  /** The tree's own slots, each with its hash and the place of its node: in order, for memory is read fastest so. */
  private fillSlots(at: number): void {
    const { tree, words, nodes } = this;
    const { slots, hashes } = tree;
    const mask = slots.length - 1;
    let word = at >>> 2;
    for (let slot = 0; slot < slots.length; slot++) {
      const node = slots[slot]! & mask;
      words[word++] = hashes[node]!;
      words[word++] = nodes[node]!;
    }
  }

  /** RFC 2308 §3: the SOA of a negative answer lives for the lower of its TTL and its MINIMUM; so do its RRSIGs. */
  private writeNegativeSoa(): number {
    this.align();
    const entry = this.used >>> 2;
    const groups = this.grouping.group(this.tree, APEX);
    const soa = groups.findIndex(({ type }) => type === RecordType.SOA);
    const group = groups[soa]!;
    const row = group.rows[0]!;
    const rdata = this.table.rdata(row);
    const ttl = Math.min(this.table.ttls[row]!, readUint32(rdata, rdata.length - 4));
    this.used += (group.isSigned ? 2 : 1) * RRSET_WORDS * 4;
    this.writeRrset(entry, { ...group, rows: [row] }, ttl);
    if (group.isSigned) this.writeRrset(entry + RRSET_WORDS, groups[soa + 1]!, ttl);
    return entry;
  }

  /** The chain's head, its owners in order, its salt; returns where, 0 for a zone without one. */
  private writeDenial(): number {
    const { table, tree, hashed, cuts } = this;
    const isOccluded = (node: number): boolean => cuts[node] !== 0 && cuts[node] !== node;
    const chain = chooseChain({ table, tree, hashed, isOccluded });
    if (chain.kind === 'none') return 0;
    this.align();
    const at = this.used;
    const head = at >>> 2;
    const places = chain.kind === 'nsec' ? this.nodes : this.hashedNodes;
    const salt = chain.kind === 'nsec' ? new Uint8Array(0) : chain.parameters.salt;
    this.words[head + Denial.kind] = chain.kind === 'nsec' ? DenialKind.nsec : DenialKind.nsec3;
    this.words[head + Denial.owners] = chain.nodes.length;
    this.words[head + Denial.iterations] = chain.kind === 'nsec' ? 0 : chain.parameters.iterations;
    this.words[head + Denial.saltLength] = salt.length;
    chain.nodes.forEach((node, index) => {
      this.words[head + Denial.words + index] = places[node]!;
    });
    const end = at + (Denial.words + chain.nodes.length) * 4;
    this.octets.set(salt, end);
    this.used = end + salt.length;
    return at;
  }

  private writeHeader(layout: {
    slots: number;
    slotCount: number;
    negativeSoa: number;
    denial: number;
  }): void {
    const soa = this.tree.rowsOf(APEX).find((row) => this.table.types[row] === RecordType.SOA)!;
    const rdata = this.table.rdata(soa);
    this.words[Header.magic] = IMAGE_MAGIC;
    this.words[Header.octets] = this.used;
    this.words[Header.seed] = this.seed;
    this.words[Header.apexNode] = this.nodes[APEX]!;
    this.words[Header.apexLabels] = labelCount(this.apex);
    this.words[Header.slots] = layout.slots;
    this.words[Header.slotMask] = layout.slotCount - 1;
    this.words[Header.nodeCount] = this.tree.count;
    this.words[Header.recordCount] = this.table.count;
    this.words[Header.serial] = readUint32(rdata, rdata.length - 20);
    this.words[Header.negativeSoa] = layout.negativeSoa;
    this.words[Header.denial] = layout.denial;
  }
}

function newBuffer(octets: number): SharedArrayBuffer {
  return new SharedArrayBuffer(octets);
}

function findApexSoa({ apex, records }: CompilableZone): number {
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.SOA) continue;
    const owner = records.owners[row]!;
    const name = records.octets.subarray(owner, owner + nameLength(records.octets, owner));
    if (isSameName(name, apex)) return row;
  }
  throw new TypeError('a zone without a SOA at its apex cannot be compiled');
}
