// Writes docs/library.md from the docstrings of what the library exports: `npm run docs`. A test says when it is behind.
// typedoc, which would be at hand, reads TypeScript up to version 6 through an interface that version 7 has not.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TARGET = 'docs/library.md';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface Exported {
  readonly name: string;
  /** Relative to the root. */
  readonly path: string;
}

interface Entry {
  readonly name: string;
  readonly text: string;
  readonly signature: string;
}

/** The whole document. */
export function libraryReference(): string {
  const pure = exportsOf('src/pure.ts').map(describeExport);
  const names = new Set(pure.map(({ name }) => name));
  const others = exportsOf('src/index.ts')
    .map(describeExport)
    .filter(({ name }) => !names.has(name));
  return `${[
    '# The library',
    "Made from the docstrings by `npm run docs`. `import … from 'portolan'` has all of it and runs in Node, Bun and Deno; importing it opens nothing.",
    '## Examples',
    ...readdirSync(join(ROOT, 'examples')).sort().map(formatExample),
    '## With look-ups',
    ...others.map(formatEntry),
    '## Pure',
    'Also as `portolan/pure`, for browsers: no I/O, no clock, no package.',
    ...pure.map(formatEntry),
  ].join('\n\n')}\n`;
}

function formatExample(name: string): string {
  return `\`examples/${name}\`:\n\n\`\`\`ts\n${read(`examples/${name}`).trimEnd()}\n\`\`\``;
}

function formatEntry({ name, text, signature }: Entry): string {
  const parts = [`### ${name}`, text, `\`\`\`ts\n${signature}\n\`\`\``];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What a module exports by `export … from`, in order of name, modules that it exports whole included. */
function exportsOf(path: string): Exported[] {
  const found = bodyOf(read(path)).flatMap((node): Exported[] => {
    const source = node['source'] as { readonly value: string } | null | undefined;
    if (source === null || source === undefined) return [];
    const target = posix.join(posix.dirname(path), source.value);
    if (node.type === 'ExportAllDeclaration') return exportsOf(target);
    if (node.type !== 'ExportNamedDeclaration') return [];
    const specifiers = node['specifiers'] as readonly { readonly exported: { readonly name: string } }[];
    return specifiers.map(({ exported }) => ({ name: exported.name, path: target }));
  });
  return found.sort((left, right) => (left.name < right.name ? -1 : 1));
}

function describeExport({ name, path }: Exported): Entry {
  const text = read(path);
  for (const node of bodyOf(text)) {
    const declaration = node['declaration'] as Node | null | undefined;
    if (node.type !== 'ExportNamedDeclaration' || !isOf(declaration, name)) continue;
    return { name, text: docstringBefore(text, node.start), signature: signatureOf(text, declaration!) };
  }
  throw new Error(`${path} declares no ${name}`);
}

function isOf(declaration: Node | null | undefined, name: string): boolean {
  if (declaration === null || declaration === undefined) return false;
  const variables = declaration['declarations'] as
    | readonly { readonly id: { readonly name: string } }[]
    | undefined;
  const id = declaration['id'] as { readonly name: string } | undefined;
  return id?.name === name || variables?.some((variable) => variable.id.name === name) === true;
}

/** What a caller sees: functions, classes and constants without what is in them, types whole. */
function signatureOf(text: string, declaration: Node): string {
  const whole = text.slice(declaration.start, declaration.end);
  const body = declaration['body'] as Node | undefined;
  switch (declaration.type) {
    case 'FunctionDeclaration':
      return text.slice(declaration.start, body!.start).trim();
    case 'ClassDeclaration':
      return `${text.slice(declaration.start, body!.start).trim()} { … }`;
    case 'VariableDeclaration':
      return `${whole.slice(0, whole.indexOf('=')).trim()}`;
    default:
      return whole;
  }
}

/** The comment that ends just before, as one text. */
function docstringBefore(text: string, start: number): string {
  const before = text.slice(0, start).trimEnd();
  if (!before.endsWith('*/')) return '';
  const comment = before.slice(before.lastIndexOf('/*'));
  if (!comment.startsWith('/**')) return '';
  const lines = comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim());
  return lines
    .join(' ')
    .trim()
    .replace(/\{@link (\w+)\}/g, '`$1`');
}

function bodyOf(text: string): readonly Node[] {
  const program = parseAst(text, { lang: 'ts', astType: 'ts' }) as unknown as {
    readonly body: readonly Node[];
  };
  return program.body;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(ROOT, TARGET), libraryReference());
