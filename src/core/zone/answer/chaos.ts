// What a server says of itself in class CHAOS (RFC 4892): names that every server has, answered where its operator
// wants that.

import { parseName } from '../../dns/name.ts';
import type { QueryName } from '../../dns/query-name.ts';
import { RecordClass, RecordType } from '../../dns/record-type.ts';
import { writeUint16 } from '../../octets/big-endian.ts';
import type { ReplyWriter } from './reply-writer.ts';
import { Section } from './reply-writer.ts';

/** RFC 1035 §3.3: one character-string. */
export const MAX_CHAOS_OCTETS = 255;

export interface ChaosSettings {
  /** `version.bind`, `version.server`. */
  readonly version?: Uint8Array;
  /** `hostname.bind`, `id.server`. */
  readonly identity?: Uint8Array;
}

interface ChaosName {
  /** Wire form, lower case. */
  readonly name: Uint8Array;
  readonly text: Uint8Array;
}

export class ChaosNames {
  private readonly names: readonly ChaosName[];

  constructor({ version, identity }: ChaosSettings) {
    this.names = [
      ...chaosNames(['version.bind.', 'version.server.'], version),
      ...chaosNames(['hostname.bind.', 'id.server.'], identity),
    ];
  }

  /** Appends the TXT record of a name that is answered; false for all else. `reply` holds header and question. */
  write(name: QueryName, type: number, reply: ReplyWriter): boolean {
    if (type !== RecordType.TXT && type !== RecordType.ANY) return false;
    for (const { name: known, text } of this.names)
      if (isName(name, known)) return writeText(text, name, reply);
    return false;
  }
}

function chaosNames(names: readonly string[], text: Uint8Array | undefined): ChaosName[] {
  if (text === undefined || text.length === 0) return [];
  if (text.length > MAX_CHAOS_OCTETS) throw new RangeError('a CHAOS text is too long');
  return names.map((name) => ({ name: parseName(name) as Uint8Array, text }));
}

function isName(name: QueryName, known: Uint8Array): boolean {
  if (name.length !== known.length) return false;
  for (let index = 0; index < known.length; index++) if (name.octets[index] !== known[index]) return false;
  return true;
}

function writeText(text: Uint8Array, name: QueryName, reply: ReplyWriter): boolean {
  const lengthAt = reply.appendHeader(name.positions[0]!, RecordType.TXT, 0);
  writeUint16(reply.octets, lengthAt - 6, RecordClass.CH);
  writeUint16(reply.octets, lengthAt, 1 + text.length);
  reply.octets[reply.position++] = text.length;
  reply.copy(text, 0, text.length);
  reply.count(Section.answer, 1);
  return true;
}
