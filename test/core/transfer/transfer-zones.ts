// Zones, requests and transfers for tests: random zones as fast-check draws them, all messages of a transfer, and the
// records of a zone as a set of lines.

import fc from 'fast-check';
import { foldName, parseName } from '../../../src/core/dns/name.ts';
import { RecordType } from '../../../src/core/dns/record-type.ts';
import { createTransferReader, type TransferReading } from '../../../src/core/transfer/incoming.ts';
import type { OutgoingTransfer } from '../../../src/core/transfer/outgoing.ts';
import { readTransferRequest, type TransferRequest } from '../../../src/core/transfer/request.ts';
import { MAX_MESSAGE_OCTETS } from '../../../src/core/transfer/transfer-message.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import type { ZoneImage } from '../../../src/core/zone/image/image.ts';
import { formatRecord } from '../../../src/core/zone/language/format.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import type { RecordTable } from '../../../src/core/zone/record-table.ts';

export const ID = 0x1234;

export function nameOf(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${text}: ${name}`);
  return name;
}

/** Compiles zone text that need not pass the checks; `origin` is the apex. */
export function compileText(text: string, origin = 'example.', seed = 1): ZoneImage {
  const zone = parseZone({ path: 'zone', octets: Buffer.from(text, 'latin1') }, { origin: nameOf(origin) });
  const fault = zone.diagnostics.find(({ severity }) => severity === 'error');
  if (fault !== undefined || zone.apex === undefined) {
    throw new Error(`${fault?.line}: ${fault?.message}\n${text}`);
  }
  return compileZone({ apex: zone.apex, records: zone.records }, { seed });
}

export interface RequestSpec {
  readonly zone?: string;
  /** Left out for AXFR. */
  readonly serial?: number;
  readonly hasEdns?: boolean;
}

export function encodeRequest({ zone = 'example.', serial, hasEdns = false }: RequestSpec = {}): Uint8Array {
  const name = nameOf(zone);
  const type = serial === undefined ? RecordType.AXFR : RecordType.IXFR;
  const head = [ID >> 8, ID & 255, 0, 0, 0, 1, 0, 0, 0, serial === undefined ? 0 : 1, 0, hasEdns ? 1 : 0];
  const question = [...name, 0, type, 0, 1];
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(serial ?? 0);
  const soa = [0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0, ...numbers];
  const opt = [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0];
  return Uint8Array.from([
    ...head,
    ...question,
    ...(serial === undefined ? [] : soa),
    ...(hasEdns ? opt : []),
  ]);
}

export function request(spec: RequestSpec = {}): TransferRequest {
  const octets = encodeRequest(spec);
  const read = readTransferRequest(octets, 0, octets.length);
  if (read === undefined) throw new Error('not read as a request');
  return read;
}

/** Every message, at an offset that is not 0. */
export function messagesOf(transfer: OutgoingTransfer): Uint8Array[] {
  const output = new Uint8Array(MAX_MESSAGE_OCTETS + 2);
  const messages: Uint8Array[] = [];
  for (let length = transfer.next(output, 2); length > 0; length = transfer.next(output, 2)) {
    messages.push(output.slice(2, 2 + length));
  }
  transfer.end();
  return messages;
}

export interface ReadSpec {
  readonly apex?: string;
  readonly serial?: number;
}

/** What the reader makes of the messages; the first thing that is not `more`. */
export function readAll(
  messages: readonly Uint8Array[],
  { apex = 'example.', serial }: ReadSpec = {},
): TransferReading {
  const kind = serial === undefined ? 'axfr' : 'ixfr';
  const reader = createTransferReader({
    apex: nameOf(apex),
    kind,
    id: ID,
    ...(serial !== undefined && { serial }),
  });
  let reading: TransferReading = { kind: 'more' };
  for (const message of messages) {
    reading = reader.read(message, 0);
    if (reading.kind !== 'more') break;
  }
  return reading;
}

/** One line a record, sorted; owners in lower case, for images keep no letters of them. */
export function linesOf(records: RecordTable): string[] {
  return Array.from({ length: records.count }, (_, row) => {
    const [owner, ...rest] = formatRecord(records, row).split('\t');
    return [owner!.toLowerCase(), ...rest].join('\t');
  }).sort();
}

const label = fc.constantFrom('a', 'b', 'ab', 'B', '*', 'www', 'x-1', 'x\\.y', '\\003www', 'l'.repeat(63));
const name = fc.array(label, { maxLength: 3 }).map((labels) => labels.join('.') || '@');
const target = fc.oneof(
  name,
  name.map((text) => (text === '@' ? '.' : `${text}.example.org.`)),
);
const data = fc.oneof(
  fc.ipV4().map((address) => `A ${address}`),
  fc.nat(65535).map((number) => `AAAA 2001:db8::${number.toString(16)}`),
  target.map((text) => `NS ${text}`),
  target.map((text) => `CNAME ${text}`),
  target.map((text) => `PTR ${text}`),
  fc.tuple(fc.nat(65535), target).map(([preference, text]) => `MX ${preference} ${text}`),
  target.map((text) => `SRV 1 2 6969 ${text}`),
  target.map((text) => `DNAME ${text}`),
  target.map((text) => `RP ${text} ${text}`),
  target.map((text) => `NAPTR 1 2 "u" "s" "" ${text}`),
  fc.stringMatching(/^[a-zA-Z0-9 ]{0,200}$/).map((text) => `TXT "${text}" "${text}"`),
  fc.uint8Array({ maxLength: 300 }).map((octets) => {
    const hex = Buffer.from(octets).toString('hex');
    return `TYPE65280 \\# ${octets.length} ${hex}`;
  }),
  fc
    .nat(99)
    .map(
      (number) =>
        `NSEC3 1 0 0 AB ${'0123456789ABCDEFGHIJKLMNOPQRSTUV'.slice(0, 30)}${String(number).padStart(2, '0')} A`,
    ),
  fc.nat(65535).map((number) => `RRSIG NSEC3 8 2 60 20300101000000 20200101000000 ${number} example. AQID`),
  fc.nat(65535).map((number) => `RRSIG A 8 2 60 20300101000000 20200101000000 ${number} example. AQID`),
);

/** Lines without SOA: TTLs by type, so that they are the same in an RRset. */
export const zoneLines = fc.uniqueArray(
  fc.tuple(name, data, fc.constantFrom(60, 3600)).map(([owner, text, ttl]) => ({ owner, text, ttl })),
  { maxLength: 40, selector: ({ owner, text }) => `${owner.toLowerCase()} ${text.toLowerCase()}` },
);

export type ZoneLines = readonly { readonly owner: string; readonly text: string; readonly ttl: number }[];

/** The first TTL of an RRset holds for all of it. */
export function textOf(lines: ZoneLines, serial: number): string {
  const ttls = new Map([['@ NS', 300]]);
  const records = lines.map(({ owner, text, ttl }) => {
    const key = `${owner.toLowerCase()} ${text.split(' ')[0]}`;
    if (!ttls.has(key)) ttls.set(key, ttl);
    return `${owner} ${ttls.get(key)} ${text}\n`;
  });
  return `@ 300 SOA ns Host.Master ${serial} 2 3 4 5\n@ 300 NS ns\n${records.join('')}`;
}

/** The same zone name with other letters. */
export function otherLetters(text: string): string {
  return text === text.toUpperCase()
    ? Buffer.from(foldName(Buffer.from(text))).toString()
    : text.toUpperCase();
}
