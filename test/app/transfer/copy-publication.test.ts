// Copies on their way to be served: each lets go of its memory once, when it is served, replaced or of no use.

import { expect, it } from 'vitest';
import { createCopyPublication } from '../../../src/app/transfer/copy-publication.ts';
import type { NewCopy } from '../../../src/app/transfer/secondary-round.ts';
import { readKeptZone, type ZoneReading } from '../../../src/app/zones/zone-version.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { zoneText } from '../../support/serving.ts';

function readingOf(serial: number): NewCopy['reading'] {
  const octets = Buffer.from(zoneText('z.example', 'v A 127.0.0.1', serial));
  const reading = readKeptZone([{ path: 'z.example.zone', octets }], { seed: 1 });
  if (reading.kind === 'bad') throw new Error(JSON.stringify(reading.findings));
  return reading;
}

/** What happens, in order; publications wait to be let on. */
function setUp() {
  const told: string[] = [];
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  const nameOf = (reading: ZoneReading): string =>
    reading.kind === 'good' ? String(reading.version.image.serial) : reading.kind;
  const publication = createCopyPublication({
    logger: { ...silentLogger, error: (message) => void told.push(message) },
    publish: (changed) =>
      new Promise((resolve, reject) => {
        told.push(
          `publish ${[...changed].map(([path, reading]) => `${path} ${nameOf(reading)}`).join(', ')}`,
        );
        waiting.push({ resolve, reject });
      }),
  });
  const copyOf = (serial: number): NewCopy => ({
    reading: readingOf(serial),
    catalog: undefined,
    letGo: () => void told.push(`let go of ${serial}`),
  });
  return { told, waiting, publication, copyOf };
}

it('lets go of a copy once it is served, and of one that was replaced before that at once', async () => {
  const { told, waiting, publication, copyOf } = setUp();
  publication.add('a', copyOf(1));
  publication.add('b', copyOf(2));
  expect(told).toEqual([]);
  publication.add('a', copyOf(3));
  expect(told.splice(0)).toEqual(['let go of 1']);
  publication.due();
  publication.due();
  await expect.poll(() => told.splice(0)).toEqual(['publish a 3, b 2']);
  publication.add('a', copyOf(4));
  expect(told).toEqual([]);
  publication.due();
  waiting.shift()!.resolve();
  await expect.poll(() => told).toEqual(['let go of 3', 'let go of 2', 'publish a 4']);
});

it('lets go of copies that cannot be served, and goes on', async () => {
  const { told, waiting, publication, copyOf } = setUp();
  publication.add('a', copyOf(1));
  publication.due();
  await expect.poll(() => waiting.length).toBe(1);
  waiting.shift()!.reject(new Error('no room'));
  await expect
    .poll(() => told)
    .toEqual(['publish a 1', 'publishing copies failed: please report this', 'let go of 1']);
  publication.add('a', copyOf(2));
  publication.due();
  await expect.poll(() => told.at(-1)).toBe('publish a 2');
});
