import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createJournals,
  type Journals,
  MAX_JOURNAL_STEPS,
  MIN_JOURNAL_BOUND_OCTETS,
} from '../../../src/app/transfer/journals.ts';
import { readKeptZone, type ZoneVersion } from '../../../src/app/zones/zone-version.ts';
import { encodeChange } from '../../../src/core/transfer/change-codec.ts';
import { diffImages } from '../../../src/core/transfer/changes.ts';
import { Header } from '../../../src/core/zone/image/image.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function version(serial: number, lines = `v TXT "${serial}"`): ZoneVersion {
  const octets = Buffer.from(zoneText('z.example', lines, serial));
  const reading = readKeptZone([{ path: 'z.example.zone', octets }], { seed: 1 });
  if (reading.kind === 'bad') throw new Error(JSON.stringify(reading.findings));
  return reading.version;
}

/** `1-2 2-3` of the only journal; empty without one. */
function stepsOf(journals: Journals): string {
  return journals
    .list()
    .flatMap(({ changes }) => changes.map(({ fromSerial, toSerial }) => `${fromSerial}-${toSerial}`))
    .join(' ');
}

/** Publishes each version after the one before. */
async function publish(journals: Journals, ...versions: readonly ZoneVersion[]): Promise<void> {
  for (const [index, after] of versions.entries())
    if (index > 0) await journals.advance(versions[index - 1], after);
}

describe('a journal', () => {
  it('has a step for each version', async () => {
    const journals = await createJournals(await temporaryFolder(), silentLogger);
    await publish(journals, version(1), version(2), version(5));
    expect(stepsOf(journals)).toBe('1-2 2-5');
  });

  it('is read again where it leads to what is served, and only there', async () => {
    const folder = await temporaryFolder();
    await publish(await createJournals(folder, silentLogger), version(1), version(2), version(3));
    const again = await createJournals(folder, silentLogger);
    await again.advance(undefined, version(3));
    expect(stepsOf(again)).toBe('1-2 2-3');
    await publish(again, version(3), version(4));
    expect(stepsOf(again)).toBe('1-2 2-3 3-4');
    const other = await createJournals(folder, silentLogger);
    await other.advance(undefined, version(9));
    expect(stepsOf(other)).toBe('');
  });

  it.each([
    ['whose serial did not grow', 2, 'v TXT "other"'],
    ['whose serial went back', 1, 'v TXT "other"'],
  ])('ends with an edit %s', async (_, serial, lines) => {
    const folder = await temporaryFolder();
    const journals = await createJournals(folder, silentLogger);
    await publish(journals, version(1), version(2), version(serial, lines));
    expect(stepsOf(journals)).toBe('');
    expect(await readdir(join(folder, 'journal'))).toEqual([]);
  });

  it('outlives an edit of comments', async () => {
    const journals = await createJournals(await temporaryFolder(), silentLogger);
    await publish(journals, version(1), version(2), version(2, 'v TXT "2" ; the same'));
    expect(stepsOf(journals)).toBe('1-2');
  });

  it('forgets the oldest steps', async () => {
    const journals = await createJournals(await temporaryFolder(), silentLogger);
    const versions = Array.from({ length: MAX_JOURNAL_STEPS + 3 }, (_, index) => version(index + 1));
    await publish(journals, ...versions);
    expect(stepsOf(journals).split(' ')).toHaveLength(MAX_JOURNAL_STEPS);
    expect(stepsOf(journals)).toMatch(/^3-4 /);
  });

  it('is no larger than its bound, whatever the edits', async () => {
    const journals = await createJournals(await temporaryFolder(), silentLogger);
    const large = (serial: number) =>
      version(
        serial,
        Array.from({ length: 300 }, (_, index) => `h${index} TXT "${'x'.repeat(50)}${serial}"`).join('\n'),
      );
    await publish(journals, large(1), large(2), large(3), large(4), large(5));
    const [journal] = journals.list();
    const octets = journal!.changes.reduce(
      (sum, { removed, added }) => sum + removed.length + added.length,
      0,
    );
    expect(octets).toBeLessThanOrEqual(
      Math.max(MIN_JOURNAL_BOUND_OCTETS, large(5).image.words[Header.octets]!),
    );
    expect(journal!.changes.length).toBeLessThan(4);
    expect(stepsOf(journals)).toMatch(/4-5$/);
  });

  it('that has a gap is none, although it leads to what is served', async () => {
    const folder = await temporaryFolder();
    await publish(await createJournals(folder, silentLogger), version(3), version(4));
    const [name] = await readdir(join(folder, 'journal'));
    const path = join(folder, 'journal', name!);
    const step = diffImages(version(1).image, version(2).image)!;
    await writeFile(path, Buffer.concat([encodeChange(step), await readFile(path)]));
    const again = await createJournals(folder, silentLogger);
    await again.advance(undefined, version(4));
    expect(stepsOf(again)).toBe('');
  });

  it('that was damaged is none', async () => {
    const folder = await temporaryFolder();
    await publish(await createJournals(folder, silentLogger), version(1), version(2));
    const [name] = await readdir(join(folder, 'journal'));
    const octets = await readFile(join(folder, 'journal', name!));
    octets[60]! ^= 1;
    await writeFile(join(folder, 'journal', name!), octets);
    const again = await createJournals(folder, silentLogger);
    await again.advance(undefined, version(2));
    expect(stepsOf(again)).toBe('');
  });

  it('goes with its zone', async () => {
    const folder = await temporaryFolder();
    const journals = await createJournals(folder, silentLogger);
    await publish(journals, version(1), version(2));
    await journals.keepOnly(new Set(['other.example']));
    expect(stepsOf(journals)).toBe('');
    expect(await readdir(join(folder, 'journal'))).toEqual([]);
  });
});
