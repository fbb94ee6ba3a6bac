// A checked zone to its image (image.ts says how that is laid out): names are collected as a tree, packed with their RRsets
// (compile-pack.ts), and unpacked to where they stay (compile-unpack.ts). Between the two all that packing needed is
// given back, so that the image of a large zone and its records are never in memory side by side.

import { isSameName, labelCount, nameLength } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { readUint32 } from '../../octets/big-endian.ts';
import type { RecordTable } from '../record-table.ts';
import { chooseChain, type DenialChain } from './compile-denial.ts';
import { APEX, collectNames, type NameTree, type ZoneNames } from './compile-names.ts';
import { NodePacker } from './compile-pack.ts';
import { sizeBound } from './compile-size.ts';
import { GAP_OCTETS, NodeUnpacker } from './compile-unpack.ts';
import { Denial, DenialKind } from './denial-owners.ts';
import { Header, IMAGE_MAGIC, ZoneImage } from './image.ts';

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
  /** The records are not needed any more: their memory is given back before the image takes its own, and they are none. */
  readonly takesRecords?: boolean;
}

const SLOTS_AT = Header.words * 4;

/** What is known of a zone before its records are gone. */
interface ZoneFacts {
  readonly apex: Uint8Array;
  readonly recordCount: number;
  readonly serial: number;
  readonly chain: DenialChain;
  readonly negativeSoa: { readonly octets: Uint8Array; readonly rrsets: number };
}

/**
 * Throws RangeError or TypeError for a zone that
 * did not pass checking (no SOA at the apex, an RRset over 65,535 octets): the caller's mistake, not the editor's.
 */
export function compileZone(zone: CompilableZone, options: CompileOptions): ZoneImage {
  const { apex, records } = zone;
  const { seed, allocate = newBuffer, takesRecords = false } = options;
  const soa = findApexSoa(zone);
  const names = collectNames(records, records.owners[soa]!, seed);
  const end = sizeBound(records, names) + GAP_OCTETS;
  const buffer = allocate(end);
  if (takesRecords) records.releasePlaces();
  const packer = new NodePacker(records, names, apex, { octets: new Uint8Array(buffer), end });
  packer.packAll();
  const facts: ZoneFacts = {
    apex,
    recordCount: records.count,
    serial: serialOf(records, soa),
    chain: chooseChain({ table: records, ...names }),
    negativeSoa: packer.packNegativeSoa(),
  };
  names.tree.releaseRows();
  names.hashed?.releaseRows();
  if (takesRecords) records.release();
  return new ImageWriter(buffer, { seed, names, packed: packer.start }).write(facts);
}

class ImageWriter {
  private readonly buffer: SharedArrayBuffer;
  private readonly octets: Uint8Array;
  private readonly words: Uint32Array;
  private readonly seed: number;
  private readonly names: ZoneNames;
  private readonly unpacker: NodeUnpacker;
  /** Where each node lies, by its number in its tree. */
  private readonly nodes: Uint32Array;
  private readonly hashedNodes: Uint32Array;

  constructor(
    buffer: SharedArrayBuffer,
    { seed, names, packed }: { seed: number; names: ZoneNames; packed: number },
  ) {
    this.buffer = buffer;
    this.octets = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.seed = seed;
    this.names = names;
    this.nodes = new Uint32Array(names.tree.count + 1);
    this.hashedNodes = new Uint32Array(names.hashed === undefined ? 0 : names.hashed.count + 1);
    const to = SLOTS_AT + names.tree.slots.length * 8;
    this.unpacker = new NodeUnpacker(this.octets, this.words, { from: packed, to });
  }

  write(facts: ZoneFacts): ZoneImage {
    const { unpacker, names, nodes } = this;
    unpacker.unpack(nodes);
    if (names.hashed !== undefined) unpacker.unpack(this.hashedNodes);
    unpacker.linkForward(nodes);
    this.fillSlots(names.tree);
    const negativeSoa = unpacker.writeRrsets(facts.negativeSoa.octets, facts.negativeSoa.rrsets);
    const apexName = unpacker.used;
    this.octets.set(facts.apex, apexName);
    unpacker.used += facts.apex.length;
    const denial = this.writeDenial(facts.chain);
    this.octets.fill(0, 0, SLOTS_AT);
    this.writeHeader(facts);
    this.words[Header.negativeSoa] = negativeSoa;
    this.words[Header.apexName] = apexName;
    this.words[Header.denial] = denial;
    return new ZoneImage(this.buffer);
  }

  /** The tree's own slots, each with its hash and the place of its node: in order, for memory is read fastest so. */
  private fillSlots(tree: NameTree): void {
    const { words, nodes } = this;
    const { slots, hashes } = tree;
    const mask = slots.length - 1;
    let word = SLOTS_AT >>> 2;
    for (let slot = 0; slot < slots.length; slot++) {
      const node = slots[slot]! & mask;
      words[word++] = hashes[node]!;
      words[word++] = nodes[node]!;
    }
  }

  /** The chain's head, its owners in order, its salt; returns where, 0 for a zone without one. */
  private writeDenial(chain: DenialChain): number {
    if (chain.kind === 'none') return 0;
    const { unpacker } = this;
    unpacker.align();
    const at = unpacker.used;
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
    unpacker.used = end + salt.length;
    return at;
  }

  private writeHeader({ apex, recordCount, serial }: ZoneFacts): void {
    this.words[Header.magic] = IMAGE_MAGIC;
    this.words[Header.octets] = this.unpacker.used;
    this.words[Header.seed] = this.seed;
    this.words[Header.apexNode] = this.nodes[APEX]!;
    this.words[Header.apexLabels] = labelCount(apex);
    this.words[Header.apexLength] = apex.length;
    this.words[Header.slots] = SLOTS_AT;
    this.words[Header.slotMask] = this.names.tree.slots.length - 1;
    this.words[Header.nodeCount] = this.names.tree.count;
    this.words[Header.recordCount] = recordCount;
    this.words[Header.serial] = serial;
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

/** Of the first SOA record at the apex: a checked zone has one. */
function serialOf(records: RecordTable, soa: number): number {
  const rdata = records.rdata(soa);
  return readUint32(rdata, rdata.length - 20);
}
