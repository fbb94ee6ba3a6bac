// Folders of torrents, rewritten in place: memory is used again and again meanwhile, and nobody gets another's octets.

import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rewriteInputs } from '../../src/app/rewrite/rewrite-files.ts';
import type { Outcome } from '../../src/core/preference/outcome.ts';
import { createDecisionMemo } from '../../src/core/rewrite/decision-memo.ts';
import { toAsciiHost } from '../../src/io/resolver/idna.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FILES = 150;
/** So that all together are more than may be in memory at a time. */
const PIECES = 100_000;

const outcome: Outcome = {
  kind: 'declared',
  endpoints: [{ transport: 'udp', port: 1337 }],
  record: 'BITTORRENT UDP:1337',
  ttlSeconds: 300,
  authenticated: false,
  stale: false,
  ignored: [],
};

const hostOf = (index: number): string => `h${index % 7}.example`;

/** Of another size and other octets for each. */
function torrent(index: number, tracker: string): string {
  const pieces = String.fromCharCode(0x41 + (index % 26)).repeat(PIECES + index * 20);
  const url = `${tracker.length}:${tracker}`;
  return `d8:announce${url}4:infod6:lengthi${index}e4:name1:f12:piece lengthi16384e6:pieces${pieces.length}:${pieces}ee`;
}

const nameOf = (index: number): string => `${String(index).padStart(4, '0')}.torrent`;

async function fill(): Promise<string> {
  const folder = await temporaryFolder();
  for (let index = 0; index < FILES; index++) {
    await writeFile(join(folder, nameOf(index)), torrent(index, `http://${hostOf(index)}:8080/`), 'latin1');
  }
  return folder;
}

interface Options {
  readonly inPlace: boolean;
  readonly fsync?: boolean;
  readonly lookupPreference?: (host: string) => Promise<Outcome>;
}

async function rewrite(folder: string, { inPlace, fsync = false, lookupPreference }: Options) {
  const inputs = (await readdir(folder)).sort().map((name) => ({ label: name, path: join(folder, name) }));
  const run = {
    resolver: { lookupPreference: lookupPreference ?? (async () => outcome) },
    options: { toAscii: toAsciiHost, memo: createDecisionMemo() },
    ...(inPlace ? { inPlace: { backup: undefined, fsync } } : {}),
  };
  const results: { label: string; code: string; octets: Uint8Array }[] = [];
  for await (const { input, result } of rewriteInputs(inputs, run)) {
    const code = result.kind === 'error' ? result.code : String(result.changed);
    results.push({
      label: input.label,
      code,
      octets: result.kind === 'error' ? new Uint8Array() : result.octets,
    });
  }
  return results;
}

describe('an edit during the look-ups', () => {
  test.each([undefined, '.bak'])('stays, the others are rewritten (backup %s)', async (backup) => {
    const folder = await temporaryFolder();
    const paths = ['edited.txt', 'other.txt'].map((name) => join(folder, name));
    for (const path of paths) await writeFile(path, 'http://t.example:8080/\n');
    const resolver = {
      async lookupPreference() {
        await writeFile(paths[0]!, 'http://t.example:8080/\nhttp://new.example/\n');
        return outcome;
      },
    };
    const codes: string[] = [];
    const inputs = paths.map((path) => ({ label: path, path }));
    const run = { resolver, options: { toAscii: toAsciiHost }, inPlace: { backup, fsync: true } };
    for await (const { result } of rewriteInputs(inputs, run))
      codes.push(result.kind === 'error' ? result.code : String(result.changed));
    expect(codes).toEqual(['changed', 'true']);
    expect(await readFile(paths[0]!, 'utf8')).toContain('http://new.example/');
    expect(await readFile(paths[1]!, 'utf8')).toBe('udp://t.example:1337/\n');
    const names = ['edited.txt', 'other.txt', ...(backup === undefined ? [] : ['other.txt.bak'])];
    expect((await readdir(folder)).sort()).toEqual(names);
  });
});

test('an error of the inputs comes after all that was begun before it', async () => {
  const folder = await temporaryFolder();
  const paths = ['a.txt', 'b.txt', 'c.txt'].map((name) => join(folder, name));
  for (const path of paths) await writeFile(path, 'http://t.example:8080/\n');
  async function* inputs() {
    for (const path of paths) yield { label: path, path };
    throw new Error('there are no more');
  }
  const resolver = { lookupPreference: async () => outcome };
  const run = { resolver, options: { toAscii: toAsciiHost }, inPlace: { backup: undefined, fsync: true } };
  const told: string[] = [];
  const all = async (): Promise<void> => {
    for await (const { input } of rewriteInputs(inputs(), run)) told.push(input.label);
  };
  await expect(all()).rejects.toThrow('there are no more');
  expect(told).toEqual(paths);
  for (const path of paths) expect(await readFile(path, 'utf8')).toBe('udp://t.example:1337/\n');
});

test('a mistake of the program is no result of a file, though it has a code', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.txt'), 'http://t.example:8080/\n');
  const lookupPreference = async (): Promise<Outcome> => {
    Buffer.from(undefined as never);
    return outcome;
  };
  await expect(rewrite(folder, { inPlace: true, lookupPreference })).rejects.toMatchObject({
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_TYPE',
  });
});

describe('a folder', () => {
  test.each([true, false])('is rewritten in place, with fsync %s', async (fsync) => {
    const folder = await fill();
    const results = await rewrite(folder, { inPlace: true, fsync });
    expect(results.map(({ label, code }) => `${label} ${code}`)).toEqual(
      Array.from({ length: FILES }, (_, index) => `${nameOf(index)} true`),
    );
    for (let index = 0; index < FILES; index++) {
      const content = await readFile(join(folder, nameOf(index)), 'latin1');
      expect(content === torrent(index, `udp://${hostOf(index)}:1337/`), nameOf(index)).toBe(true);
    }
    expect(await readdir(folder)).toHaveLength(FILES);
  });

  test('is given to the caller, who may keep all of it', async () => {
    const folder = await fill();
    const results = await rewrite(folder, { inPlace: false });
    for (const [index, { octets }] of results.entries()) {
      const expected = Buffer.from(torrent(index, `udp://${hostOf(index)}:1337/`), 'latin1');
      expect(Buffer.compare(octets, expected), nameOf(index)).toBe(0);
    }
    expect(await readFile(join(folder, nameOf(3)), 'latin1')).toBe(torrent(3, `http://${hostOf(3)}:8080/`));
  });

  test('gets on while the look-up of its first file takes its time', async () => {
    const folder = await fill();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const others = new Set<string>();
    const results = await rewrite(folder, {
      inPlace: true,
      lookupPreference(host) {
        if (host === hostOf(0)) return promise;
        others.add(host);
        if (others.size === 6) resolve(outcome);
        return Promise.resolve(outcome);
      },
    });
    expect(results.every(({ code }) => code === 'true')).toBe(true);
  });

  test('is done but for what cannot be read', async () => {
    const folder = await fill();
    await writeFile(join(folder, nameOf(5)), 'd8:announce');
    await symlink('nowhere', join(folder, '0006a.torrent'));
    const results = await rewrite(folder, { inPlace: true });
    const failed = results.filter(({ code }) => code !== 'true');
    expect(failed.map(({ label, code }) => `${label} ${code}`)).toEqual([
      '0005.torrent truncated',
      '0006a.torrent not-found',
    ]);
    expect(results).toHaveLength(FILES + 1);
  });
});
