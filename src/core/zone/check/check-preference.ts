// Checks of tracker preferences: TXT records that begin with BITTORRENT (BEP 34).

import { joinStrings } from '../../dns/character-strings.ts';
import { FOLD } from '../../dns/name.ts';
import { RecordType } from '../../dns/record-type.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { HTTPS_PORT } from '../../net/ports.ts';
import { octetsToText } from '../../octets/text.ts';
import { MAX_ENDPOINTS } from '../../preference/outcome.ts';
import { type Preference, parsePreference } from '../../preference/preference.ts';
import type { RecordTable } from '../record-table.ts';
import { NO_NODE } from '../zone-index.ts';
import { type CheckContext, hasAddress, ownerText, rowsOf } from './check-context.ts';

const MARKER = 'BITTORRENT';

/** First labels by which operators name one family's addresses. */
const FAMILY_LABEL = /^(?:ip)?(?:v)?[46]$/i;

/** A word that was probably meant as an endpoint: it names a transport, or has a digit or a colon. */
const ENDPOINT_LIKE = /^(?:udp|tcp)|[0-9:]/i;

export function checkPreferences(context: CheckContext, hasCertificate: boolean): void {
  const { records, index } = context;
  const hosts = new Set<number>(); // at most one entry a TXT record
  for (let row = 0; row < records.count; row++) {
    if (records.types[row] !== RecordType.TXT || !isMarked(records, row)) continue;
    const node = index.find(records.octets, records.owners[row]!);
    const text = joinStrings(records.rdata(row)) ?? '';
    const preference = parsePreference(text);
    if (preference === undefined) {
      checkMarker(context, row, text);
      continue;
    }
    checkWords(context, row, preference);
    if (!hasCertificate) checkHttps(context, row, preference);
    if (hosts.has(node)) checkConflict(context, node, row, text);
    else if (preference.allEndpoints.length > 0) checkHost(context, node, row, preference);
    hosts.add(node);
  }
  if (context.isComplete && hosts.size > 0) checkFamilyNames(context, hosts);
}

/** Whether the record's first octets are the marker in any case: the rest of a zone's TXT records is not looked at. */
function isMarked({ octets, rdataOffsets, rdataLengths }: RecordTable, row: number): boolean {
  const start = rdataOffsets[row]! + 1;
  if (rdataLengths[row]! <= MARKER.length) return false;
  for (let index = 0; index < MARKER.length; index++) {
    if (FOLD[octets[start + index]!] !== FOLD[MARKER.charCodeAt(index)]) return false;
  }
  return true;
}

/** `BitTorrent UDP:1` and `BITTORRENT:UDP:1` are nobody's record by the letter, and a mistake by the look. */
function checkMarker({ records, report }: CheckContext, row: number, text: string): void {
  if (records.octets[records.rdataOffsets[row]!] === MARKER.length && text.length > MARKER.length) {
    const words = printable(text.slice(MARKER.length));
    report(
      'preference-marker',
      `Words without quotes are strings of their own, which readers join without a blank: write "${MARKER} ${words}".`,
      row,
    );
    return;
  }
  if (!/^bittorrent(?:$|[^a-z0-9])/i.test(text)) return;
  report(
    'preference-marker',
    `Readers look for the word ${MARKER} in capitals with a blank behind it: write it so.`,
    row,
  );
}

function checkWords({ records, report }: CheckContext, row: number, preference: Preference): void {
  const { allEndpoints, ignored, excess } = preference;
  const quoted = ignored.slice(0, 3).map(printable).join(', ');
  if (allEndpoints.length === 0 && ignored.length > 0) {
    report(
      'preference-typo',
      `${quoted} is no endpoint, so that this record denies every client: write UDP:6969 or TCP:6969, or DENY ALL.`,
      row,
    );
  } else {
    const broken = ignored.filter((word) => ENDPOINT_LIKE.test(word));
    if (broken.length > 0) {
      const words = broken.slice(0, 3).map(printable).join(', ');
      report(
        'preference-ignored-word',
        `${words} ${broken.length > 1 ? 'are no endpoints and are' : 'is no endpoint and is'} ignored: write UDP:6969 or TCP:6969.`,
        row,
      );
    }
  }
  if (excess.length > 0) {
    report(
      'preference-too-many',
      `Readers stop at ${MAX_ENDPOINTS} endpoints: ${excess.slice(0, 3).join(', ')} will not be seen.`,
      row,
    );
  }
  if (records.octets[records.rdataOffsets[row]!]! + 1 !== records.rdataLengths[row]) {
    report(
      'preference-split',
      'Some readers lose the words at the seam of two strings: write one string.',
      row,
    );
  }
}

