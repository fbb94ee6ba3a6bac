// $GENERATE makes up to 65,536 records of a line: where the zone has no room for them, it stops in the middle.

import { expect, it } from 'vitest';
import { textToOctets } from '../../../../src/core/octets/text.ts';
import { parseZone } from '../../../../src/core/zone/language/parser.ts';
import { faultsOf, HEAD, nameOf } from '../zone-text.ts';

it.each(['h$ A 127.0.0.1', 'h$ TXT "$"', '@ NS h$'])('stops where the zone is too large: %s', (template) => {
  const octets = textToOctets(`${HEAD}$GENERATE 1-60000 ${template}\nbehind A 127.0.0.1\n`);
  const options = { origin: nameOf('example.'), maximumOctets: 20_000 };
  const zone = parseZone({ path: 'zone', octets }, options);
  expect(faultsOf(zone)).toContainEqual(expect.stringMatching(/^4:\d+ zone-too-large$/));
  // One takes more than ten octets.
  expect(zone.records.count).toBeLessThan(2000);
});
