// One question to the sections of its answer: the outcomes of lookup.ts written by reply-writer.ts, aliases followed
// within the zone (RFC 1034 §4.3.2, RFC 6604, RFC 6672), with signatures and proofs where DO is set (RFC 4035 §3.1).

import { MAX_NAME_OCTETS } from '../../dns/name.ts';
import type { QueryName } from '../../dns/query-name.ts';
import { Rcode, RecordType } from '../../dns/record-type.ts';
import { readUint32, writeUint16 } from '../../octets/big-endian.ts';
import { Header, RRSET_WORDS, type ZoneImage } from '../image/image.ts';
import { Denial } from './denial.ts';
import { Lookup, Step } from './lookup.ts';
import { type ReplyWriter, Section } from './reply-writer.ts';

/** Unbound and others follow no more than this; longer chains are the editor's mistake. */
const MAX_ALIASES = 18;
/** More names get no additional data, as in BIND since CVE-2024-11187. */
const MAX_ADDITIONAL_NAMES = 13;

/** Octets before the rdata of a record whose owner is a pointer. */
const RECORD_HEADER_OCTETS = 12;

export class Answer {
  rcode: number = Rcode.NOERROR;
  authoritative = true;
  truncated = false;
  private readonly lookup = new Lookup();
  /** Hashes of the names already answered: an alias that leads back ends the chain. */
  private readonly visited = new Uint32Array(MAX_ALIASES);
  private aliases = 0;
  /** DO (RFC 3225): signatures and proofs go along. */
  private dnssecOk = false;
  private readonly denial = new Denial();

  /** Where the data of the name walked to last are: its node, or the wildcard's, or the cut's; 0 for no such name. */
  get node(): number {
    return this.lookup.node;
  }

  /**
   * `name` is the question's, hashed and at or below the apex of `image`; `reply` holds header and question. Positional
   * parameters: an object a query would be garbage.
   */
  write(image: ZoneImage, name: QueryName, type: number, reply: ReplyWriter, dnssecOk: boolean): void {
    this.dnssecOk = dnssecOk;
    this.rcode = Rcode.NOERROR;
    this.authoritative = true;
    this.truncated = false;
    this.aliases = 0;
    if (dnssecOk) this.denial.begin(image, reply);
    const questionEnd = reply.position - reply.start;
    reply.setApex(image, name.positions[name.labels - image.apexLabels]!);
    while (this.step(image, name, type, reply)) {
      name.hash(image.seed);
      if (!isInZone(image, name) || this.isVisited(name.hashes[0]!)) break;
    }
    // An alias that led nowhere further has its proof yet to come.
    if (dnssecOk && !this.truncated) this.truncated = !this.denial.proveExpansions();
    // RFC 2181 §9: a client asks again over TCP, so that half an answer is worth nothing to it.
    if (this.truncated) reply.rewind(questionEnd);
  }

  /** One outcome; true when `name` is now the target of an alias and the walk goes on. */
  private step(image: ZoneImage, name: QueryName, type: number, reply: ReplyWriter): boolean {
    const lookup = this.lookup;
    switch (lookup.find(image, name, type)) {
      case Step.hit:
        if (type === RecordType.RRSIG) this.writeSignatures(image, name, reply);
        else this.writeHit(image, name, reply);
        return false;
      case Step.alias:
        return this.writeAlias(image, name, reply);
      case Step.redirection:
        return this.writeRedirection(image, name, type, reply);
      case Step.delegation:
        this.writeReferral(image, name, reply);
        return false;
      case Step.miss:
        this.rcode = Rcode.NXDOMAIN;
        this.writeNegative(image, name, reply);
        return false;
      default:
        this.writeNegative(image, name, reply);
        return false;
    }
  }

  private writeHit(image: ZoneImage, name: QueryName, reply: ReplyWriter): void {
    const at = reply.position - reply.start;
    const entry = this.lookup.entry;
    const owner = name.positions[0]!;
    if (!this.append(image, entry, owner, Section.answer, reply)) {
      this.truncated = true;
      return;
    }
    if (this.dnssecOk) {
      this.noteExpansion(name);
      if (!this.denial.proveExpansions()) {
        this.truncated = true;
        return;
      }
    }
    const count = Math.min(image.additionalCountOf(entry), MAX_ADDITIONAL_NAMES);
    for (let index = 0; index < count; index++) this.writeAddresses(image, entry, index, at, reply);
  }

