// Which chain a signed zone proves absence with, and its owners in order (RFC 4035 §3.1.3, RFC 5155 §7.1).

import { compareNames } from '../../dns/canonical-order.ts';
import { FOLD } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import {
  isHashedWith,
  isUsable,
  NSEC3_LABEL_OCTETS,
  type Nsec3Parameters,
  nsec3Parameters,
} from '../dnssec-rdata.ts';
import { MAX_NSEC3_ITERATIONS, Nsec3Hash } from '../nsec3-hash.ts';
import type { RecordTable } from '../record-table.ts';
import { APEX, type NameTree } from './compile-names.ts';

/** The chain's owners in order: nodes of the tree for NSEC, of the tree of hashed owners for NSEC3. */
export type DenialChain =
  | { readonly kind: 'none' }
  | { readonly kind: 'nsec'; readonly nodes: readonly number[] }
  | { readonly kind: 'nsec3'; readonly nodes: readonly number[]; readonly parameters: Nsec3Parameters };

export interface SignedNames {
  readonly table: RecordTable;
  readonly tree: NameTree;
  /** Owners of NSEC3, without their ancestors; undefined where there are none. */
  readonly hashed: NameTree | undefined;
}

/** Chains that are looked at: a zone has two while its salt changes. Others are the editor's mistake. */
const MAX_CHAINS = 4;

/**
 * NSEC3 where the apex has NSEC3PARAM and the chain has the apex, else NSEC, else whatever NSEC3 there are. A broken
 * chain is taken as it is: it proves what it can.
 */
export function chooseChain(names: SignedNames): DenialChain {
  const { table, tree, hashed } = names;
  const chains = hashed === undefined ? [] : hashedChains(names, hashed);
  const whole = chains.find((chain) => hashed !== undefined && hasApex(table, tree, hashed, chain));
  if (whole !== undefined) return { kind: 'nsec3', ...whole };
  const nodes = hasNsec(table) ? withoutOccluded(table, tree, nodesWith(table, tree, RecordType.NSEC)) : [];
  const [broken] = chains;
  if (nodes.length > 0) return { kind: 'nsec', nodes: nodes.sort(byName(table, tree)) };
  return broken === undefined ? { kind: 'none' } : { kind: 'nsec3', ...broken };
}

/** Of the nodes those that are not below a zone cut, where an NSEC would be the child's, or below a DNAME. */
function withoutOccluded(table: RecordTable, tree: NameTree, nodes: readonly number[]): number[] {
  const closed = new Uint8Array(tree.count + 1);
  const occluded = new Uint8Array(tree.count + 1);
  for (let node = 1; node <= tree.count; node++) {
    occluded[node] = closed[tree.parents[node]!]!;
    closed[node] = occluded[node] === 1 || closesBelow(table, tree, node) ? 1 : 0;
  }
  return nodes.filter((node) => occluded[node] === 0);
}

/** Whether what is below the node is not the zone's own: NS below the apex, or DNAME. */
function closesBelow(table: RecordTable, tree: NameTree, node: number): boolean {
  for (let next = tree.firstRows[node]!; next !== 0; next = tree.nextRows[next - 1]!) {
    const type = table.types[next - 1];
    if (type === RecordType.DNAME || (type === RecordType.NS && node !== APEX)) return true;
  }
  return false;
}

/** Most zones are not signed, and their names are not looked at. */
function hasNsec({ types, count }: RecordTable): boolean {
  return types.subarray(0, count).includes(RecordType.NSEC);
}

interface HashedChain {
  readonly nodes: readonly number[];
  readonly parameters: Nsec3Parameters;
}

/** One chain for each usable NSEC3PARAM, where it has owners. */
function hashedChains({ table, tree }: SignedNames, hashed: NameTree): HashedChain[] {
  const order = byName(table, hashed);
  return usableParameters(table, tree)
    .map((parameters) => ({
      parameters,
      nodes: nodesWith(table, hashed, RecordType.NSEC3, (row) => isHashedWith(table, row, parameters)),
    }))
    .map(({ parameters, nodes }) => ({
      parameters,
      // Signers write names in order, which costs one comparison a name to see.
      nodes: nodes.filter((node) => isHashName(table, tree, hashed.names[node]!)).sort(order),
    }))
    .filter(({ nodes }) => nodes.length > 0);
}

function usableParameters(table: RecordTable, tree: NameTree): Nsec3Parameters[] {
  return [...tree.rowsOf(APEX)]
    .filter((row) => table.types[row] === RecordType.NSEC3PARAM)
    .map((row) => nsec3Parameters(table, row))
    .filter((parameters) => parameters !== undefined)
    .filter((parameters) => isUsable(parameters) && parameters.iterations <= MAX_NSEC3_ITERATIONS)
    .slice(0, MAX_CHAINS);
}

/** One label of 32 octets before the apex. */
function isHashName(table: RecordTable, tree: NameTree, name: number): boolean {
  const apex = tree.names[APEX]!;
  const parent = name + NSEC3_LABEL_OCTETS + 1;
  return (
    table.octets[name] === NSEC3_LABEL_OCTETS && compareNames(table.octets, parent, table.octets, apex) === 0
  );
}

function hasApex(table: RecordTable, tree: NameTree, hashed: NameTree, chain: HashedChain): boolean {
  const { iterations, salt } = chain.parameters;
  const hash = new Nsec3Hash();
  hash.configure(iterations, salt, 0, salt.length);
  hash.hash(table.octets, tree.names[APEX]!);
  return chain.nodes.some((node) => isLabelAt(table.octets, hashed.names[node]! + 1, hash.label));
}

function isLabelAt(octets: Uint8Array, at: number, label: Uint8Array): boolean {
  return label.every((octet, index) => octet === FOLD[octets[at + index]!]);
}

function nodesWith(
  table: RecordTable,
  tree: NameTree,
  type: number,
  isMeant: (row: number) => boolean = () => true,
): number[] {
  const nodes: number[] = [];
  for (let node = 1; node <= tree.count; node++) {
    for (let next = tree.firstRows[node]!; next !== 0; next = tree.nextRows[next - 1]!) {
      if (table.types[next - 1] !== type || !isMeant(next - 1)) continue;
      nodes.push(node);
      break;
    }
  }
  return nodes;
}

function byName({ octets }: RecordTable, tree: NameTree): (left: number, right: number) => number {
  return (left, right) => compareNames(octets, tree.names[left]!, octets, tree.names[right]!);
}
