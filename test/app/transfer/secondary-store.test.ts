import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSecondaryStore, formatCopy } from '../../../src/app/transfer/secondary-store.ts';
import { createRefreshState, endRound } from '../../../src/core/transfer/refresh.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { readZoneFile } from '../../../src/io/files/zone-files.ts';
import { zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const STATE = endRound(
  createRefreshState(1000),
  { serial: 2 ** 32 - 1, refresh: 3600, retry: 900, expire: 604_800 },
  { nowSeconds: 1000, chance: 0.5 },
);

function recordsOf(zone: string) {
  const text = zoneText(zone, `${String.raw`a TXT "\"quoted\" \\ \255" "and more"`}\n*.b A 192.0.2.1`);
  return parseZone({ path: 'z', octets: Buffer.from(text) }).records;
}

describe('the store of copies', () => {
  it.each([
    'z.example',
    'a-b_c.example',
    String.raw`with\032blank/slash.example`,
    `${`${'x'.repeat(60)}.`.repeat(4)}x`,
  ])('gives back what it was given: %s', async (zone) => {
    const folder = await temporaryFolder();
    const records = recordsOf(zone);
    await (await createSecondaryStore(folder)).write(zone, formatCopy(zone, records), STATE);
    const again = await createSecondaryStore(folder);
    expect(await again.find(zone)).toEqual(STATE);
    const read = parseZone(readZoneFile(again.pathOf(zone)));
    expect(read.diagnostics).toEqual([]);
    expect(Array.from({ length: records.count }, (_, row) => [...read.records.rdata(row)])).toEqual(
      Array.from({ length: records.count }, (_, row) => [...records.rdata(row)]),
    );
    expect([...records.lines.subarray(0, records.count)]).toEqual([
      ...read.records.lines.subarray(0, records.count),
    ]);
    expect((await stat(again.pathOf(zone))).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['is not there', (path) => rm(path)],
    ['has no zone beside it', (path) => rm(path.replace(/json$/, 'zone'))],
    ['is no JSON', (path) => writeFile(path, '{')],
    ['is of another version', (path) => writeFile(path, '{"version":2}')],
  ])('knows nothing of a copy whose state %s', async (_, spoil) => {
    const store = await createSecondaryStore(await temporaryFolder());
    await store.write('z.example', formatCopy('z.example', recordsOf('z.example')), STATE);
    await spoil(store.pathOf('z.example').replace(/zone$/, 'json'));
    expect(await store.find('z.example')).toBeUndefined();
  });

  it('keeps the copies of the zones that are looked after, and no others', async () => {
    const folder = await temporaryFolder();
    const store = await createSecondaryStore(folder);
    for (const zone of ['one.example', 'two.example', 'three.example'])
      await store.write(zone, formatCopy(zone, recordsOf(zone)), STATE);
    await store.remove('three.example');
    await store.remove('three.example');
    await store.removeAllBut(['one.example']);
    const left = await readdir(join(folder, 'secondary'));
    expect(left.sort()).toEqual(['one.example.json', 'one.example.zone']);
  });
});