  /** A question for RRSIG: those of every type, as NSD and BIND answer. */
  private writeSignatures(image: ZoneImage, name: QueryName, reply: ReplyWriter): void {
    const { node } = this.lookup;
    const last = image.firstRrset(node) + image.rrsetCountOf(node) * RRSET_WORDS;
    for (let entry = this.lookup.entry; entry < last; entry += RRSET_WORDS) {
      if (image.typeOf(entry) !== RecordType.RRSIG) continue;
      if (!reply.appendRrset(image, entry, name.positions[0]!, Section.answer)) this.truncated = true;
    }
    if (this.dnssecOk) this.noteExpansion(name);
  }

  private writeAlias(image: ZoneImage, name: QueryName, reply: ReplyWriter): boolean {
    const at = reply.position - reply.start;
    this.visited[this.aliases] = name.hashes[0]!;
    if (!this.append(image, this.lookup.entry, name.positions[0]!, Section.answer, reply)) {
      this.truncated = true;
      return false;
    }
    if (this.dnssecOk) this.noteExpansion(name);
    name.readWritten(reply.octets, reply.start, at + RECORD_HEADER_OCTETS);
    return ++this.aliases < MAX_ALIASES;
  }

  /** RFC 6672 §3.2: the DNAME, and the CNAME that it means for this name. */
  private writeRedirection(image: ZoneImage, name: QueryName, type: number, reply: ReplyWriter): boolean {
    const { entry, label } = this.lookup;
    const at = reply.position;
    this.visited[this.aliases] = name.hashes[0]!;
    const target = image.octetsOf(entry) + RECORD_HEADER_OCTETS;
    const targetLength = image.lengthOf(entry) - RECORD_HEADER_OCTETS;
    const length = name.offsets[label]! + targetLength;
    if (!this.append(image, entry, name.positions[label]!, Section.answer, reply)) {
      this.truncated = true;
      return false;
    }
    if (length > MAX_NAME_OCTETS) {
      this.rcode = Rcode.YXDOMAIN;
      return false;
    }
    if (!reply.fits(RECORD_HEADER_OCTETS + length)) {
      this.truncated = true;
      return false;
    }
    const rdata = reply.position - reply.start + RECORD_HEADER_OCTETS;
    const lengthAt = reply.appendHeader(
      name.positions[0]!,
      RecordType.CNAME,
      readUint32(reply.octets, at + 6),
    );
    for (let index = 0; index < label; index++) {
      reply.copy(reply.octets, reply.start + name.positions[index]!, name.octets[name.offsets[index]!]! + 1);
    }
    reply.copy(image.octets, target, targetLength);
    writeUint16(reply.octets, lengthAt, length);
    reply.count(Section.answer, 1);
    if (type === RecordType.CNAME) return false;
    name.readWritten(reply.octets, reply.start, rdata);
    return ++this.aliases < MAX_ALIASES;
  }

  private writeReferral(image: ZoneImage, name: QueryName, reply: ReplyWriter): void {
    const { entry, label, node } = this.lookup;
    if (this.aliases === 0) this.authoritative = false;
    const at = reply.position - reply.start;
    if (!reply.appendRrset(image, entry, name.positions[label]!, Section.authority)) {
      this.truncated = true;
      return;
    }
    if (this.dnssecOk && !this.writeDelegationSigner(image, name, reply)) {
      this.truncated = true;
      return;
    }
    const count = image.additionalCountOf(entry);
    for (let index = 0; index < count; index++) {
      const whole = this.writeAddresses(image, entry, index, at, reply);
      // RFC 9471 §3.1: glue for a server below the cut is needed to get there at all; a sibling's is a courtesy.
      if (!whole && image.cutOf(image.additionalNode(entry, index)) === node) {
        this.truncated = true;
        return;
      }
    }
  }

