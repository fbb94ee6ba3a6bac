// What differs between two versions of a zone: what IXFR sends and receives (RFC 1995 §4), and what a journal keeps.
// Non-null assertions: offsets come from a compiled image.

import { isSameName, MAX_NAME_OCTETS } from '../dns/name.ts';
import { QueryName } from '../dns/query-name.ts';
import { RecordType } from '../dns/record-type.ts';
import { octetsToText } from '../octets/text.ts';
import { Header, RRSET_WORDS, type ZoneImage } from '../zone/image/image.ts';
import { HashedNodes, isHashed } from './hashed-nodes.ts';
import { appendSoa, forEachRecord, ImageRecord, writeOwner } from './image-records.ts';
import { RecordBlock } from './record-block.ts';

/** One step from a version to the next. Blocks are as record-block.ts has them; the first record of each is its SOA. */
export interface ZoneChange {
  readonly fromSerial: number;
  readonly toSerial: number;
  readonly removed: Uint8Array;
  readonly removedCount: number;
  readonly added: Uint8Array;
  readonly addedCount: number;
}

export interface ZoneJournal {
  /** Wire form, of any letters. */
  readonly apex: Uint8Array;
  /** Oldest first; the last leads to the version that is published. */
  readonly changes: readonly ZoneChange[];
}

/** What is known of the steps that led to `image`. */
export function changesOf(journals: readonly ZoneJournal[], { apex }: ZoneImage): readonly ZoneChange[] {
  return journals.find((journal) => isSameName(journal.apex, apex))?.changes ?? [];
}

/** Beyond this, a change of a small zone is not kept either: a secondary fetches the zone as fast. */
const MIN_CHANGE_BOUND_OCTETS = 65_536;

/** What is gone and what is new at one name, by type, TTL and rdata. */
type RecordsByKey = Map<string, { readonly type: number; readonly ttl: number; readonly rdata: Uint8Array }>;

/**
 * The step from `before` to `after`, two images of one apex: order is no difference, TTL and letters in rdata are.
 * Undefined where it takes more octets than `after` itself: then nobody is served by it (RFC 1995 §4 sends the zone).
 */
export function diffImages(before: ZoneImage, after: ZoneImage): ZoneChange | undefined {
  return new Difference(before, after).find();
}

class Difference {
  private readonly before: ZoneImage;
  private readonly after: ZoneImage;
  private readonly removed = new RecordBlock();
  private readonly added = new RecordBlock();
  private readonly record = new ImageRecord();
  private readonly name = new QueryName();
  private readonly owner = new Uint8Array(MAX_NAME_OCTETS);
  private readonly hasSameLetters: boolean;
  private readonly hashedBefore: HashedNodes;
  private readonly hashedAfter: HashedNodes;

  constructor(before: ZoneImage, after: ZoneImage) {
    this.before = before;
    this.after = after;
    this.hashedBefore = new HashedNodes(before);
    this.hashedAfter = new HashedNodes(after);
    this.hasSameLetters = octetsToText(before.apex) === octetsToText(after.apex);
  }

  find(): ZoneChange | undefined {
    const { before, after, removed, added } = this;
    const bound = Math.max(after.words[Header.octets]!, MIN_CHANGE_BOUND_OCTETS);
    appendSoa(before, removed);
    appendSoa(after, added);
    for (let node = before.firstNode; node !== 0; node = before.nodeAfter(node)) {
      const other = isHashed(before, node)
        ? this.hashedAfter.find(before, node)
        : this.findIn(after, before, node);
      if (other === 0 || !this.isEqual(node, other)) this.compare(node, other);
      if (removed.length + added.length > bound) return undefined;
    }
    for (let node = after.firstNode; node !== 0; node = after.nodeAfter(node)) {
      const other = isHashed(after, node)
        ? this.hashedBefore.find(after, node)
        : this.findIn(before, after, node);
      if (other === 0) this.compare(0, node);
      if (removed.length + added.length > bound) return undefined;
    }
    return {
      fromSerial: before.serial,
      toSerial: after.serial,
      removed: removed.octets(),
      removedCount: removed.count,
      added: added.octets(),
      addedCount: added.count,
    };
  }

  /** The node of `image` that has the name of `node` of `other`, or 0. */
  private findIn(image: ZoneImage, other: ZoneImage, node: number): number {
    const at = other.nameOf(node);
    this.name.readQuestion(other.octets, at, at, at + other.nameLengthOf(node));
    this.name.hash(image.seed);
    return image.find(this.name, 0);
  }

  /** Whether both nodes have the same octets in the same order: true for nearly every node of an edited zone. */
  private isEqual(left: number, right: number): boolean {
    const { before, after } = this;
    const count = before.rrsetCountOf(left);
    if (count !== after.rrsetCountOf(right)) return false;
    for (let index = 0; index < count; index++) {
      const one = before.firstRrset(left) + index * RRSET_WORDS;
      const two = after.firstRrset(right) + index * RRSET_WORDS;
      if (before.words[one] !== after.words[two] || !this.isSameRrset(one, two)) return false;
    }
    return true;
  }

  private isSameRrset(left: number, right: number): boolean {
    const { before, after } = this;
    const length = before.lengthOf(left);
    const patches = before.patchCountOf(left);
    if (length !== after.lengthOf(right) || patches !== after.patchCountOf(right)) return false;
    if (patches > 0 && !this.hasSameLetters) return false;
    for (let index = 0; index < patches; index++) {
      if (before.patchPosition(left, index) !== after.patchPosition(right, index)) return false;
    }
    const one = before.octetsOf(left);
    const two = after.octetsOf(right);
    for (let index = 0; index < length; index++) {
      if (before.octets[one + index] !== after.octets[two + index]) return false;
    }
    return true;
  }

  /** Appends what is at one of the nodes only; 0 is a node without records. */
  private compare(left: number, right: number): void {
    const gone = this.recordsAt(this.before, left);
    const fresh = this.recordsAt(this.after, right);
    const kept = [...gone.keys()].filter((key) => fresh.has(key));
    for (const key of kept) {
      gone.delete(key);
      fresh.delete(key);
    }
    this.appendAll(this.before, left, gone, this.removed);
    this.appendAll(this.after, right, fresh, this.added);
  }

  private appendAll(image: ZoneImage, node: number, records: RecordsByKey, block: RecordBlock): void {
    if (records.size === 0) return;
    writeOwner(image, node, this.owner, 0);
    for (const { type, ttl, rdata } of records.values()) {
      block.append(this.owner, type, ttl, rdata, rdata.length);
    }
  }

  /** All records but the SOA of the apex, which each block begins with. Bounded by the records of one name. */
  private recordsAt(image: ZoneImage, node: number): RecordsByKey {
    const records: RecordsByKey = new Map();
    if (node === 0) return records;
    const { record } = this;
    forEachRecord(image, node, record, () => {
      const { type, ttl } = record;
      if (type === RecordType.SOA && node === image.firstNode) return;
      const rdata = record.rdata.slice(0, record.rdataLength);
      records.set(`${type} ${ttl} ${octetsToText(rdata)}`, { type, ttl, rdata });
    });
    return records;
  }
}
