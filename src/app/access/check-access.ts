// The files of access control, read and checked without a server: what `portolan check` asks for.

import type { AccessConfig, ListKind } from '../config/access-settings.ts';
import type { Finding } from '../finding.ts';
import type { Machine } from '../machine.ts';
import { createKnownPasskeys } from './known-passkeys.ts';
import { readAccessList } from './list-kinds.ts';
import { readPasskeyFile } from './passkey-file.ts';

export interface CheckedAccess {
  /** Absolute. */
  readonly path: string;
  readonly findings: readonly Finding[];
}

/** One file after the other, in the order of the configuration. */
export async function checkAccessFiles(
  { lists, passkeys }: AccessConfig,
  { randomOctets }: Pick<Machine, 'randomOctets'>,
): Promise<readonly CheckedAccess[]> {
  const checked: CheckedAccess[] = [];
  for (const [kind, path] of Object.entries(lists) as [ListKind, string][])
    checked.push({ path, findings: (await readAccessList(kind, path)).findings });
  if (passkeys?.kind === 'file') {
    const { path } = passkeys;
    const known = createKnownPasskeys(passkeys, randomOctets);
    checked.push({ path, findings: (await readPasskeyFile(path, known)).findings });
  }
  return checked;
}
