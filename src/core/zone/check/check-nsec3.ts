// The chains of NSEC3: one for each NSEC3PARAM, from the apex around to it again (RFC 5155 §7.1).

import { FOLD } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import {
  isHashedWith,
  isUsable,
  NSEC3_HASH_OCTETS,
  NSEC3_LABEL_OCTETS,
  type Nsec3Parameters,
  nsec3Parameters,
} from '../dnssec-rdata.ts';
import { encodeHash, MAX_NSEC3_ITERATIONS, Nsec3Hash } from '../nsec3-hash.ts';
import { NO_ROW } from '../zone-index.ts';
import { type CheckContext, rowsOf } from './check-context.ts';

/** BIND takes a zone with more for unsigned since CVE-2023-50868; RFC 9276 §3.1 wants none. */
const MAX_VALIDATED_ITERATIONS = 50;

/** Chains that are looked at; answers use one of the first four (compile-denial.ts). */
const MAX_CHECKED_CHAINS = 4;

export function checkNsec3Chains(context: CheckContext): void {
  const { records, report, apexNode } = context;
  const rows = rowsOf(context, apexNode, RecordType.NSEC3PARAM);
  let usable = 0;
  for (const row of rows.slice(0, MAX_CHECKED_CHAINS)) {
    const parameters = nsec3Parameters(records, row);
    if (parameters === undefined || !isUsable(parameters)) continue;
    usable++;
    checkIterations(context, parameters, row);
    if (parameters.iterations <= MAX_NSEC3_ITERATIONS) checkChain(context, parameters, row);
  }
  if (usable > 0) return;
  report(
    'nsec3-chain-broken',
    'No NSEC3PARAM at the apex says how these names are hashed, so that no absence can be proven: sign the zone anew.',
    records.types.subarray(0, records.count).indexOf(RecordType.NSEC3),
  );
}

function checkIterations({ report }: CheckContext, { iterations }: Nsec3Parameters, row: number): void {
  if (iterations <= MAX_VALIDATED_ITERATIONS) return;
  const effect =
    iterations > MAX_NSEC3_ITERATIONS
      ? `absence is not proven with more than ${MAX_NSEC3_ITERATIONS} (RFC 5155 §10.3)`
      : `validators take a zone with more than ${MAX_VALIDATED_ITERATIONS} for unsigned`;
  report('nsec3-iterations', `${iterations} iterations: ${effect}; RFC 9276 wants 0.`, row);
}

/** One owner of the chain: its NSEC3's row, and its hash as text of 32 characters. */
interface Link {
  readonly row: number;
  readonly hash: string;
}

function checkChain(context: CheckContext, parameters: Nsec3Parameters, row: number): void {
  const { records, apex, report } = context;
  const links = collectLinks(context, parameters);
  const hash = new Nsec3Hash();
  hash.configure(parameters.iterations, parameters.salt, 0, parameters.salt.length);
  hash.hash(apex, 0);
  const top = textOf(hash.label, 0);
  if (!links.some((link) => link.hash === top)) {
    report(
      'nsec3-chain-broken',
      'The apex has no NSEC3 hashed as this says, so that no absence can be proven: sign the zone anew.',
      row,
    );
    return;
  }
  const next = new Uint8Array(NSEC3_LABEL_OCTETS);
  links.forEach((link, position) => {
    const from = records.rdataOffsets[link.row]! + 5 + parameters.salt.length;
    const isWhole = records.octets[from] === NSEC3_HASH_OCTETS;
    if (isWhole) encodeHash(records.octets, from + 1, next);
    const wanted = links[(position + 1) % links.length]!.hash;
    if (isWhole && textOf(next, 0) === wanted) return;
    report(
      'nsec3-chain-broken',
      `The hash after this is ${wanted}, and it says another: sign the zone anew.`,
      link.row,
    );
  });
}

/** In the order of hashes. */
function collectLinks({ records, index }: CheckContext, parameters: Nsec3Parameters): Link[] {
  const links: Link[] = [];
  for (let node = 0; node < index.count; node++) {
    for (let row = index.firstRow[node]!; row !== NO_ROW; row = index.nextRow[row]!) {
      if (records.types[row] !== RecordType.NSEC3 || !isHashedWith(records, row, parameters)) continue;
      const owner = records.owners[row]!;
      if (records.octets[owner] === NSEC3_LABEL_OCTETS)
        links.push({ row, hash: textOf(records.octets, owner + 1) });
    }
  }
  return links.sort((left, right) => (left.hash < right.hash ? -1 : left.hash > right.hash ? 1 : 0));
}

function textOf(octets: Uint8Array, at: number): string {
  let text = '';
  for (let index = 0; index < NSEC3_LABEL_OCTETS; index++)
    text += String.fromCharCode(FOLD[octets[at + index]!]!);
  return text;
}
