// How large an image gets at most, so that its memory is asked for once.

import { nameLength } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { MAX_SALT_OCTETS } from '../dnssec-rdata.ts';
import type { RecordTable } from '../record-table.ts';
import { APEX, type NameTree, slotsFor, type ZoneNames } from './compile-names.ts';
import { MAX_LINK_OCTETS } from './compile-pack.ts';
import { RECORD_HEADER_OCTETS } from './compile-rrset.ts';
import { Denial } from './denial-owners.ts';
import { Header, NODE_WORDS, RRSET_WORDS } from './image.ts';
import { rdataNamesOf } from './rdata-names.ts';

/** Three names of 255 octets, a record header and fields, links. */
const NEGATIVE_SOA_AND_APEX_OCTETS = 3 * 255 + 64;

/** An upper bound of the image's octets. Packed names lie at its end first (compile-pack.ts), so that it is to be close. */
export function sizeBound(table: RecordTable, { tree, hashed }: ZoneNames): number {
  let octets = (Header.words + RRSET_WORDS + 1) * 4 + slotsFor(tree.count) * 8;
  octets += namesBound(table, tree);
  for (let row = 0; row < table.count; row++) octets += recordBound(table, row);
  if (hashed !== undefined) octets += namesBound(table, hashed);
  octets += signingBound(table, tree);
  return ((octets + NEGATIVE_SOA_AND_APEX_OCTETS) & ~3) + 4;
}

function recordBound(table: RecordTable, row: number): number {
  const links = rdataNamesOf(table.types[row]!) === undefined ? 0 : MAX_LINK_OCTETS;
  return RRSET_WORDS * 4 + RECORD_HEADER_OCTETS + table.rdataLengths[row]! + links;
}

function namesBound(table: RecordTable, tree: NameTree): number {
  let octets = 0;
  for (let node = 1; node <= tree.count; node++) {
    octets += NODE_WORDS * 4 + 3 + nameLength(table.octets, tree.names[node]!);
  }
  return octets;
}

/** The RRSIGs of the negative SOA, and the chain with one owner a record. */
function signingBound(table: RecordTable, tree: NameTree): number {
  let octets = 0;
  for (const row of tree.rowsOf(APEX)) {
    if (table.types[row] === RecordType.RRSIG) octets += recordBound(table, row);
  }
  let owners = 0;
  for (let row = 0; row < table.count; row++) {
    const type = table.types[row];
    if (type === RecordType.NSEC || type === RecordType.NSEC3) owners++;
  }
  return owners === 0 ? octets : octets + (Denial.words + owners) * 4 + MAX_SALT_OCTETS + 3;
}
