// The walk through one zone (RFC 1034 §4.3.2 step 3, RFC 4592 §3.3.1, RFC 6672 §3.2): a name and a type to one of a
// few outcomes. What it found stays in the object that did the walk, so that nothing is allocated.

import type { QueryName } from '../../dns/query-name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { NodeFlag, type ZoneImage } from '../image/image.ts';

export const Step = {
  /** The RRset exists: `entry`. */
  hit: 0,
  /** The name exists, the type does not. */
  noData: 1,
  /** The name does not exist. */
  miss: 2,
  /** A zone cut at `label`: `entry` is its NS RRset. */
  delegation: 3,
  /** A CNAME, at the name or by wildcard: `entry`. */
  alias: 4,
  /** A DNAME above the name, at `label`: `entry`. */
  redirection: 5,
} as const;

export class Lookup {
  /** Where the data are, or 0. */
  node = 0;
  /** The RRset's entry in the image, where the step has one. */
  entry = 0;
  /** The label of the query name at which `node` stands: 0 but for delegation and redirection. */
  label = 0;
  /** The label of the closest encloser of a name that does not exist (RFC 4592 §3.3.1); 0 for one that does. */
  encloser = 0;

  /** One {@link Step}; `name` is hashed with the image's seed and at or below its apex. */
  find(image: ZoneImage, name: QueryName, type: number): number {
    this.label = 0;
    this.encloser = 0;
    const exact = image.find(name, 0);
    if (exact !== 0) {
      const cut = image.cutOf(exact);
      return cut === 0 ? this.atNode(image, exact, type) : this.atCut(image, name, cut, type);
    }
    const encloser = this.closestEncloser(image, name);
    const cut = image.cutOf(encloser);
    if (cut !== 0) return this.atCut(image, name, cut, type);
    if ((image.flagsOf(encloser) & NodeFlag.dname) !== 0) return this.redirect(image, name, encloser);
    const wildcard = image.wildcardOf(encloser);
    if (wildcard === 0) {
      this.node = 0;
      return Step.miss;
    }
    // RFC 4592 §4.2: a wildcard that owns NS is a cut whose name is the one asked for.
    if ((image.flagsOf(wildcard) & NodeFlag.delegation) !== 0) return this.delegate(image, wildcard, type);
    return this.atNode(image, wildcard, type);
  }

  /** The longest existing ancestor: downward, so that a name of 127 labels costs no more than the zone is deep. */
  private closestEncloser(image: ZoneImage, name: QueryName): number {
    let label = name.labels - image.apexLabels;
    let encloser = image.find(name, label);
    for (; label > 1; label--) {
      const child = image.find(name, label - 1);
      if (child === 0) break;
      encloser = child;
    }
    this.encloser = label;
    return encloser;
  }

  private atNode(image: ZoneImage, node: number, type: number): number {
    this.node = node;
    if (type === RecordType.ANY) {
      // RFC 8482 §4.1: one RRset of those there are.
      this.entry = image.firstRrset(node);
      return image.rrsetCountOf(node) === 0 ? Step.noData : Step.hit;
    }
    this.entry = image.findRrset(node, type);
    if (this.entry !== 0) return Step.hit;
    if ((image.flagsOf(node) & NodeFlag.alias) === 0) return Step.noData;
    this.entry = image.findRrset(node, RecordType.CNAME);
    return Step.alias;
  }

  private atCut(image: ZoneImage, name: QueryName, cut: number, type: number): number {
    const label = labelOf(image, name, cut);
    this.label = label;
    if ((image.flagsOf(cut) & NodeFlag.delegation) === 0) return this.redirect(image, name, cut);
    // RFC 4035 §3.1.4.1: the DS of a child zone lies on this side of the cut.
    if (label === 0 && type === RecordType.DS) return this.atNode(image, cut, type);
    return this.delegate(image, cut, type);
  }

  private delegate(image: ZoneImage, cut: number, type: number): number {
    if (type === RecordType.DS && this.label === 0) return this.atNode(image, cut, type);
    this.node = cut;
    this.entry = image.findRrset(cut, RecordType.NS);
    return Step.delegation;
  }

  private redirect(image: ZoneImage, name: QueryName, node: number): number {
    this.node = node;
    this.label = labelOf(image, name, node);
    this.entry = image.findRrset(node, RecordType.DNAME);
    return Step.redirection;
  }
}

/** The label of `name` at which `node`, an ancestor, starts. */
function labelOf(image: ZoneImage, name: QueryName, node: number): number {
  const offset = name.length - image.nameLengthOf(node);
  let label = 0;
  while (name.offsets[label]! < offset) label++;
  return label;
}
