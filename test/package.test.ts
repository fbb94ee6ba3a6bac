// What a stranger's `npm` sees: pinned packages, a lockfile that works anywhere, an entry for program and library.
// The package itself is packed, installed and run in test/interop.

import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linksOf, listPages } from './support/markdown.ts';
import { listFiles, projectRoot, readSourceFile, readText } from './support/source-tree.ts';

interface LockedPackage {
  readonly resolved?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readText('package.json'));
const lock = JSON.parse(readText('package-lock.json')) as { packages: Record<string, LockedPackage> };
const dependencies = Object.keys(manifest.dependencies);
const developmentDependencies = Object.keys(manifest.devDependencies);

describe('package.json', () => {
  it.each([...Object.entries(manifest.dependencies), ...Object.entries(manifest.devDependencies)])(
    'pins %s exactly',
    (_, range) => {
      expect(range).toMatch(/^(\d+\.\d+\.\d+|file:test\/support\/[a-z-]+)$/);
    },
  );

  it('points at what the build makes of existing files', () => {
    const targets = [
      manifest.bin.portolan,
      manifest.exports['.'].types,
      manifest.exports['.'].default,
      manifest.exports['./pure'].types,
      manifest.exports['./pure'].default,
    ] as string[];
    const sources = targets.map((target) =>
      target.replace(/^(\.\/)?dist\//, 'src/').replace(/(\.d\.ts|\.js)$/, '.ts'),
    );
    expect(sources).toEqual(['src/main.ts', 'src/index.ts', 'src/index.ts', 'src/pure.ts', 'src/pure.ts']);
    expect(sources.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  const documents = ['README.md', ...listPages()];
  const isPacked = (path: string): boolean =>
    ['README.md', ...(manifest.files as string[])].some(
      (packed) => path === packed || path.startsWith(`${packed}/`),
    );

  it('packs the reference and the examples, and nothing of what they are made from', () => {
    expect(isPacked('docs/library.md') && isPacked('examples/client.ts')).toBe(true);
    expect(['src', 'test', 'tools', 'node_modules'].filter(isPacked)).toEqual([]);
  });

  it.each(documents)('packs what %s sends its readers to', (document) => {
    const text = readText(document);
    const named = [...text.matchAll(/`((?:docs|examples|zones|contrib)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    const linked = linksOf(text)
      .filter((target) => !/^(https:\/\/|#)/.test(target))
      .map((target) => posix.join(posix.dirname(document), target.replace(/#.*$/, '')));
    const paths = [...named, ...linked];
    if (['README.md', 'docs/library.md'].includes(document)) expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !isPacked(path) || !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  it('has an entry that a shell can run', () => {
    expect(readText('src/main.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('declares what the source imports, and the source imports what it declares', () => {
    const imported = listFiles('src', '.ts')
      .flatMap((path) => readSourceFile(path).imports)
      .map(({ specifier }) => specifier)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'));
    const names = new Set(
      imported.map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')),
    );
    expect([...names].filter((name) => builtinModules.includes(name))).toEqual([]);
    expect([...names].sort()).toEqual(dependencies.sort());
    expect(developmentDependencies.filter((name) => names.has(name))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  it('records no download address', () => {
    const addresses = Object.entries(lock.packages).filter(([, { resolved }]) =>
      /^[a-z+]+:\/\//.test(resolved ?? ''),
    );
    expect(addresses.map(([path]) => path)).toEqual([]);
  });

  it('names a version and a checksum for every package', () => {
    const bare = Object.entries(lock.packages)
      .filter(([path]) => path.startsWith('node_modules/'))
      .filter(([, locked]) => locked.link !== true && (!locked.version || !locked.integrity));
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it('holds the packages of every platform: npm ci refuses it elsewhere otherwise', () => {
    const locked = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
    const missing = Object.values(lock.packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
      .filter((name) => !locked.has(name));
    expect(missing).toEqual([]);
  });

  it('agrees with package.json', () => {
    expect(lock.packages['']).toMatchObject({
      version: manifest.version,
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
  });
});

describe('CHANGELOG.md', () => {
  it('has a section for the version, in the form of keepachangelog.com', () => {
    expect(readText('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[(Unreleased|${manifest.version.replaceAll('.', '\\.')})\\]`, 'm'),
    );
  });
});
