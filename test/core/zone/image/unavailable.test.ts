import { expect, it } from 'vitest';
import { createUnavailableZone } from '../../../../src/core/zone/image/unavailable.ts';
import { ask, authorityOf, imageOf } from '../../../support/authority-of.ts';
import { nameOf } from '../zone-text.ts';

it.each([
  ['SOA', 'gone.example.', 'SERVFAIL'],
  ['A', 'deep.below.gone.example.', 'SERVFAIL'],
  ['A', 'a.here.gone.example.', 'NOERROR'],
  ['A', 'example.', 'REFUSED'],
])('answers %s of %s with %s', (type, name, status) => {
  const here = imageOf(
    '@ 60 SOA ns b 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\na 60 A 192.0.2.2',
    'here.gone.example.',
  );
  const gone = createUnavailableZone(nameOf('gone.example.'), here.seed);
  expect(ask(authorityOf(gone, here), { name, type }).rcode).toBe(status);
});
