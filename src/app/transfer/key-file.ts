// Files with TSIG keys, as the tools of the field write them: key clauses (tsig-keygen, named.conf), and lines of
// `dig -y`. What is wrong is said without what was read: it may be a secret.

import { formatKeyName, parseKeyName } from '../../core/transfer/access.ts';
import { TSIG_MAC_OCTETS, type TsigAlgorithm, type TsigKey } from '../../core/transfer/tsig-key.ts';

export interface KeyFileProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface KeyFile {
  readonly keys: readonly TsigKey[];
  readonly problems: readonly KeyFileProblem[];
}

/** The rest of the file is left unread: a file of keys has a handful. */
const MAX_KEYS = 1000;

const COMMENT = String.raw`(?:#|//)[^\n]*|/\*[\s\S]*?\*/`;
/** A comment, a quoted string, a mark of the clauses, or a word. */
const TOKEN = new RegExp(String.raw`${COMMENT}|"([^"\n]*)"|([{};])|([^\s{};"]+)|(")`, 'g');

interface Token {
  readonly text: string;
  /** `mark`: a brace or a semicolon. */
  readonly kind: 'mark' | 'word' | 'fault';
  readonly line: number;
}

/** Reads all keys; a key twice is a problem. */
export function parseKeyFile(text: string): KeyFile {
  const tokens = tokensOf(text);
  const keys: TsigKey[] = []; // at most MAX_KEYS
  const problems: KeyFileProblem[] = [];
  for (let at = 0; at < tokens.length && keys.length + problems.length < MAX_KEYS; ) {
    const { line } = tokens[at]!;
    const isClause = tokens[at]!.text.toLowerCase() === 'key';
    const found = isClause ? readClause(tokens, at + 1) : readLine(tokens, at);
    at = found.end;
    const result = 'message' in found ? found : createKey(found);
    if ('message' in result) problems.push({ line, message: result.message });
    else if (keys.some(({ name }) => formatKeyName(name) === formatKeyName(result.name)))
      problems.push({ line, message: `the key ${formatKeyName(result.name)} is there twice` });
    else keys.push(result);
  }
  return { keys, problems };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let read = 0;
  for (const match of text.matchAll(TOKEN)) {
    for (; read < match.index; read++) if (text[read] === '\n') line++;
    const [, quoted, mark, word, fault] = match;
    if (mark !== undefined) tokens.push({ text: mark, kind: 'mark', line });
    else if (fault !== undefined) tokens.push({ text: '', kind: 'fault', line });
    else if (quoted !== undefined || word !== undefined)
      tokens.push({ text: quoted ?? word!, kind: 'word', line });
  }
  return tokens;
}

interface WrittenKey {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
  /** The token after it. */
  readonly end: number;
}

interface Fault {
  readonly message: string;
  readonly end: number;
}

/** `key "name" { algorithm hmac-sha256; secret "…"; };`, the last semicolon optional. `at` is behind the word `key`. */
function readClause(tokens: readonly Token[], at: number): WrittenKey | Fault {
  const name = tokens[at];
  const values = new Map<string, string>(); // algorithm and secret
  let end = at + 2;
  if (name?.kind !== 'word' || tokens[at + 1]?.text !== '{')
    return { ...CLAUSE_FAULT, end: skipClause(tokens, at) };
  while (tokens[end]?.kind === 'word') {
    const [key, value, mark] = [tokens[end]!, tokens[end + 1], tokens[end + 2]];
    const known = key.text === 'algorithm' || key.text === 'secret';
    if (!known || value?.kind !== 'word' || mark?.text !== ';' || values.has(key.text))
      return { ...CLAUSE_FAULT, end: skipClause(tokens, end) };
    values.set(key.text, value.text);
    end += 3;
  }
  const isWhole = tokens[end]?.text === '}' && values.size === 2;
  if (!isWhole) return { ...CLAUSE_FAULT, end: skipClause(tokens, end) };
  end += tokens[end + 1]?.text === ';' ? 2 : 1;
  return { name: name.text, algorithm: values.get('algorithm')!, secret: values.get('secret')!, end };
}

const CLAUSE_FAULT = { message: 'expected key "NAME" { algorithm hmac-sha256; secret "BASE64"; };' };

/** Behind the next closing brace, or where the next clause begins. */
function skipClause(tokens: readonly Token[], from: number): number {
  let at = from;
  while (at < tokens.length && tokens[at]!.text !== '}' && tokens[at]!.text !== 'key') at++;
  if (tokens[at]?.text === '}') at++;
  return tokens[at]?.text === ';' ? at + 1 : at;
}

/** `hmac-sha256:name:secret`. */
function readLine(tokens: readonly Token[], at: number): WrittenKey | Fault {
  const { text, kind } = tokens[at]!;
  const [algorithm, name, secret, ...rest] = text.split(':');
  const isWhole = kind === 'word' && secret !== undefined && rest.length === 0;
  if (isWhole) return { algorithm: algorithm!, name: name!, secret, end: at + 1 };
  const { line } = tokens[at]!;
  let end = at + 1;
  while (tokens[end]?.line === line && tokens[end]!.text !== 'key') end++;
  return { message: 'expected hmac-sha256:NAME:SECRET, or a key clause', end };
}

function createKey({ name: written, algorithm, secret: base64 }: WrittenKey): TsigKey | { message: string } {
  const name = parseKeyName(written);
  if (name === undefined) return { message: 'the name of the key is no domain name' };
  const known = algorithm.toLowerCase().replace(/\.$/, '');
  if (!isAlgorithm(known)) {
    const all = Object.keys(TSIG_MAC_OCTETS).join(', ');
    return { message: `the algorithm of ${formatKeyName(name)} is none of ${all}` };
  }
  const secret = parseBase64(base64);
  if (secret === undefined || secret.length === 0)
    return { message: `the secret of ${formatKeyName(name)} is not Base64` };
  return { name, algorithm: known, secret };
}

function isAlgorithm(text: string): text is TsigAlgorithm {
  return text in TSIG_MAC_OCTETS;
}

/** RFC 4648 §4, padding included; undefined for anything else. */
function parseBase64(text: string): Uint8Array | undefined {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return isBase64 ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
}
