// One version of one zone: its files read, checked and compiled, ready to be served.

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { parseName } from '../../core/dns/name.ts';
import { RecordType } from '../../core/dns/record-type.ts';
import {
  formatHostName,
  type PreferenceHost,
  preferenceHosts,
  type RecordPosition,
} from '../../core/preference/hosts.ts';
import { type CheckOptions, checkZone } from '../../core/zone/check/check.ts';
import { type Diagnostic, isError } from '../../core/zone/diagnostic.ts';
import { type CompileOptions, compileZone } from '../../core/zone/image/compile.ts';
import type { ZoneImage } from '../../core/zone/image/image.ts';
import { type IncludeReader, type ParsedZone, parseZone } from '../../core/zone/language/parser.ts';
import type { RecordTable } from '../../core/zone/record-table.ts';
import { systemClock } from '../../io/clock.ts';
import {
  includedPath,
  includeReader,
  readZoneFile,
  ZoneFileError,
  zoneNameOf,
} from '../../io/files/zone-files.ts';
import { toALabel } from '../../io/idna.ts';
import { createFinding, type Finding, type SourceText } from '../finding.ts';
import { PRIMARY, type ZoneOrigin } from './zone-origin.ts';

export interface ZoneVersion {
  /** Apex in lower case, without final dot. */
  readonly name: string;
  /** The zone file first, then what it includes, each once. */
  readonly texts: readonly SourceText[];
  /** Of names and content of all texts. */
  readonly digest: string;
  readonly image: ZoneImage;
  /** In the order of the file. */
  readonly hosts: readonly PreferenceHost[];
  readonly serial: number;
  readonly recordCount: number;
  readonly soa: RecordPosition;
}

export type ZoneReading =
  | { readonly kind: 'good'; readonly version: ZoneVersion; readonly findings: readonly Finding[] }
  /** `files` is what was read, to be watched. */
  | { readonly kind: 'bad'; readonly findings: readonly Finding[]; readonly files: readonly string[] };

/** What a zone is compiled with, and what is known of the server that is to have it. */
export interface ReadingOptions extends CompileOptions, Pick<CheckOptions, 'hasCertificate'> {}

/** Reads the file and all that it includes, once, so that what is checked is what is kept and served. */
export function readZone(path: string, reading: ReadingOptions, origin: ZoneOrigin = PRIMARY): ZoneReading {
  try {
    return judge(checkTexts(readZoneFile(path), includeReader(dirname(path)), reading), reading, origin);
  } catch (error) {
    if (!(error instanceof ZoneFileError)) throw error;
    const position = { file: path, line: 1, column: 1 };
    const finding = { code: 'zone-unreadable', severity: 'error', message: error.message, position } as const;
    return { kind: 'bad', findings: [createFinding(finding, [])], files: [path] };
  }
}

/** The same from texts that were kept: nothing is read from the disk. */
export function readKeptZone(
  texts: readonly SourceText[],
  reading: ReadingOptions,
  origin: ZoneOrigin = PRIMARY,
): ZoneReading {
  const [first, ...others] = texts;
  if (first === undefined) return { kind: 'bad', findings: [], files: [] };
  const kept = new Map(others.map((text) => [text.path, text])); // as many as the zone has files
  return judge(
    checkTexts(first, (path, from) => findKept(kept, path, from), reading),
    reading,
    origin,
  );
}

/** A zone of another server as it came: nothing is left of `records`, of which `text` is the stored form. */
export function readCopy(
  apex: Uint8Array,
  records: RecordTable,
  text: SourceText,
  { reading, drivesTracker }: { reading: ReadingOptions; drivesTracker: boolean },
): ZoneReading {
  const { path, octets } = text;
  const zone = { apex, records, files: [path], sources: [octets], diagnostics: [] };
  const findings = checkZone(zone, checking(reading));
  return judgeCopy(zone, { zone, texts: [text], findings }, reading, drivesTracker);
}

/** By the name that {@link includeReader} gave the text when it was read. */
function findKept(kept: ReadonlyMap<string, SourceText>, path: string, from: string) {
  return kept.get(includedPath(path, from)) ?? { failure: `${path} was not kept.` };
}

export interface ReadTexts {
  readonly zone: ParsedZone;
  /** The zone file first, then what it includes, each once. */
  readonly texts: readonly SourceText[];
  /** The text's own first, then those about the zone as a whole, both in order of place. */
  readonly findings: readonly Diagnostic[];
}