  /** RFC 4035 §3.1.4: the DS of the child, or the proof that it has none. */
  private writeDelegationSigner(image: ZoneImage, name: QueryName, reply: ReplyWriter): boolean {
    const { label, node, encloser } = this.lookup;
    const signer = image.findRrset(node, RecordType.DS);
    const chain = this.denial.chain;
    if (!this.denial.proveExpansions()) return false;
    if (signer !== 0) return this.append(image, signer, name.positions[label]!, Section.authority, reply);
    if (chain === undefined) return true;
    return encloser !== 0 && label === 0
      ? chain.proveWildcardNoData(name, encloser, node)
      : chain.proveNoData(name, label, node);
  }

  private writeNegative(image: ZoneImage, name: QueryName, reply: ReplyWriter): void {
    const soa = image.words[Header.negativeSoa]!;
    const apex = name.positions[name.labels - image.apexLabels]!;
    this.truncated = !(
      this.append(image, soa, apex, Section.authority, reply) &&
      (!this.dnssecOk || (this.denial.proveExpansions() && this.writeAbsence(name)))
    );
  }

  /** RFC 4035 §3.1.3: what proves that the type, or the name, is not there. */
  private writeAbsence(name: QueryName): boolean {
    const { encloser, node } = this.lookup;
    const chain = this.denial.chain;
    if (chain === undefined) return true;
    if (encloser === 0) return chain.proveNoData(name, 0, node);
    return node === 0 ? chain.proveNoName(name, encloser) : chain.proveWildcardNoData(name, encloser, node);
  }

  /** What a wildcard answered is proven once the answer section is complete. */
  private noteExpansion(name: QueryName): void {
    const { encloser } = this.lookup;
    if (encloser !== 0) this.denial.noteExpansion(name.positions[0]!, name.labels - encloser);
  }

  /** An RRset and, where DO is set, its RRSIGs, without which it is of no use to a client (RFC 4035 §3.1.1). */
  private append(
    image: ZoneImage,
    entry: number,
    owner: number,
    section: number,
    reply: ReplyWriter,
  ): boolean {
    if (!reply.appendRrset(image, entry, owner, section)) return false;
    if (!this.dnssecOk || !image.isSigned(entry)) return true;
    return reply.appendRrset(image, entry + RRSET_WORDS, owner, section);
  }

  /**
   * A and AAAA of additional name `index`, once a node; false when one of them did not fit. The RRset that names it stands
   * `at` octets into the reply. Positional: an object each would be garbage, 40 octets a name.
   */
  private writeAddresses(
    image: ZoneImage,
    entry: number,
    index: number,
    at: number,
    reply: ReplyWriter,
  ): boolean {
    const node = image.additionalNode(entry, index);
    for (let earlier = 0; earlier < index; earlier++) {
      if (image.additionalNode(entry, earlier) === node) return true;
    }
    const owner = reply.additionalPosition(image, entry, index, at);
    const ipv4 = image.findRrset(node, RecordType.A);
    const ipv6 = image.findRrset(node, RecordType.AAAA);
    const fits4 = ipv4 === 0 || this.appendAddresses(image, ipv4, owner, reply);
    const fits6 = ipv6 === 0 || this.appendAddresses(image, ipv6, owner, reply);
    return fits4 && fits6;
  }

  /** RFC 4035 §3.1.1: here an RRset may go without its RRSIGs. */
  private appendAddresses(image: ZoneImage, entry: number, owner: number, reply: ReplyWriter): boolean {
    if (!reply.appendRrset(image, entry, owner, Section.additional)) return false;
    if (this.dnssecOk && image.isSigned(entry))
      reply.appendRrset(image, entry + RRSET_WORDS, owner, Section.additional);
    return true;
  }

  private isVisited(hash: number): boolean {
    for (let index = 0; index < this.aliases; index++) if (this.visited[index] === hash) return true;
    return false;
  }
}

function isInZone(image: ZoneImage, name: QueryName): boolean {
  const label = name.labels - image.apexLabels;
  return label >= 0 && image.find(name, label) === image.words[Header.apexNode];
}
