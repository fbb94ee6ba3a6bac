import { expect, test } from 'vitest';
import * as portolan from '../src/index.ts';
import * as pure from '../src/pure.ts';
import { readSourceFile, resolveImport } from './support/source-tree.ts';

/** What importing `path` loads, itself included. Types are gone by then. */
function loadedBy(path: string, loaded = new Set<string>()): Set<string> {
  loaded.add(path);
  for (const { specifier, typeOnly } of readSourceFile(path).imports) {
    const target = resolveImport(path, specifier) ?? specifier;
    if (typeOnly || loaded.has(target)) continue;
    if (specifier.startsWith('.')) loadedBy(target, loaded);
    else loaded.add(specifier);
  }
  return loaded;
}

test('the pure part loads no package and no module of Node, so that a browser can have it', () => {
  const loaded = [...loadedBy('src/pure.ts')];
  expect(loaded.length).toBeGreaterThan(10);
  expect(loaded.filter((path) => !path.startsWith('src/'))).toEqual([]);
  expect([...loadedBy('src/index.ts')]).toContain('dns2');
});

test('the library has all of it', () => {
  expect(portolan).toMatchObject({ ...pure });
  expect(Object.keys(pure)).toContain('rewriteTorrent');
});

test('decides without Node: a URL of an international host', () => {
  const denied = { kind: 'denied', record: 'BITTORRENT', ttlSeconds: 60, authenticated: false } as const;
  const lookup: portolan.Lookup = (host) =>
    host === 'xn--bcher-kva.example'
      ? { ...denied, stale: false, ignored: [], probableTypo: false }
      : undefined;
  expect(pure.rewriteUrl('udp://B\u00dcCHER.example:1', lookup)).toMatchObject({
    reason: 'denied',
    urls: [],
  });
});
