// The chain of NSEC: every name has one, and each points to the name after it (RFC 4034 §4.1.1, RFC 4035 §2.3).

import { compareNames } from '../../dns/canonical-order.ts';
import { formatName } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { type CheckContext, rowsOf } from './check-context.ts';

/** `names` are the nodes that are to have an NSEC. */
export function checkNsecChain(context: CheckContext, names: readonly number[]): void {
  const { records, index, report } = context;
  const { octets, owners } = records;
  const ownerOf = (node: number): number => owners[index.firstRow[node]!]!;
  const sorted = [...names].sort((left, right) =>
    compareNames(octets, ownerOf(left), octets, ownerOf(right)),
  );
  sorted.forEach((node, position) => {
    const [row] = rowsOf(context, node, RecordType.NSEC);
    const name = formatName(octets, ownerOf(node));
    if (row === undefined) {
      report(
        'nsec-chain-broken',
        `${name} has no NSEC, so that what it lacks cannot be proven: sign the zone anew.`,
        index.firstRow[node]!,
      );
      return;
    }
    const next = ownerOf(sorted[(position + 1) % sorted.length]!);
    if (compareNames(octets, records.rdataOffsets[row]!, octets, next) === 0) return;
    report(
      'nsec-chain-broken',
      `The name after ${name} is ${formatName(octets, next)}, and this says another: sign the zone anew.`,
      row,
    );
  });
}
