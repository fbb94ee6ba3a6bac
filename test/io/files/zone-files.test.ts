import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  includeReader,
  listZoneFiles,
  readZoneFile,
  ZoneFileError,
  zoneNameOf,
} from '../../../src/io/files/zone-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let folder: string;
let zone: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'zones/parts'), { recursive: true });
  zone = join(folder, 'zones/example.zone');
  await writeFile(zone, 'text');
  await writeFile(join(folder, 'zones/parts/a.inc'), 'a');
  await writeFile(join(folder, 'zones/parts/b.inc'), 'b');
  await writeFile(join(folder, 'secret'), 'secret');
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ZoneFileError) return error.code;
    throw error;
  }
  return 'none';
}

describe('readZoneFile', () => {
  it('reads a file whole', () => {
    expect(readZoneFile(zone)).toEqual({ path: zone, octets: new TextEncoder().encode('text') });
  });

  it('refuses what is no file', () => {
    expect(codeOf(() => readZoneFile(join(folder, 'nothing')))).toBe('ZONE_FILE_MISSING');
    expect(codeOf(() => readZoneFile(folder))).toBe('ZONE_FILE_UNREADABLE');
    expect(codeOf(() => readZoneFile('a\0b'))).toBe('ZONE_FILE_UNREADABLE');
  });
});

describe('includeReader', () => {
  function read(path: string, from = zone) {
    const source = includeReader(join(folder, 'zones'))(path, from);
    return 'failure' in source ? source.failure : new TextDecoder().decode(source.octets);
  }

  it('reads from the folder of the file that includes', () => {
    expect(read('parts/a.inc')).toBe('a');
    expect(read('b.inc', join(folder, 'zones/parts/a.inc'))).toBe('b');
    expect(read('../example.zone', join(folder, 'zones/parts/a.inc'))).toBe('text');
  });

  it('gives one file one path, however it is written', () => {
    const include = includeReader(join(folder, 'zones'));
    const paths = [
      'parts/a.inc',
      './parts/a.inc',
      'parts/../parts/a.inc',
      join(folder, 'zones/parts/a.inc'),
    ].map((path) => {
      const source = include(path, zone);
      return 'failure' in source ? source.failure : source.path;
    });
    expect(new Set(paths)).toEqual(new Set([join(folder, 'zones/parts/a.inc')]));
  });

  it('reads an absolute path below the folder', () => {
    const path = join(folder, 'zones/parts/a.inc');
    expect(read(path)).toBe('a');
  });

  it('refuses what lies outside, also behind a link', async () => {
    await symlink(join(folder, 'secret'), join(folder, 'zones/link'));
    await symlink(folder, join(folder, 'zones/up'));
    for (const path of ['../secret', join(folder, 'secret'), 'link', 'up/secret', '/etc/hostname']) {
      expect(read(path)).toContain('outside');
    }
  });

  it('says in a sentence what cannot be read', async () => {
    await symlink('loop', join(folder, 'zones/loop'));
    expect(read('nothing')).toContain('There is no file nothing');
    expect(read('parts')).toContain('not a regular file');
    expect(read('loop')).toContain('loop');
    expect(read('a\0b')).toContain('cannot be read');
  });
});

describe('listZoneFiles', () => {
  it('lists the zone files of a folder by name, and a file as itself', async () => {
    await writeFile(join(folder, 'zones/a.zone'), '');
    await writeFile(join(folder, 'zones/.hidden.zone'), '');
    await mkdir(join(folder, 'zones/folder.zone'));
    expect(listZoneFiles(join(folder, 'zones'))).toEqual([join(folder, 'zones/a.zone'), zone]);
    expect(listZoneFiles(zone)).toEqual([zone]);
    expect(codeOf(() => listZoneFiles(join(folder, 'nothing')))).toBe('ZONE_FILE_MISSING');
  });
});

it('takes the name of a zone from its file', () => {
  expect(['a/example.org.zone', 'example.org', 'a/.zone'].map(zoneNameOf)).toEqual([
    'example.org',
    'example.org',
    '',
  ]);
});
