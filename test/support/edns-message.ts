// Requests with any options, and what the OPT record of a reply holds: octets, because odd ones are the point.

import { parseName } from '../../src/core/dns/name.ts';
import { skipName } from '../../src/core/dns/query.ts';
import { readUint16 } from '../../src/core/octets/big-endian.ts';
import { formatHex, parseHex } from '../../src/core/octets/text.ts';

export interface RequestSpec {
  /** Absent: no question at all. */
  readonly name?: string;
  /** Number; 1 (A) where it is left out. */
  readonly type?: number;
  readonly class?: number;
  readonly opcode?: number;
  /** Code and hexadecimal octets of each option; without it there is no OPT record. */
  readonly options?: readonly (readonly [code: number, hex: string])[];
  readonly version?: number;
  readonly payload?: number;
}

export const REQUEST_ID = 0x1234;

export function encodeRequest(spec: RequestSpec): Uint8Array {
  const { name, type = 1, class: recordClass = 1, opcode = 0, options, version = 0, payload = 1232 } = spec;
  const question =
    name === undefined ? [] : [...(parseName(name) as Uint8Array), ...word(type), ...word(recordClass)];
  const rdata = (options ?? []).flatMap(([code, hex]) => {
    const octets = [...parseHex(hex)!];
    return [...word(code), ...word(octets.length), ...octets];
  });
  const opt = [0, ...word(41), ...word(payload), 0, version, 0, 0, ...word(rdata.length), ...rdata];
  const counts = [name === undefined ? 0 : 1, 0, 0, options === undefined ? 0 : 1].flatMap(word);
  const header = [...word(REQUEST_ID), opcode << 3, 0, ...counts];
  return Uint8Array.from([...header, ...question, ...(options === undefined ? [] : opt)]);
}

export interface EdnsReplyParts {
  readonly id: number;
  /** With the upper octet of the OPT record. */
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly isAuthoritative: boolean;
  /** Questions, answers, authorities, additional records. */
  readonly counts: readonly number[];
  /** Hexadecimal octets by code; undefined without an OPT record. */
  readonly options: Readonly<Record<number, string>> | undefined;
}

/** Throws where sections do not fit their counts. */
export function readReply(reply: Uint8Array): EdnsReplyParts {
  const counts = [4, 6, 8, 10].map((at) => readUint16(reply, at));
  let at = 12;
  for (let left = counts[0]!; left > 0; left--) at = skipName(reply, at, reply.length) + 4;
  let opt = -1;
  for (let left = counts[1]! + counts[2]! + counts[3]!; left > 0; left--) {
    at = skipName(reply, at, reply.length);
    if (at < 0) throw new Error('a name is cut short');
    if (readUint16(reply, at) === 41) opt = at;
    at += 10 + readUint16(reply, at + 8);
  }
  if (at !== reply.length) throw new Error(`the sections end at ${at} of ${reply.length}`);
  return {
    id: readUint16(reply, 0),
    rcode: (reply[3]! & 15) | (opt < 0 ? 0 : reply[opt + 4]! << 4),
    isTruncated: (reply[2]! & 2) !== 0,
    isAuthoritative: (reply[2]! & 4) !== 0,
    counts,
    options: opt < 0 ? undefined : readOptions(reply, opt),
  };
}

function readOptions(reply: Uint8Array, opt: number): Record<number, string> {
  const options: Record<number, string> = {};
  const end = opt + 10 + readUint16(reply, opt + 8);
  for (let at = opt + 10; at < end; at += 4 + readUint16(reply, at + 2)) {
    const length = readUint16(reply, at + 2);
    options[readUint16(reply, at)] = formatHex(reply.subarray(at + 4, at + 4 + length));
  }
  return options;
}

function word(value: number): number[] {
  return [value >>> 8, value & 255];
}
