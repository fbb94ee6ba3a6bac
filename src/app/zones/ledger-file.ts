// The drain ledger on disk: read once at start, written before what it promises is published.

import { join } from 'node:path';
import { z } from 'zod';
import { canonicalAddress } from '../../core/net/ip-address.ts';
import {
  decodeLedger,
  EMPTY_LEDGER,
  encodeLedger,
  type Ledger,
  MAX_LEDGER_ENTRIES,
} from '../../core/preference/ledger.ts';
import { FileError, readFileBounded, writeFileAtomic } from '../../io/files/files.ts';

const entrySchema = z.strictObject({
  host: z.string(),
  transport: z.enum(['udp', 'tcp']),
  address: z.string().refine((text) => canonicalAddress(text) === text),
  port: z.int().min(1).max(65_535),
  ttlSeconds: z.int().min(0).optional(),
  staleUntil: z.int().min(0),
});

const ledgerSchema = z.strictObject({
  version: z.literal(1),
  entries: z.array(entrySchema).max(MAX_LEDGER_ENTRIES),
});

/** A name is at most 1,004 characters when all of its octets are escaped (RFC 1035 §5.1), the rest under 200. */
const MAX_LEDGER_OCTETS = MAX_LEDGER_ENTRIES * 1204 + 1024;

export type LedgerReading =
  | { readonly kind: 'ledger'; readonly ledger: Ledger }
  /** The file is there and is none of ours: ports that should drain are forgotten, which must be said. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface LedgerFile {
  read(): Promise<LedgerReading>;
  /** `shiftSeconds` as {@link encodeLedger} takes it. Throws {@link FileError}. */
  write(ledger: Ledger, shiftSeconds: number): Promise<void>;
}

export function createLedgerFile(stateFolder: string): LedgerFile {
  const path = join(stateFolder, 'ledger.json');
  return {
    async read() {
      try {
        const octets = await readFileBounded(path, MAX_LEDGER_OCTETS);
        const parsed = ledgerSchema.safeParse(JSON.parse(new TextDecoder().decode(octets)));
        if (parsed.success) return { kind: 'ledger', ledger: decodeLedger(parsed.data) };
        return { kind: 'unreadable', reason: `${path} is not a drain ledger` };
      } catch (error) {
        if (error instanceof FileError && error.code === 'not-found')
          return { kind: 'ledger', ledger: EMPTY_LEDGER };
        if (error instanceof FileError) return { kind: 'unreadable', reason: error.message };
        if (error instanceof SyntaxError)
          return { kind: 'unreadable', reason: `${path} is not a drain ledger` };
        throw error;
      }
    },
    async write(ledger, shiftSeconds) {
      await writeFileAtomic(
        path,
        new TextEncoder().encode(`${JSON.stringify(encodeLedger(ledger, shiftSeconds))}\n`),
      );
    },
  };
}