/** Parses and checks; the apex is known where no finding is an error. */
export function checkTexts(
  first: SourceText,
  include: IncludeReader,
  options: Pick<CheckOptions, 'hasCertificate'> = {},
): ReadTexts {
  const texts = new Map([[first.path, first]]); // bounded by the parser's limit of files a zone
  const zone = parseZone(first, {
    ...originOption(first.path),
    toALabel,
    include(path, from) {
      const read = include(path, from);
      if ('octets' in read) texts.set(read.path, read);
      return read;
    },
  });
  const findings = [...zone.diagnostics, ...checkZone(zone, checking(options))];
  return { zone, texts: [...texts.values()], findings };
}

function checking({ hasCertificate = false }: Pick<CheckOptions, 'hasCertificate'>): CheckOptions {
  return { hasCertificate, nowSeconds: systemClock.nowSeconds() };
}

function judge(read: ReadTexts, compiling: CompileOptions, origin: ZoneOrigin): ZoneReading {
  const { zone, texts, findings } = read;
  const { apex } = zone;
  const files = texts.map(({ path }) => path);
  const fatal = origin.kind === 'primary' ? findings : zone.diagnostics;
  if (apex === undefined || fatal.some(isError)) return { kind: 'bad', findings, files };
  if (origin.kind === 'primary')
    return { kind: 'good', version: createVersion({ ...zone, apex }, texts, compiling), findings };
  return judgeCopy({ ...zone, apex }, read, compiling, origin.drivesTracker);
}

/** What is wrong with another server's zone is for its editor to mend: it is served all the same, where that can be. */
// Four positional parameters: all that `judge` knows.
function judgeCopy(
  zone: ParsedZone & { readonly apex: Uint8Array },
  { texts, findings }: ReadTexts,
  compiling: CompileOptions,
  drivesTracker: boolean,
): ZoneReading {
  const warnings = findings.map((finding) => ({ ...finding, severity: 'warning' as const }));
  try {
    const version = createVersion(zone, texts, compiling);
    return {
      kind: 'good',
      version: drivesTracker ? version : { ...version, hosts: [] },
      findings: warnings,
    };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    const position = { file: texts[0]!.path, line: 1, column: 1 };
    const message = `this copy cannot be served: ${error.message}; mend the zone at its primary`;
    const finding = { code: 'zone-not-compiled', severity: 'error', message, position } as const;
    return {
      kind: 'bad',
      findings: [...warnings, createFinding(finding, [])],
      files: texts.map(({ path }) => path),
    };
  }
}

/** A file's name is its origin when the text names none. */
function originOption(path: string): { origin?: Uint8Array } {
  const origin = parseName(zoneNameOf(path));
  return typeof origin === 'string' ? {} : { origin };
}

function createVersion(
  zone: ParsedZone & { readonly apex: Uint8Array },
  texts: readonly SourceText[],
  compiling: CompileOptions,
): ZoneVersion {
  const known = {
    name: formatHostName(zone.apex),
    texts,
    digest: digestOf(texts),
    hosts: preferenceHosts(zone),
    soa: soaPosition(zone),
  };
  // Last, for nothing is left of the records then.
  const image = compileZone(zone, { ...compiling, takesRecords: true });
  return { ...known, image, serial: image.serial, recordCount: image.recordCount };
}

export function digestOf(texts: readonly SourceText[]): string {
  const hash = createHash('sha256');
  for (const { path, octets } of texts) hash.update(`${path}\0${octets.length}\0`).update(octets);
  return hash.digest('hex');
}

/** A checked zone has its SOA at the apex. */
export function soaPosition({ records, files }: ParsedZone): RecordPosition {
  const row = records.types.subarray(0, records.count).indexOf(RecordType.SOA);
  return { file: files[records.files[row]!] ?? '', line: records.lines[row]!, column: records.columns[row]! };
}

/** Whether the files still say what this version says: whoever edits an include edits the zone. */
export function isUnchanged(version: ZoneVersion): boolean {
  try {
    const texts = version.texts.map(({ path }) => ({ path, octets: readZoneFile(path).octets }));
    return digestOf(texts) === version.digest;
  } catch (error) {
    if (error instanceof ZoneFileError) return false;
    throw error;
  }
}
