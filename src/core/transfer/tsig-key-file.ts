// Files with TSIG keys as the tools of the field write them: key clauses (tsig-keygen, named.conf) and lines of
// `dig -y`. What is wrong is said without what was read: a secret may stand in any place.

import { isSameName } from '../dns/name.ts';
import { parseBase64 } from '../octets/base64.ts';
import { parseKeyName } from './access.ts';
import { TSIG_MAC_OCTETS, type TsigAlgorithm, type TsigKey } from './tsig-key.ts';
import { type KeyToken, readKeyTokens } from './tsig-key-tokens.ts';

export interface KeyFileProblem {
  readonly code: KeyFileCode;
  /** One sentence without its full stop. */
  readonly message: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export type KeyFileCode =
  | 'bad-key-clause'
  | 'bad-key-line'
  | 'bad-key-name'
  | 'bad-key-secret'
  | 'unknown-algorithm'
  | 'weak-algorithm'
  | 'key-twice'
  | 'too-many-keys'
  | 'key-file-too-large';

export interface KeyFile {
  readonly keys: readonly TsigKey[];
  readonly problems: readonly KeyFileProblem[];
}

/** A thousand keys of 64 octets with long names: what is larger was named by mistake. */
export const MAX_KEY_FILE_OCTETS: number = 256 * 1024;
/** One a peer, and a few for the day that they change: far more than any server has peers. */
export const MAX_KEYS = 1000;

/** RFC 8945 §6 has them for those who must; here is nobody. */
const WEAK_ALGORITHMS = ['hmac-md5', 'hmac-md5.sig-alg.reg.int', 'hmac-sha1', 'hmac-sha224'];

const MESSAGES = {
  'bad-key-clause': 'expected key "NAME" { algorithm hmac-sha256; secret "BASE64"; };',
  'bad-key-line': 'expected hmac-sha256:NAME:SECRET, or a key clause',
  'bad-key-name': 'the name of the key is no domain name',
  'bad-key-secret': 'the secret of the key is not Base64',
  'unknown-algorithm': `the algorithm of the key is none of ${Object.keys(TSIG_MAC_OCTETS).join(', ')}`,
  'weak-algorithm': 'the algorithm of the key is too weak: hmac-sha256 and up',
  'key-twice': 'a key of this name is there already',
  'too-many-keys': `there are more than ${MAX_KEYS} keys`,
  'key-file-too-large': `the file has more than ${MAX_KEY_FILE_OCTETS} octets`,
} as const satisfies Record<KeyFileCode, string>;

/** Where something stands. */
type Place = Pick<KeyToken, 'line' | 'column'>;
type Text = Pick<KeyToken, 'text' | 'line' | 'column'>;

interface WrittenKey {
  readonly name: Text;
  readonly algorithm: Text;
  readonly secret: Text;
  /** The token after it. */
  readonly end: number;
}

interface Fault extends Place {
  readonly code: KeyFileCode;
  readonly end: number;
}

/** Reads all keys and says all that is wrong, each with its place. The keys have different names. */
export function parseKeyFile(text: string): KeyFile {
  const keys: TsigKey[] = []; // at most MAX_KEYS, with the problems
  const problems: KeyFileProblem[] = [];
  const report = (code: KeyFileCode, { line, column }: Place): void => {
    problems.push({ code, message: MESSAGES[code], line, column });
  };
  if (text.length > MAX_KEY_FILE_OCTETS) {
    report('key-file-too-large', { line: 1, column: 1 });
    return { keys, problems };
  }
  const tokens = readKeyTokens(text);
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    if (keys.length + problems.length >= MAX_KEYS) {
      report('too-many-keys', token);
      break;
    }
    const found = isClauseStart(token) ? readClause(tokens, at) : readLine(tokens, at);
    at = found.end;
    const result = 'code' in found ? found : createKey(found);
    if ('code' in result) report(result.code, result);
    else if (keys.some(({ name }) => isSameName(name, result.name))) report('key-twice', token);
    else keys.push(result);
  }
  return { keys, problems };
}

function isClauseStart(token: KeyToken | undefined): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === 'key';
}

function isMark(token: KeyToken | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

/** `key "name" { algorithm hmac-sha256; secret "…"; };`, in either order, the last semicolon optional. */
function readClause(tokens: readonly KeyToken[], start: number): WrittenKey | Fault {
  const fault = (at: number): Fault => {
    const { line, column } = tokens[at] ?? tokens[start]!;
    return { code: 'bad-key-clause', line, column, end: skipClause(tokens, Math.max(at, start + 1)) };
  };
  const name = tokens[start + 1];
  if (name?.kind !== 'word') return fault(start + 1);
  if (!isMark(tokens[start + 2], '{')) return fault(start + 2);
  const values = new Map<string, KeyToken>(); // algorithm and secret
  let end = start + 3;
  for (; tokens[end]?.kind === 'word'; end += 3) {
    const field = tokens[end]!.text.toLowerCase();
    const value = tokens[end + 1];
    if ((field !== 'algorithm' && field !== 'secret') || values.has(field)) return fault(end);
    if (value?.kind !== 'word') return fault(end + 1);
    if (!isMark(tokens[end + 2], ';')) return fault(end + 2);
    values.set(field, value);
  }
  const algorithm = values.get('algorithm');
  const secret = values.get('secret');
  if (!isMark(tokens[end], '}') || algorithm === undefined || secret === undefined) return fault(end);
  end += isMark(tokens[end + 1], ';') ? 2 : 1;
  return { name, algorithm, secret, end };
}

/** Behind the next closing brace, or where the next clause begins. */
function skipClause(tokens: readonly KeyToken[], from: number): number {
  let at = from;
  while (at < tokens.length && !isMark(tokens[at], '}') && !isClauseStart(tokens[at])) at++;
  if (isMark(tokens[at], '}')) at++;
  return isMark(tokens[at], ';') ? at + 1 : at;
}

/** `hmac-sha256:name:secret`; what follows on the line is a fault of its own. */
function readLine(tokens: readonly KeyToken[], at: number): WrittenKey | Fault {
  const { text, kind, line, column } = tokens[at]!;
  const [algorithm = '', name = '', secret, ...rest] = text.split(':');
  if (kind === 'word' && secret !== undefined && rest.length === 0) {
    const nameColumn = column + algorithm.length + 1;
    return {
      algorithm: { text: algorithm, line, column },
      name: { text: name, line, column: nameColumn },
      secret: { text: secret, line, column: nameColumn + name.length + 1 },
      end: at + 1,
    };
  }
  let end = at + 1;
  while (tokens[end]?.line === line && !isClauseStart(tokens[end])) end++;
  return { code: 'bad-key-line', line, column, end };
}

function createKey({ name, algorithm, secret, end }: WrittenKey): TsigKey | Fault {
  const fault = (code: KeyFileCode, { line, column }: Place): Fault => ({ code, line, column, end });
  const wire = parseKeyName(name.text);
  if (wire === undefined) return fault('bad-key-name', name);
  const known = algorithm.text.toLowerCase().replace(/\.$/, '');
  if (WEAK_ALGORITHMS.includes(known)) return fault('weak-algorithm', algorithm);
  if (!isAlgorithm(known)) return fault('unknown-algorithm', algorithm);
  const octets = parseBase64(secret.text);
  if (octets === undefined || octets.length === 0) return fault('bad-key-secret', secret);
  return { name: wire, algorithm: known, secret: octets };
}

function isAlgorithm(text: string): text is TsigAlgorithm {
  return Object.hasOwn(TSIG_MAC_OCTETS, text);
}
