// Zone files read and checked without being served: what `portolan check` and editors ask for.

import { dirname } from 'node:path';
import { parseName } from '../../core/dns/name.ts';
import { checkZone } from '../../core/zone/check.ts';
import type { Diagnostic } from '../../core/zone/diagnostic.ts';
import { parseZone } from '../../core/zone/parser.ts';
import { includeReader, listZoneFiles, readZoneFile, zoneNameOf } from '../../io/zone-files.ts';

export interface CheckedZone {
  readonly path: string;
  readonly recordCount: number;
  /** The text's own findings first, then those about the zone as a whole, both in order of place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The zone files that `path` names: itself, or a folder's. Throws ZoneFileError when there is no such thing. */
export function zoneFilesAt(path: string): readonly string[] {
  return listZoneFiles(path);
}

/** Throws ZoneFileError when the file itself cannot be read; what it includes is among the findings. */
export function checkZoneFile(path: string): CheckedZone {
  const origin = parseName(zoneNameOf(path));
  const zone = parseZone(readZoneFile(path), {
    ...(typeof origin === 'string' ? {} : { origin }),
    include: includeReader(dirname(path)),
  });
  return {
    path,
    recordCount: zone.records.count,
    diagnostics: [...zone.diagnostics, ...checkZone(zone)],
  };
}

export { ZoneFileError } from '../../io/zone-files.ts';
