// Builds a record table from zone lines without the zone parser: `OWNER TTL TYPE RDATA`, one a line, line 1 first.

import { parseName } from '../../src/core/dns/name.ts';
import { parseRecordType, RecordType } from '../../src/core/dns/record-type.ts';
import { parseIpAddress } from '../../src/core/net/ip-address.ts';
import { textToOctets } from '../../src/core/octets/text.ts';
import { RecordTable } from '../../src/core/zone/record-table.ts';

/** TXT rdata is the rest of the line as character-strings: one, or several within double quotes. */
export function recordTable(lines: string): RecordTable {
  const table = new RecordTable();
  for (const [index, line] of lines.trim().split('\n').entries()) {
    const [, owner, ttl, mnemonic, rest] = /^\s*(\S+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    const type = parseRecordType(mnemonic ?? '');
    if (owner === undefined || type === undefined) throw new Error(`no record: ${line}`);
    const rdata = encodeRdata(type, rest ?? '');
    table.add({
      owner: table.append(wireName(owner)),
      type,
      ttl: Number(ttl),
      rdataOffset: table.append(rdata),
      rdataLength: rdata.length,
      file: 0,
      line: index + 1,
      column: line.indexOf(mnemonic ?? '') + 1,
    });
  }
  return table;
}

export function wireName(text: string): Uint8Array {
  const name = parseName(text);
  if (typeof name === 'string') throw new Error(`${text}: ${name}`);
  return name;
}

function encodeRdata(type: number, text: string): Uint8Array {
  if (type === RecordType.A || type === RecordType.AAAA) return parseIpAddress(text) ?? new Uint8Array();
  if (type !== RecordType.TXT) return wireName(text);
  const strings = text.startsWith('"')
    ? [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '')
    : [text];
  return Uint8Array.from(strings.flatMap((string) => [string.length, ...textToOctets(string)]));
}
