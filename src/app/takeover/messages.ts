// What stands in the frames of a takeover (frames.ts) that are JSON. The other end is a process of the same user, but maybe of
// another version: what it says is checked as any input is.

import { z } from 'zod';
import type { OpenListener } from '../data-plane/hand-over.ts';

/** Raised with every change that an older process would misread. */
export const PROTOCOL = 1;

/** Octets of the word that ties the two sockets of a takeover together. */
export const WORD_OCTETS = 16;

const key = z.string().regex(/^[0-9a-f]{32}$/);
const address = { address: z.string().max(64), port: z.number().int().min(1).max(65_535) };
const listener = z.object({ transport: z.enum(['udp', 'tcp']), ...address });
/** Sockets of one listener: as many as there are workers, of whom no machine has more. */
const count = z.number().int().min(1).max(4096);

const hello = z.object({ protocol: z.number().int(), version: z.string().max(64), word: key });

const welcome = z.object({
  version: z.string().max(64),
  /** Of the snapshot that follows, with the keys (snapshot-format.ts). */
  head: z.string().regex(/^[0-9a-f]{144}$/),
  /** The second of the clock that the times in the table are of. */
  tableSeconds: z.number().int().nonnegative(),
  /** In the order of their descriptors, which follow. */
  sockets: z.array(z.object({ listener, count })).max(10_000),
});

const connections = z
  .array(
    z.object({
      listener,
      family: z.union([z.literal(4), z.literal(6)]),
      address: key,
      port: z.number().int().min(0).max(65_535),
      octets: z.string().regex(/^[A-Za-z0-9+/=]*$/),
      isNew: z.boolean(),
      awaitsProxy: z.boolean(),
    }),
  )
  .max(250);

export type Hello = z.infer<typeof hello>;
export type Welcome = z.infer<typeof welcome>;
export type ConnectionMessages = z.infer<typeof connections>;

/** Undefined for what is none. */
export const parseHello = (octets: Uint8Array): Hello | undefined => parse(hello, octets);
export const parseWelcome = (octets: Uint8Array): Welcome | undefined => parse(welcome, octets);
export const parseConnections = (octets: Uint8Array): ConnectionMessages | undefined =>
  parse(connections, octets);

export function formatMessage(message: Hello | Welcome | ConnectionMessages): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

export function formatReason(reason: string): Uint8Array {
  return new TextEncoder().encode(reason);
}

/** Of another process: without what a terminal would obey. */
export function parseReason(octets: Uint8Array): string {
  return new TextDecoder().decode(octets.subarray(0, 200)).replace(/[^\x20-\x7e]/g, '?');
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** One for each listener, in one order with its descriptors. */
export function describeSockets(
  open: readonly Pick<OpenListener, 'listener' | 'descriptors'>[],
): Welcome['sockets'] {
  return open.map(({ listener, descriptors }) => ({ listener: { ...listener }, count: descriptors.length }));
}

function parse<T>(schema: z.ZodType<T>, octets: Uint8Array): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(new TextDecoder().decode(octets)));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
