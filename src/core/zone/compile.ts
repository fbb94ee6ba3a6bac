// A checked zone to its image (image.ts says how that is laid out).

import { FOLD, isSameName, labelCount, nameLength } from '../dns/name.ts';
import { RecordType } from '../dns/record-type.ts';
import { readUint32, writeUint16, writeUint32 } from '../octets/big-endian.ts';
import { APEX, collectNames, type NameTree } from './compile-names.ts';
import { RrsetWriter } from './compile-rrset.ts';
import { Header, IMAGE_MAGIC, NODE_WORDS, NodeFlag, RRSET_WORDS, ZoneImage } from './image.ts';
import { rdataNamesOf } from './rdata-names.ts';
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
  private readonly apex: Uint8Array;
  private readonly seed: number;
  private readonly buffer: SharedArrayBuffer;
  private readonly octets: Uint8Array;
  private readonly words: Uint32Array;
  private readonly writer: RrsetWriter;
  /** Where each node lies, by its number in the tree. */
  private readonly nodes: Uint32Array;
  private readonly flags: Uint8Array;
  /** Additional names: where a link holds a node's number until its place is known. */
  private readonly forward: number[] = [];
  private used = Header.words * 4;

  constructor(zone: CompilableZone, { seed, allocate = newBuffer }: CompileOptions) {
    this.table = zone.records;
    this.apex = zone.apex;
    this.seed = seed;
    const soa = findApexSoa(zone);
    this.tree = collectNames(zone.records, zone.records.owners[soa]!, seed);
    this.nodes = new Uint32Array(this.tree.count + 1);
    this.flags = new Uint8Array(this.tree.count + 1);
    this.buffer = allocate(sizeBound(zone.records, this.tree));
    this.octets = new Uint8Array(this.buffer);
    this.words = new Uint32Array(this.buffer);
    this.writer = new RrsetWriter(zone.records, this.apex);
  }

  compile(): ZoneImage {
    const slotCount = slotsFor(this.tree.count);
    const slots = this.used;
    this.used += slotCount * 8;
    this.octets.fill(0, 0, this.used);
    for (let node = 1; node <= this.tree.count; node++) this.writeNode(node);
    this.linkNodes();
    this.fillSlots(slots, slotCount);
    const negativeSoa = this.writeNegativeSoa();
    this.octets.set(this.apex, this.used);
    this.words[Header.apexName] = this.used;
    this.words[Header.apexLength] = this.apex.length;
    this.used += this.apex.length;
    this.writeHeader({ slots, slotCount, negativeSoa });
    return new ZoneImage(this.buffer);
  }

  private writeNode(node: number): void {
    const groups = this.groupRows(node);
    const name = this.tree.names[node]!;
    const length = nameLength(this.table.octets, name);
    this.used = (this.used + 3) & ~3;
    const at = this.used;
    this.nodes[node] = at;
    const flags = this.flagsOf(groups, node);
    this.flags[node] = flags;
    this.words[at >>> 2] = ((flags << 26) | (groups.length << 8) | length) >>> 0;
    this.words[(at >>> 2) + 1] = 0;
    let entry = (at >>> 2) + NODE_WORDS;
    this.used = at + (NODE_WORDS + groups.length * RRSET_WORDS) * 4;
    for (let index = 0; index < length; index++) {
      this.octets[this.used + index] = FOLD[this.table.octets[name + index]!]!;
    }
    this.used += length;
    for (const rows of groups) {
      this.writeRrset(entry, rows, lowestTtl(this.table, rows));
      entry += RRSET_WORDS;
    }
  }

  private flagsOf(groups: readonly number[][], node: number): number {
    let flags = 0;
    for (const rows of groups) {
      const type = this.table.types[rows[0]!]!;
      if (type === RecordType.NS && node !== APEX) flags |= NodeFlag.delegation;
      else if (type === RecordType.CNAME) flags |= NodeFlag.alias;
      else if (type === RecordType.DNAME) flags |= NodeFlag.dname;
    }
    return flags;
  }

  /** The node's rows by type, types in the order of the file. */
  private groupRows(node: number): number[][] {
    const groups: number[][] = [];
    for (let next = this.tree.firstRows[node]!; next !== 0; next = this.tree.nextRows[next - 1]!) {
      const type = this.table.types[next - 1]!;
      const group = groups.find((rows) => this.table.types[rows[0]!] === type);
      if (group === undefined) groups.push([next - 1]);
      else group.push(next - 1);
    }
    return groups;
  }

  private writeRrset(entry: number, rows: readonly number[], ttl: number): void {
    const writer = this.writer;
    const type = this.table.types[rows[0]!]!;
    writer.write(type, rows, ttl);
    this.words[entry] = ((type << 16) | writer.records) >>> 0;
    this.words[entry + 1] = this.used;
    this.words[entry + 2] = (writer.length << 16) >>> 0;
    for (let index = 0; index < writer.length; index++)
      this.octets[this.used + index] = writer.octets[index]!;
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
    const cuts = new Uint32Array(this.tree.count + 1);
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

  private fillSlots(slots: number, slotCount: number): void {
    for (let node = 1; node <= this.tree.count; node++) {
      const hash = this.tree.hashes[node]!;
      let slot = hash & (slotCount - 1);
      while (this.words[(slots >>> 2) + slot * 2 + 1] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.words[(slots >>> 2) + slot * 2] = hash;
      this.words[(slots >>> 2) + slot * 2 + 1] = this.nodes[node]!;
    }
  }

  /** RFC 2308 §3: the SOA of a negative answer lives for the lower of its TTL and its MINIMUM. */
  private writeNegativeSoa(): number {
    this.used = (this.used + 3) & ~3;
    const entry = this.used >>> 2;
    this.used += RRSET_WORDS * 4;
    const row = this.apexSoaRow();
    const rdata = this.table.rdata(row);
    const minimum = readUint32(rdata, rdata.length - 4);
    this.writeRrset(entry, [row], Math.min(this.table.ttls[row]!, minimum));
    return entry;
  }

  private apexSoaRow(): number {
    return this.groupRows(APEX).find((rows) => this.table.types[rows[0]!] === RecordType.SOA)![0]!;
  }

  private writeHeader(layout: { slots: number; slotCount: number; negativeSoa: number }): void {
    const rdata = this.table.rdata(this.apexSoaRow());
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

/** RFC 2181 §5.2: where the TTLs of an RRset differ, the lowest holds for all. */
function lowestTtl(table: RecordTable, rows: readonly number[]): number {
  let lowest = table.ttls[rows[0]!]!;
  for (const row of rows) lowest = Math.min(lowest, table.ttls[row]!);
  return lowest;
}

/** A power of two, between a third and three quarters full. */
function slotsFor(nodes: number): number {
  let slots = 8;
  while (slots * 3 < nodes * 4) slots *= 2;
  return slots;
}

/** Three names of 255 octets, a record header and fields, links. */
const NEGATIVE_SOA_AND_APEX_OCTETS = 3 * 255 + 64;

/**
 * An upper bound of the image's octets. What is not used is never touched, so the system gives no memory for it.
 */
function sizeBound(table: RecordTable, tree: NameTree): number {
  let octets = (Header.words + RRSET_WORDS + 1) * 4 + slotsFor(tree.count) * 8;
  for (let node = 1; node <= tree.count; node++) {
    octets += NODE_WORDS * 4 + 3 + nameLength(table.octets, tree.names[node]!);
  }
  for (let row = 0; row < table.count; row++) octets += recordBound(table, row);
  return ((octets + NEGATIVE_SOA_AND_APEX_OCTETS) & ~3) + 4;
}

function recordBound(table: RecordTable, row: number): number {
  const links = rdataNamesOf(table.types[row]!) === undefined ? 0 : 4 + 2 * 2 + 6;
  return RRSET_WORDS * 4 + 12 + table.rdataLengths[row]! + links;
}
