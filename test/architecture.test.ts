// Holds the structure: which ring may import which, what core may not touch, how long a file may grow. A rule that
// has a good exception says in its name how the source states it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  listFiles,
  parseSourceFile,
  projectRoot,
  readSourceFile,
  readText,
  resolveImport,
  type SourceFile,
} from './support/source-tree.ts';

const files = listFiles('src', '.ts').map(readSourceFile);
const tests = listFiles('test', '.ts').map(readSourceFile);

/** cli → app → io → core: a ring imports what lies further in. `web` is what a browser gets: it stands alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  io: ['io', 'core'],
  app: ['app', 'io', 'core', 'web'],
  cli: ['cli', 'app', 'io', 'core'],
  web: ['web'],
  'index.ts': ['pure.ts', 'app', 'io', 'core'],
  'pure.ts': ['app', 'io', 'core'],
  'main.ts': ['cli'],
};

/** The ring that a package belongs to. Built-in modules are free outside core. */
const PACKAGE_HOMES: Readonly<Record<string, string>> = {
  '@fastify/cors': 'app',
  '@fastify/rate-limit': 'app',
  bencode: 'core',
  chokidar: 'io',
  commander: 'cli',
  'cli-progress': 'cli',
  dns2: 'io',
  fastify: 'app',
  koffi: 'io',
  pino: 'io',
  'pino-pretty': 'io',
  'prom-client': 'app',
  'smol-toml': 'app',
  zod: 'app',
};

/** Packages that are wrapped: one file knows them, the rest knows that file. */
const SINGLE_IMPORTER = ['bencode', 'chokidar', 'dns2', 'koffi', 'pino', 'smol-toml'];

const BANNED_IN_CORE = [
  'Buffer',
  'Date',
  'Promise',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLSearchParams',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
];

const MAX_FILE_LINES = 300;
/** Of its own: what is declared inside is counted for itself. */
const MAX_FUNCTION_LINES = 70;
/** With all that is declared inside: a factory whose parts share its variables is read as one. */
const MAX_FACTORY_LINES = 130;
/**
 * Imports from folder to folder that close a circle. There is no good reason for a new one; a line goes when its files
 * have found a better place.
 */
const CIRCULAR_FOLDERS: Readonly<Record<string, string>> = {
  'app/zones → app/transfer': 'copies of others are zones, too',
};

/** The way a file or a function says why it is longer. */
const LONG_BECAUSE = /^\s*(?:\/\/|\/?\*{1,2}) ?Long because \S/m;