/** Without a certificate TCP:443 would be a promise that nobody keeps. */
function checkHttps({ report }: CheckContext, row: number, { allEndpoints }: Preference): void {
  const https = allEndpoints.find(({ transport, port }) => transport === 'tcp' && port === HTTPS_PORT);
  if (https === undefined) return;
  report(
    'preference-needs-certificate',
    `${formatEndpoint(https)} is HTTPS to every client and needs a certificate: configure one (tls.certificate and tls.key), or declare another port.`,
    row,
  );
}

function checkConflict(context: CheckContext, node: number, row: number, text: string): void {
  const { records, report } = context;
  const others = rowsOf(context, node, RecordType.TXT).filter(
    (other) => other < row && isMarked(records, other),
  );
  const differing = others.find((other) => {
    const otherText = joinStrings(records.rdata(other)) ?? '';
    return otherText !== text && parsePreference(otherText) !== undefined;
  });
  if (differing === undefined) return;
  report(
    'preference-conflict',
    `${ownerText(context, row)} has another ${MARKER} record on line ${records.lines[differing]}, and DNS does not order them: write one with all endpoints.`,
    row,
  );
}

function checkHost(context: CheckContext, node: number, row: number, preference: Preference): void {
  const owner = ownerText(context, row);
  if (context.isComplete && !hasAddress(context, node)) {
    const words = preference.endpoints.map(formatEndpoint).join(' ');
    context.report(
      'preference-without-address',
      `${owner} declares ${words} and has no address, so that nothing is served: add ${owner} A or AAAA with an address of this machine.`,
      row,
    );
  }
  const label = badLabel(context.records, row);
  if (label !== undefined) {
    context.report(
      'preference-label',
      `Clients refuse ${printable(label)} in a host name: use letters, digits and hyphens inside.`,
      row,
    );
  }
}

/** The first label that is no host name's (RFC 952, RFC 1123 §2.1); a leading `*` is. */
function badLabel({ octets, owners }: RecordTable, row: number): string | undefined {
  const owner = owners[row]!;
  for (let offset = owner; octets[offset] !== 0; offset += octets[offset]! + 1) {
    const label = octetsToText(octets, offset + 1, offset + 1 + octets[offset]!);
    if (offset === owner && label === '*') continue;
    if (!/^[0-9a-z](?:[0-9a-z-]*[0-9a-z])?$/i.test(label)) return label;
  }
  return undefined;
}

/** Names like ipv4.tracker below a preference host: DNS gives them no TXT record of the name above. */
function checkFamilyNames(context: CheckContext, hosts: ReadonlySet<number>): void {
  const { records, index } = context;
  for (let row = 0; row < records.count; row++) {
    const type = records.types[row];
    if (type !== RecordType.A && type !== RecordType.AAAA) continue;
    const owner = records.owners[row]!;
    const length = records.octets[owner]!;
    if (length > 4 || !FAMILY_LABEL.test(octetsToText(records.octets, owner + 1, owner + 1 + length)))
      continue;
    const parent = index.find(records.octets, owner + length + 1);
    const node = index.find(records.octets, owner);
    if (parent === NO_NODE || !hosts.has(parent) || hosts.has(node) || index.firstRow[node] !== row) continue;
    const name = ownerText(context, row);
    context.report(
      'preference-missing',
      `${name} has no ${MARKER} record of its own: add ${name} TXT with the endpoints of that address.`,
      row,
    );
  }
}

function printable(text: string): string {
  return text
    .slice(0, 32)
    .replaceAll(/[^\x20-\x7e]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`);
}
