// The delegation of a zone from its file, or from a file of the configuration that has that name.

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Delegation, delegationOf } from '../../core/delegation/delegation.ts';
import { type Digest, DigestType } from '../../core/delegation/delegation-signer.ts';
import { formatHostName } from '../../core/preference/hosts.ts';
import { isError } from '../../core/zone/diagnostic.ts';
import {
  includeReader,
  listZoneFiles,
  readZoneFile,
  ZoneFileError,
  zoneNameOf,
} from '../../io/files/zone-files.ts';
import { checkTexts, type ReadTexts } from '../zones/zone-version.ts';

export type DelegationReading =
  | { readonly kind: 'delegation'; readonly delegation: Delegation; readonly path: string }
  /** Neither a file nor the name of a zone of the configuration. */
  | { readonly kind: 'unknown' }
  /** The file has errors: `portolan check` shows them. */
  | { readonly kind: 'wrong'; readonly path: string };

export interface DelegationSource {
  /** A path, or the name of a zone. */
  readonly zone: string;
  readonly workingDirectory: string;
  /** Files and folders of the configuration. */
  readonly zones: readonly string[];
}

/** Throws {@link ZoneFileError} for a file that cannot be read. */
export function readDelegation({ zone, workingDirectory, zones }: DelegationSource): DelegationReading {
  const path = resolve(workingDirectory, zone);
  if (existsSync(path) && !statSync(path).isDirectory()) return judge(path, read(path));
  const name = zone.toLowerCase().replace(/\.$/, '');
  const files = zones.flatMap(filesOf);
  // Its file most likely has its name; but the SOA decides.
  const likely = files.filter((file) => zoneNameOf(file).toLowerCase().replace(/\.$/, '') === name);
  for (const file of new Set([...likely, ...files])) {
    const texts = read(file);
    if (texts.zone.apex !== undefined && formatHostName(texts.zone.apex) === name) return judge(file, texts);
  }
  return { kind: 'unknown' };
}

/** A folder of the configuration that is not there has no zones. */
function filesOf(root: string): readonly string[] {
  try {
    return listZoneFiles(root);
  } catch (error) {
    if (error instanceof ZoneFileError) return [];
    throw error;
  }
}

function read(path: string): ReadTexts {
  // Which ports the tracker has is no matter of the parent's.
  return checkTexts(readZoneFile(path), includeReader(dirname(path)), { hasCertificate: true });
}

function judge(path: string, { zone, findings }: ReadTexts): DelegationReading {
  if (zone.apex === undefined || findings.some(isError)) return { kind: 'wrong', path };
  return { kind: 'delegation', delegation: delegationOf({ ...zone, apex: zone.apex }, digest), path };
}

const HASHES = {
  [DigestType.sha1]: 'sha1',
  [DigestType.sha256]: 'sha256',
  [DigestType.sha384]: 'sha384',
} as const;

const digest: Digest = (type, octets) => new Uint8Array(createHash(HASHES[type]).update(octets).digest());
