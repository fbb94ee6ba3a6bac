// The TXT records that DNS gives for a name of ours, for those parts of the program that ask DNS what a host declares.

import { createCounters } from '../../counters.ts';
import { joinStrings } from '../../dns/character-strings.ts';
import { HEADER_OCTETS } from '../../dns/query.ts';
import { RecordClass, RecordType } from '../../dns/record-type.ts';
import { createPacketSource } from '../../net/packet-handler.ts';
import { readUint16, writeUint16 } from '../../octets/big-endian.ts';
import type { TxtAnswer } from '../../preference/host-rule.ts';
import type { Catalog } from '../image/catalog.ts';
import { createAuthority, MAX_STREAM_REPLY_OCTETS } from './authority.ts';

/**
 * Asks as a client would, so that wildcards, aliases and cuts are what DNS says they are. Names are in wire form. What an
 * answer is written to is kept: strangers choose the names that are looked up.
 */
export function createTxtFinder(catalog: Catalog): (name: Uint8Array) => TxtAnswer {
  const reply = new Uint8Array(MAX_STREAM_REPLY_OCTETS);
  const authority = createAuthority({ catalog, counters: createCounters() });
  const source = createPacketSource();
  return (name) => {
    const query = encodeQuestion(name);
    const length = authority.handleStream(query, 0, query.length, source, reply, 0, 0);
    const isAuthoritative = length > 0 && (reply[2]! & 0x04) !== 0;
    return isAuthoritative ? readAnswer(reply, query.length) : { kind: 'foreign' };
  };
}

function encodeQuestion(name: Uint8Array): Uint8Array {
  const query = new Uint8Array(HEADER_OCTETS + name.length + 4);
  writeUint16(query, 4, 1);
  query.set(name, HEADER_OCTETS);
  writeUint16(query, HEADER_OCTETS + name.length, RecordType.TXT);
  writeUint16(query, HEADER_OCTETS + name.length + 2, RecordClass.IN);
  return query;
}

function readAnswer(reply: Uint8Array, questionEnd: number): TxtAnswer {
  const texts: string[] = [];
  let at = questionEnd;
  for (let left = readUint16(reply, 6); left > 0; left--) {
    // The owner is a pointer: that is how the records of an answer are written.
    const rdata = at + 12;
    at = rdata + readUint16(reply, at + 10);
    if (readUint16(reply, rdata - 10) === RecordType.TXT) texts.push(joinStrings(reply, rdata, at) ?? '');
  }
  return texts.length === 0 ? { kind: 'absent' } : { kind: 'found', texts };
}
