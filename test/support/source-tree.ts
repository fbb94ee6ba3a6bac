// The project's own source as data, for the tests that hold its structure. Read with a real parser (the one vitest
// carries), so that a word in a comment, a string or a property name is not taken for a use.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

/** The folder of package.json. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface SourceFile {
  /** Relative to the root read, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
  /** Every identifier that is read or declared, types included, property names not. */
  readonly identifiers: ReadonlyMap<string, number>;
  /** Lines of `async` functions and of `await`. */
  readonly asyncLines: readonly number[];
  /** `Math.random` and the like: a global and one of its properties, with the line. */
  readonly members: ReadonlyMap<string, number>;
  /** Constants of the file with a number whose name is a bound or a time, and whether a comment stands before them. */
  readonly limits: readonly { readonly name: string; readonly line: number; readonly documented: boolean }[];
}

export interface Import {
  readonly specifier: string;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  /** Lines of its own: those of functions declared inside count for these. */
  readonly lines: number;
  /** From its first line to its last, with all that is declared inside. */
  readonly wholeLines: number;
  readonly parameters: number;
}

/** Paths below `folder` that end so, sorted, relative to the root, with `/`; node_modules and dist left out. */
export function listFiles(folder: string, suffix: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}

export function readSourceFile(path: string): SourceFile {
  return parseSourceFile(path, readText(path));
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export function parseSourceFile(path: string, text: string): SourceFile {
  const program = parseAst(text, { lang: 'ts', astType: 'ts' }) as unknown as Node;
  const lineOf = createLineIndex(text);
  const imports: Import[] = [];
  const functions: FunctionSpan[] = [];
  const identifiers = new Map<string, number>();
  const members = new Map<string, number>();
  const asyncLines: number[] = [];
  visit(program, undefined, undefined, (node, parent, key) => {
    const line = lineOf(node.start);
    const imported = importOf(node);
    if (imported !== undefined) imports.push({ ...imported, line });
    if (isFunction(node)) {
      functions.push({ ...measure(node, lineOf), name: nameOf(node, parent), line });
      if (node['async'] === true) asyncLines.push(line);
    }
    if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node['await'] === true)) {
      asyncLines.push(line);
    }
    if (node.type === 'Identifier' && !isPropertyName(parent, key)) {
      identifiers.set(node['name'] as string, identifiers.get(node['name'] as string) ?? line);
    }
    const member = memberOf(node);
    if (member !== undefined) members.set(member, members.get(member) ?? line);
  });
  return {
    path,
    text,
    imports,
    functions,
    identifiers,
    asyncLines,
    members,
    limits: limitsOf(program, text, lineOf),
  };
}

function visit(
  node: Node,
  parent: Node | undefined,
  key: string | undefined,
  look: (node: Node, parent: Node | undefined, key: string | undefined) => void,
): void {
  look(node, parent, key);
  for (const [childKey, child] of Object.entries(node)) {
    for (const item of Array.isArray(child) ? child : [child]) {
      if (isNode(item)) visit(item, node, childKey, look);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function importOf(node: Node): Omit<Import, 'line'> | undefined {
  const source = node['source'];
  if (!isNode(source) || typeof source['value'] !== 'string') return undefined;
  const specifier = source['value'];
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier, typeOnly: node['importKind'] === 'type' };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return { specifier, typeOnly: node['exportKind'] === 'type' };
    case 'ImportExpression':
      return { specifier, typeOnly: false };
    case 'TSImportType':
      return { specifier, typeOnly: true };
    default:
      return undefined;
  }
}

const FUNCTION_TYPES = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

function isFunction(node: Node): boolean {
  return FUNCTION_TYPES.includes(node.type) && isNode(node['body']);
}

function nameOf(node: Node, parent: Node | undefined): string {
  for (const named of [node['id'], parent?.['key'], parent?.['id']]) {
    if (isNode(named) && typeof named['name'] === 'string') return named['name'];
  }
  return '(anonymous)';
}

function measure(node: Node, lineOf: (offset: number) => number): Omit<FunctionSpan, 'name' | 'line'> {
  const span = (inner: Node): number => lineOf(inner.end) - lineOf(inner.start) + 1;
  const wholeLines = span(node);
  let lines = wholeLines;
  const subtract = (child: Node): void => {
    if (isFunction(child)) lines -= Math.max(0, span(child) - 1);
    else forEachChild(child, subtract);
  };
  forEachChild(node, subtract);
  return { lines, wholeLines, parameters: (node['params'] as Node[]).length };
}

function forEachChild(node: Node, look: (child: Node) => void): void {
  for (const child of Object.values(node)) {
    for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) look(item);
  }
}

const NAMED_BY_KEY = [
  'Property',
  'PropertyDefinition',
  'MethodDefinition',
  'TSPropertySignature',
  'TSMethodSignature',
];

function isPropertyName(parent: Node | undefined, key: string | undefined): boolean {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return key === 'property' && parent['computed'] !== true;
  if (parent.type === 'ImportSpecifier') return key === 'imported';
  if (parent.type === 'ExportSpecifier') return key === 'exported';
  if (parent.type === 'TSQualifiedName') return key === 'right';
  return NAMED_BY_KEY.includes(parent.type) && key === 'key' && parent['computed'] !== true;
}

function memberOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined;
  const { object, property } = node as unknown as { object: Node; property: Node };
  if (object.type !== 'Identifier' || property.type !== 'Identifier') return undefined;
  return `${object['name']}.${property['name']}`;
}

const LIMIT_NAME = /^(MAX|MIN|DEFAULT)_[A-Z0-9_]+$|^[A-Z0-9_]+_(LIMIT|MAX|TIMEOUT|SECONDS|MILLISECONDS)$/;

function limitsOf(program: Node, text: string, lineOf: (offset: number) => number): SourceFile['limits'] {
  const limits: { name: string; line: number; documented: boolean }[] = [];
  for (const statement of program['body'] as Node[]) {
    const exported = statement['declaration'];
    const declaration = isNode(exported) ? exported : statement;
    if (declaration.type !== 'VariableDeclaration') continue;
    for (const declarator of declaration['declarations'] as Node[]) {
      const { id, init } = declarator as unknown as { id: Node; init: Node | null };
      const name = String(id['name']);
      if (!LIMIT_NAME.test(name) || init === null || !isNumeric(init)) continue;
      limits.push({ name, line: lineOf(statement.start), documented: isCommented(text, statement.start) });
    }
  }
  return limits;
}

function isNumeric(node: Node): boolean {
  if (node.type === 'Literal') return typeof node['value'] === 'number';
  if (node.type !== 'BinaryExpression') return false;
  return isNumeric(node['left'] as Node) && isNumeric(node['right'] as Node);
}

function isCommented(text: string, start: number): boolean {
  const lineBefore = text.slice(0, start).trimEnd().split('\n').at(-1)!;
  return lineBefore.endsWith('*/') || lineBefore.trimStart().startsWith('//');
}

/** Line from 1 of an offset. */
function createLineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1))
    starts.push(index + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** The file that a relative import names, relative to the root; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}
