// One file of access control, read and parsed: what it says, or all that is wrong with it as findings with file and line.

import { ACCESS_CODES } from '../../core/access/access-codes.ts';
import { createListReader, type ListProblem, type ListReader } from '../../core/access/list-lines.ts';
import { octetsToText } from '../../core/octets/text.ts';
import { FileError, readFileBounded } from '../../io/files/files.ts';
import type { Finding } from '../finding.ts';

/** Four million lines of 64 digits and a comment. */
export const MAX_LIST_OCTETS = 512 * 1024 * 1024;
/** Of a line of source, what a finding shows. */
const MAX_SOURCE_CHARACTERS = 1000;

export interface ReadList<T> {
  /** Undefined where there is an error among the findings. */
  readonly value: T | undefined;
  readonly findings: readonly Finding[];
  /** What was read; undefined where nothing could be. */
  readonly octets: Uint8Array | undefined;
}

export interface ReadListOptions<T> {
  readonly path: string;
  parse(reader: ListReader): T;
  /** What stands in the file may be shown to whoever reads findings. */
  readonly isShown: boolean;
  /** Warnings about the list as a whole. */
  readonly warn?: (value: T) => Pick<ListProblem, 'code' | 'message'> | undefined;
}

export async function readList<T>(options: ReadListOptions<T>): Promise<ReadList<T>> {
  const { path, parse, isShown, warn } = options;
  let octets: Uint8Array;
  try {
    octets = await readFileBounded(path, MAX_LIST_OCTETS);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const finding = wholeFinding(path, { code: 'list-unreadable', message: `${error.message}.` });
    return { value: undefined, findings: [finding], octets: undefined };
  }
  const reader = createListReader(octets);
  const value = parse(reader);
  const problems = reader.problems.map((problem) => findingOf(path, problem, isShown ? octets : undefined));
  const warning = problems.length === 0 ? warn?.(value) : undefined;
  const findings = warning === undefined ? problems : [wholeFinding(path, warning)];
  return {
    value: findings.some((finding) => finding.severity === 'error') ? undefined : value,
    findings,
    octets,
  };
}

function wholeFinding(file: string, { code, message }: Pick<ListProblem, 'code' | 'message'>): Finding {
  const { severity } = ACCESS_CODES[code];
  return { severity, code, message, file, line: 1, column: 1, length: 1, source: '' };
}

function findingOf(file: string, problem: ListProblem, octets: Uint8Array | undefined): Finding {
  const { code, message, line, column, length, lineStart, lineEnd } = problem;
  const end = Math.min(lineEnd, lineStart + MAX_SOURCE_CHARACTERS);
  const source = octets === undefined ? '' : octetsToText(octets, lineStart, end);
  return { severity: ACCESS_CODES[code].severity, code, message, file, line, column, length, source };
}
