import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKeptZones } from '../../../src/app/zones/kept-zones.ts';
import { readKeptZone, readZone, type ZoneVersion } from '../../../src/app/zones/zone-version.ts';
import { zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function versionOf(
  files: Readonly<Record<string, string>>,
): Promise<{ path: string; version: ZoneVersion }> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, 'latin1');
  const path = join(folder, 'example.zone');
  const reading = readZone(path, { seed: 1 });
  if (reading.kind === 'bad') throw new Error(reading.findings.map(({ message }) => message).join('\n'));
  return { path, version: reading.version };
}

const FILES = {
  'example.zone': zoneText('example', '$INCLUDE one.txt\nx TXT "\xff\xfe octets that are no UTF-8"'),
  'one.txt': '$INCLUDE two.txt\na A 127.0.0.1\n',
  'two.txt': 'b A 127.0.0.1\n',
};

describe('a kept zone', () => {
  it('is the same version as the files, with what they include, octet for octet', async () => {
    const { path, version } = await versionOf(FILES);
    const kept = await createKeptZones(await temporaryFolder());
    await kept.keep(path, version);
    const texts = await kept.find(path);
    expect(texts?.map((text) => text.path)).toEqual(version.texts.map((text) => text.path));
    const reading = readKeptZone(texts ?? [], { seed: 1 });
    expect(reading).toMatchObject({ kind: 'good', version: { digest: version.digest, recordCount: 6 } });
  });

  it('can be read by nobody else on the machine', async () => {
    const state = await temporaryFolder();
    const { path, version } = await versionOf(FILES);
    await (await createKeptZones(state)).keep(path, version);
    const [file] = await readdir(join(state, 'zones'));
    const modes = [await stat(join(state, 'zones')), await stat(join(state, 'zones', file!))];
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
  });

  it.each<[string, (octets: Buffer) => Buffer]>([
    ['cut short', (octets) => octets.subarray(0, octets.length - 1)],
    ['with more behind it', (octets) => Buffer.concat([octets, Buffer.from('x')])],
    ['empty', () => Buffer.alloc(0)],
    ['of something else', () => Buffer.from('{"version":2}\n')],
    ['that is not JSON', () => Buffer.from('zone\n')],
  ])('is not found in a file %s', async (_, damage) => {
    const state = await temporaryFolder();
    const { path, version } = await versionOf(FILES);
    const kept = await createKeptZones(state);
    await kept.keep(path, version);
    const [name] = await readdir(join(state, 'zones'));
    const file = join(state, 'zones', name!);
    await writeFile(file, damage(await readFile(file)));
    expect(await kept.find(path)).toBeUndefined();
  });

  it('is told of where its texts are more than would be read again, and what was kept stays', async () => {
    const { path, version } = await versionOf(FILES);
    const state = await temporaryFolder();
    await (await createKeptZones(state)).keep(path, version);
    const [name] = await readdir(join(state, 'zones'));
    const { size } = await stat(join(state, 'zones', name!));
    const file = join(state, 'zones', name!);
    await expect((await createKeptZones(state, size - 1)).keep(path, version)).rejects.toMatchObject({
      name: 'FileError',
      code: 'too-large',
      path: file,
    });
    expect((await stat(file)).size).toBe(size);
    const larger = await createKeptZones(state, size);
    await larger.keep(path, version);
    expect(await larger.find(path)).toHaveLength(3);
  });

  it('of another file is not found, whatever its name', async () => {
    const { path, version } = await versionOf(FILES);
    const kept = await createKeptZones(await temporaryFolder());
    await kept.keep(path, version);
    expect(await kept.find(`/elsewhere${path}`)).toBeUndefined();
  });
});
