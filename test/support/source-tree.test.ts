import { describe, expect, it } from 'vitest';
import { parseSourceFile, resolveImport } from './source-tree.ts';

function parse(text: string) {
  return parseSourceFile('src/sample.ts', text);
}

describe('imports', () => {
  it.each([
    ["import type { A } from './a.ts';", './a.ts', true],
    ["import { type A } from './a.ts';", './a.ts', false],
    ["import './a.ts';", './a.ts', false],
    ["export * from './a.ts';", './a.ts', false],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["type A = import('./a.ts').A;", './a.ts', true],
    ["const a = import('./a.ts');", './a.ts', false],
  ])('reads %s', (text, specifier, typeOnly) => {
    expect(parse(text).imports).toEqual([{ specifier, typeOnly, line: 1 }]);
  });

  it('takes none from comments and strings', () => {
    expect(parse("// import './a.ts';\nconst text = \"import './a.ts'\";").imports).toEqual([]);
  });

  it('resolves a relative one against the file it stands in, and no package', () => {
    expect(resolveImport('src/core/zone/language/parser.ts', '../../dns/name.ts')).toBe(
      'src/core/dns/name.ts',
    );
    expect(resolveImport('src/core/zone/language/parser.ts', 'zod')).toBeUndefined();
  });
});

describe('identifiers', () => {
  it.each([
    ['a read', 'const a = Date.now();'],
    ['a type', 'type A = Date;'],
    ['a shorthand property', 'const a = { Date };'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text that is read.
    ['a template', 'const a = `${Date}`;'],
    ['a computed member', 'const a = b[Date];'],
  ])('finds %s', (_, text) => {
    expect(parse(text).identifiers.get('Date')).toBe(1);
  });

  it.each([
    ['a comment', '// Date'],
    ['a string', "const a = 'Date';"],
    ['the text of a template', 'const a = `Date`;'],
    ['a regular expression', 'const a = /Date/;'],
    ['a property name', 'const a = b.Date;'],
    ['a key', 'const a = { Date: 1 };'],
    ['a method', 'class A { Date() { return 1; } }'],
  ])('does not take %s for one', (_, text) => {
    expect(parse(text).identifiers.has('Date')).toBe(false);
  });

  it('finds members of globals and asynchronous code', () => {
    const file = parse('const a = Math.random();\nasync function b() {\n  await a;\n}');
    expect(file.members.get('Math.random')).toBe(1);
    expect(file.asyncLines).toEqual([2, 3]);
  });
});

describe('functions', () => {
  it('counts the lines of a function as a whole, and its own without those of inner ones', () => {
    const text =
      'function outer(a, b) {\n  const inner = () => {\n    a();\n    b();\n  };\n  return inner;\n}';
    expect(parse(text).functions).toEqual([
      { name: 'outer', line: 1, lines: 4, wholeLines: 7, parameters: 2 },
      { name: 'inner', line: 2, lines: 4, wholeLines: 4, parameters: 0 },
    ]);
  });

  it('does not measure a type or an overload', () => {
    expect(parse('type F = (a: number) => void;\ndeclare function g(): void;').functions).toEqual([]);
  });
});

describe('limits', () => {
  it('are constants that name a bound or a time, documented or not', () => {
    const text = [
      '/** RFC 1035. */\nexport const MAX_A = 255;',
      '// BEP 15.\nconst LIFETIME_SECONDS = 2 * 60;',
      'const MAX_B = 4 * 1024;',
      'export const HEADER_OCTETS = 12;',
      'export const MAX_NAMES = [];',
    ].join('\n');
    expect(parse(text).limits).toEqual([
      { name: 'MAX_A', line: 2, documented: true },
      { name: 'LIFETIME_SECONDS', line: 4, documented: true },
      { name: 'MAX_B', line: 5, documented: false },
    ]);
  });
});