function ringOf(path: string): string {
  const [, ring] = path.split('/');
  return ring!;
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

describe('imports', () => {
  it('finds the source', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it('point inwards: cli, app, io, core', () => {
    const outward = files.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, line }) => {
        const target = resolveImport(path, specifier);
        if (target === undefined || MAY_IMPORT[ringOf(path)]?.includes(ringOf(target))) return [];
        return [`${path}:${line} imports ${target}`];
      }),
    );
    expect(outward).toEqual([]);
  });

  it('name files that exist, with their ending', () => {
    const missing = [...files, ...tests].flatMap(({ path, imports }) =>
      imports
        .map(({ specifier }) => resolveImport(path, specifier))
        .filter((target) => target !== undefined && !existsSync(join(projectRoot, target)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('have no cycle of files at run time', () => {
    expect(findCycles(fileGraph(files, ({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it('have no cycle of files that leaves its folder, types included', () => {
    // Two files of one folder may name each other's types: a folder is read as one.
    const cycles = findCycles(fileGraph(files, () => true));
    expect(cycles.filter((cycle) => new Set(cycle.map(folderOf)).size > 1)).toEqual([]);
  });

  const folders = folderGraph(files);

  it('have no cycle of folders, types included, but for those that are listed with a reason', () => {
    expect(findCycles(without(folders, Object.keys(CIRCULAR_FOLDERS)))).toEqual([]);
  });

  it.each(Object.keys(CIRCULAR_FOLDERS))('have a cycle by %s, or it is no longer to be listed', (edge) => {
    const others = Object.keys(CIRCULAR_FOLDERS).filter((other) => other !== edge);
    expect(findCycles(without(folders, others))).not.toEqual([]);
  });

  it('take a package only where it has its home', () => {
    const strays = files.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, line }) => {
        if (specifier.startsWith('.') || (specifier.startsWith('node:') && ringOf(path) !== 'core'))
          return [];
        return PACKAGE_HOMES[packageOf(specifier)] === ringOf(path)
          ? []
          : [`${path}:${line} imports ${specifier}`];
      }),
    );
    expect(strays).toEqual([]);
  });

  it.each(SINGLE_IMPORTER)('take %s in one file at most', (name) => {
    const importers = files.filter(({ imports }) =>
      imports.some(({ specifier }) => packageOf(specifier) === name),
    );
    expect(importers.length).toBeLessThanOrEqual(1);
  });
});

describe('core', () => {
  const core = files.filter(({ path }) => path.startsWith('src/core/'));

  it.each(BANNED_IN_CORE)('does not use %s', (name) => {
    expect(core.filter(({ identifiers }) => identifiers.has(name)).map(({ path }) => path)).toEqual([]);
  });

  it('draws no random number: randomness is a parameter', () => {
    expect(core.filter(({ members }) => members.has('Math.random')).map(({ path }) => path)).toEqual([]);
  });

  it('has nothing asynchronous', () => {
    const lines = core.flatMap(({ path, asyncLines }) => asyncLines.map((line) => `${path}:${line}`));
    expect(lines).toEqual([]);
  });
});

describe('size', () => {
  it(`is at most ${MAX_FILE_LINES} lines a file, or a comment line begins "Long because"`, () => {
    const long = files
      .filter(({ text }) => text.split('\n').length - 1 > MAX_FILE_LINES && !LONG_BECAUSE.test(text))
      .map(({ path, text }) => `${path}: ${text.split('\n').length - 1} lines`);
    expect(long).toEqual([]);
  });

  it(`is at most ${MAX_FUNCTION_LINES} lines of its own a function, or a comment line in or above it begins "Long because"`, () => {
    const long = files.flatMap((file) =>
      file.functions
        .filter(
          ({ lines, line }) => lines > MAX_FUNCTION_LINES && !LONG_BECAUSE.test(around(file, line, lines)),
        )
        .map(({ name, line, lines }) => `${file.path}:${line} ${name}: ${lines} lines`),
    );
    expect(long).toEqual([]);
  });

  it(`is at most ${MAX_FACTORY_LINES} lines a function with all that is declared inside, or "Long because"`, () => {
    const long = files.flatMap((file) =>
      file.functions
        .filter(
          ({ wholeLines, line }) =>
            wholeLines > MAX_FACTORY_LINES && !LONG_BECAUSE.test(around(file, line, wholeLines)),
        )
        .map(({ name, line, wholeLines }) => `${file.path}:${line} ${name}: ${wholeLines} lines`),
    );
    expect(long).toEqual([]);
  });

  it('is at most four positional parameters, or a comment of the file says why they are positional', () => {
    const wide = files.flatMap((file) =>
      file.functions
        .filter(({ parameters }) => parameters > 4 && !/^\s*(\/\/|\/?\*).*\bpositional\b/im.test(file.text))
        .map(({ name, line, parameters }) => `${file.path}:${line} ${name}: ${parameters} parameters`),
    );
    expect(wide).toEqual([]);
  });
});

describe('text', () => {
  it('says of every limit where it comes from', () => {
    const bare = files.flatMap(({ path, limits }) =>
      limits.filter(({ documented }) => !documented).map(({ name, line }) => `${path}:${line} ${name}`),
    );
    expect(bare).toEqual([]);
  });

  it('leaves no unfinished business', () => {
    const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
    const found = [...files, ...tests].filter(({ text }) => words.test(text)).map(({ path }) => path);
    expect(found).toEqual([]);
  });

  it('leaves no test switched off or alone', () => {
    const found = tests.flatMap(({ path, members }) =>
      ['it', 'test', 'describe'].flatMap((runner) =>
        ['only', 'skip', 'todo', 'fails']
          .filter((modifier) => members.has(`${runner}.${modifier}`))
          .map((modifier) => `${path}: ${runner}.${modifier}`),
      ),
    );
    expect(found).toEqual([]);
  });

  it('names no place of one machine', () => {
    const places = new RegExp(`["'\`( ]/(${['home', 'Users', 'root', 'work', 'tmp', 'mnt'].join('|')})/`);
    const texts = [
      ...['src', 'test', 'tools', 'zones', 'docs', 'examples', '.ci'].flatMap((folder) =>
        listFiles(folder, ''),
      ),
      ...['package.json', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
    ];
    expect(texts.filter((path) => places.test(readText(path)))).toEqual([]);
  });
});

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The lines of a function and the comment block right above it. */
function around(file: SourceFile, line: number, lines: number): string {
  const body = file.text.split('\n').slice(line - 1, line - 1 + lines);
  return [commentAbove(file, line), ...body].join('\n');
}

function commentAbove({ text }: SourceFile, line: number): string {
  const lines = text.split('\n');
  let first = line - 1;
  while (first > 0 && /^\s*(\/\/|\/?\*)/.test(lines[first - 1]!)) first--;
  return lines.slice(first, line - 1).join('\n');
}

/** What imports what: files or folders by path. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

function fileGraph(
  sources: readonly SourceFile[],
  counts: (use: { typeOnly: boolean }) => boolean,
): ImportGraph {
  return new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter(counts).flatMap(({ specifier }) => resolveImport(path, specifier) ?? []),
    ]),
  );
}

/** Of folders below src, types included. */
function folderGraph(sources: readonly SourceFile[]): ImportGraph {
  const graph = new Map<string, string[]>();
  for (const [path, targets] of fileGraph(sources, () => true)) {
    const from = folderOf(path).replace(/^src\//, '');
    const to = targets.map((target) => folderOf(target).replace(/^src\//, ''));
    graph.set(from, [...(graph.get(from) ?? []), ...to.filter((folder) => folder !== from)]);
  }
  return graph;
}

/** `edges` as in {@link CIRCULAR_FOLDERS}. */
function without(graph: ImportGraph, edges: readonly string[]): ImportGraph {
  return new Map(
    [...graph].map(([from, targets]) => [
      from,
      targets.filter((target) => !edges.includes(`${from} → ${target}`)),
    ]),
  );
}

/** Cycles of the import graph, each once, as paths in the order of import. */
function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) cycles.push(trail.slice(start));
    if (start !== -1 || done.has(path)) return;
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return cycles;
}

describe('the search for cycles', () => {
  const ring = [
    parseSourceFile('src/a/one.ts', "import type { Two } from '../b/two.ts';"),
    parseSourceFile('src/b/two.ts', "import { one } from '../a/one.ts';"),
  ];

  it('finds one that runs through a type', () => {
    expect(findCycles(fileGraph(ring, () => true))).toEqual([['src/a/one.ts', 'src/b/two.ts']]);
  });

  it('finds none among values there', () => {
    expect(findCycles(fileGraph(ring, ({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it('finds one of folders where no file is in one', () => {
    const folders = folderGraph([
      parseSourceFile('src/a/one.ts', "import { two } from '../b/two.ts';"),
      parseSourceFile('src/b/two.ts', ''),
      parseSourceFile('src/b/three.ts', "import type { Four } from '../a/four.ts';"),
      parseSourceFile('src/a/four.ts', "import { one } from './one.ts';"),
    ]);
    expect(findCycles(folders)).toEqual([['a', 'b']]);
    expect(findCycles(without(folders, ['b → a']))).toEqual([]);
  });
});
