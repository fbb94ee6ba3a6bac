// What the zone language writes and encodes is what BIND, NSD and Knot make of the same records.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatName } from '../../src/core/dns/name.ts';
import { formatHex, textToOctets } from '../../src/core/octets/text.ts';
import { formatZone } from '../../src/core/zone/language/format.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { EVERY_TYPE, TYPES_OF_KNOT } from '../support/every-type.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { isInstalled, isMissing, run } from './programs.ts';

process.env['PATH'] += ':/usr/sbin:/usr/bin';

function read(text: string) {
  const zone = parseZone({ path: 'zone', octets: textToOctets(text) });
  expect(zone.diagnostics).toEqual([]);
  return zone;
}

/** The same records with their data in the generic form of RFC 3597. */
function formatGeneric({ records }: ReturnType<typeof read>): string {
  return Array.from({ length: records.count }, (_, row) => {
    const rdata = records.rdata(row);
    const owner = formatName(records.octets, records.owners[row]!);
    return `${owner} ${records.ttls[row]} IN TYPE${records.types[row]} \\# ${rdata.length} ${formatHex(rdata)}\n`;
  }).join('');
}

/** The zone as BIND writes it out. */
async function throughBind(text: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'zone'), text);
  const words = [
    '-i',
    'none',
    '-k',
    'ignore',
    '-n',
    'ignore',
    '-s',
    'full',
    '-o',
    join(folder, 'out'),
    'example',
  ];
  const ended = await run(['named-checkzone', ...words, join(folder, 'zone')]);
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
  return readFile(join(folder, 'out'), 'utf8');
}

describe('BIND', () => {
  const left = isMissing('named-checkzone is not installed', isInstalled('named-checkzone'));

  it.skipIf(left)('makes the same octets of every type', async () => {
    expect(await throughBind(formatGeneric(read(EVERY_TYPE)))).toBe(await throughBind(EVERY_TYPE));
  });

  it.skipIf(left)('reads what is written as what was read', async () => {
    expect(await throughBind(formatZone(read(EVERY_TYPE)))).toBe(await throughBind(EVERY_TYPE));
  });
});

describe.each([
  ['nsd-checkzone', EVERY_TYPE, (path: string) => ['example', path]],
  ['kzonecheck', TYPES_OF_KNOT, (path: string) => ['--origin', 'example.', path]],
] as const)('%s', (program, text, words) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  it.skipIf(left)('takes what is written', async () => {
    const path = join(await temporaryFolder(), 'zone');
    await writeFile(path, formatZone(read(text)));
    const ended = await run([program, ...words(path)]);
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
  });
});
