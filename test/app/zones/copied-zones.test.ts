// Zones of other servers: what is an error in a zone file of one's own is a warning there.

import { expect, it } from 'vitest';
import type { ZoneOrigin } from '../../../src/app/zones/zone-origin.ts';
import { readKeptZone } from '../../../src/app/zones/zone-version.ts';
import { zoneText } from '../../support/serving.ts';

const COPY: ZoneOrigin = { kind: 'secondary', drivesTracker: false };

it.each([
  ['a HTTPS 1 . mandatory=alpn', 'bad-service'],
  ['a HTTPS 1 . key4="\\001\\002\\003"', 'bad-service'],
  ['a SSHFP 1 1 AB', 'bad-digest'],
  ['a NAPTR 1 2 "u" "x" "!a!b" .', 'bad-regular-expression'],
])('%s is served of a copy, with a warning', (record, code) => {
  const texts = [{ path: 'z.example.zone', octets: Buffer.from(zoneText('z.example', record)) }];
  const copy = readKeptZone(texts, { seed: 1 }, COPY);
  expect(copy).toMatchObject({ kind: 'good', findings: [{ code, severity: 'warning' }] });
  expect(readKeptZone(texts, { seed: 1 })).toMatchObject({
    kind: 'bad',
    findings: [{ code, severity: 'error' }],
  });
});
