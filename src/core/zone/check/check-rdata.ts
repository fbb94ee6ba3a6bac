// Checks of data that has its type's form and that other servers refuse all the same, and with it a transfer of the
// whole zone. They look at octets, so that data written as `\#` is seen too.
// Non-null assertions: the parser has made sure that the data has the fields of its type.

import { RecordType } from '../../dns/record-type.ts';
import type { DiagnosticCode } from '../diagnostic-codes.ts';
import type { CheckContext } from './check-context.ts';
import { naptrProblem } from './check-naptr.ts';
import { serviceProblem } from './check-service.ts';

/** What is wrong with the data from `start` to `end` and what to write instead; undefined where nothing is. */
type Rule = (octets: Uint8Array, start: number, end: number) => string | undefined;

interface RuleOfType {
  readonly code: DiagnosticCode;
  readonly problem: Rule;
}

/** RFC 8976 §2.2.4. */
const MIN_ZONE_DIGEST_OCTETS = 12;

/** Octets of a digest by the number of its algorithm (IANA, "Delegation Signer (DS) RR Type Digest Algorithms"). */
const DS_DIGESTS: DigestSizes = new Map([
  [1, 20], // SHA-1, RFC 3658
  [2, 32], // SHA-256, RFC 4509
  [4, 48], // SHA-384, RFC 6605
]);
/** IANA, "SSHFP RR Types for fingerprint types". */
const FINGERPRINTS: DigestSizes = new Map([
  [1, 20], // SHA-1, RFC 4255 §3.1.2
  [2, 32], // SHA-256, RFC 6594
]);
/** IANA, "ZONEMD Hash Algorithms". */
const ZONE_DIGESTS: DigestSizes = new Map([
  [1, 48], // SHA-384, RFC 8976 §5.3
  [2, 64], // SHA-512
]);

type DigestSizes = ReadonlyMap<number, number>;

const DS_RULE: RuleOfType = { code: 'bad-digest', problem: digestRule(3, DS_DIGESTS) };
const SERVICE_RULE: RuleOfType = { code: 'bad-service', problem: serviceProblem };

const RULES: ReadonlyMap<number, RuleOfType> = new Map([
  [RecordType.DS, DS_RULE],
  [RecordType.CDS, DS_RULE],
  [RecordType.DLV, DS_RULE],
  [RecordType.SSHFP, { code: 'bad-digest', problem: digestRule(1, FINGERPRINTS) }],
  [RecordType.ZONEMD, { code: 'bad-digest', problem: digestRule(5, ZONE_DIGESTS, MIN_ZONE_DIGEST_OCTETS) }],
  [RecordType.SVCB, SERVICE_RULE],
  [RecordType.HTTPS, SERVICE_RULE],
  [RecordType.NAPTR, { code: 'bad-regular-expression', problem: naptrProblem }],
]);

/** 1 for the types above: a million addresses ask no map. */
const IS_RULED = Uint8Array.from({ length: 65_536 }, (_, type) => Number(RULES.has(type)));

export function checkRdata({ records, report }: CheckContext): void {
  const { count, types, octets, rdataOffsets, rdataLengths } = records;
  for (let row = 0; row < count; row++) {
    const type = types[row]!;
    if (IS_RULED[type] === 0) continue;
    const { code, problem } = RULES.get(type)!;
    const start = rdataOffsets[row]!;
    const message = problem(octets, start, start + rdataLengths[row]!);
    if (message !== undefined) report(code, message, row);
  }
}

/** The algorithm stands `algorithmAt` octets into the data, and the digest behind it to the end. */
function digestRule(algorithmAt: number, sizes: DigestSizes, minimumOctets = 1): Rule {
  return (octets, start, end) => {
    const algorithm = octets[start + algorithmAt]!;
    const written = end - start - algorithmAt - 1;
    const size = sizes.get(algorithm);
    if (size === undefined ? written >= minimumOctets : written === size) return undefined;
    const wanted = size === undefined ? `at least ${minimumOctets}` : `${size}`;
    return `A digest of algorithm ${algorithm} has ${wanted} octets, two hexadecimal digits each, and this has ${written}: put in the whole of it.`;
  };
}
