// DNS messages of which every octet is the test's to choose.

/** Hexadecimal with blanks. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

/** `t.clean.example. TXT IN`, which the server answers with NOERROR where nothing is wrong. */
export const QUESTION = hex('01 74 05 636c65616e 07 6578616d706c65 00 0010 0001');

export interface MessageParts {
  readonly id?: number;
  readonly flags?: number;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT. */
  readonly counts?: readonly [number, number, number, number];
  readonly body?: Uint8Array | readonly Uint8Array[];
}

export function message(parts: MessageParts): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(parts.id ?? 0x1234, 0);
  header.writeUInt16BE(parts.flags ?? 0, 2);
  for (const [index, count] of (parts.counts ?? [1, 0, 0, 0]).entries())
    header.writeUInt16BE(count, 4 + 2 * index);
  return Buffer.concat([header, ...[parts.body ?? QUESTION].flat()]);
}

export function recordOf(
  owner: Uint8Array,
  fields: {
    readonly type: number;
    readonly class?: number;
    readonly ttl?: number;
    readonly rdata?: Uint8Array;
  },
): Buffer {
  const rdata = fields.rdata ?? Buffer.alloc(0);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(fields.type, 0);
  head.writeUInt16BE(fields.class ?? 1, 2);
  head.writeUInt32BE(fields.ttl ?? 0, 4);
  head.writeUInt16BE(rdata.length, 8);
  return Buffer.concat([owner, head, rdata]);
}

const ROOT = Buffer.alloc(1);

/** `ttl` holds extended code, version and flags. */
export function optOf(fields: { size?: number; ttl?: number; options?: Uint8Array } = {}): Buffer {
  return recordOf(ROOT, {
    type: 41,
    class: fields.size ?? 1232,
    ttl: fields.ttl ?? 0,
    ...(fields.options && { rdata: fields.options }),
  });
}

/** A query with these records in its additional section. */
export function queryWith(...records: readonly Uint8Array[]): Buffer {
  return message({ counts: [1, 0, 0, records.length], body: [QUESTION, ...records] });
}

/** A query for one question in these octets. */
export function queryFor(question: Uint8Array): Buffer {
  return message({ body: question });
}

export function option(code: number, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** Behind the length that TCP wants. */
export function frame(octets: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([octets.length >> 8, octets.length & 0xff]), octets]);
}
