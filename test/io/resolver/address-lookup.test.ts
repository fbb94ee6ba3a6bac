// What the system is asked for, and what nobody is.

import { expect, test } from 'vitest';
import { createSystemAddressLookup } from '../../../src/io/resolver/address-lookup.ts';

/** Requests to the system that are under way. */
const askedOfSystem = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'GetAddrInfoReqWrap').length;

test.each([
  ['abcdef.onion', false],
  ['Abcdef.ONION.', false],
  ['onion', false],
  ['x.i2p', false],
  ['x。onion', false],
  ['127.0.0.1', false],
  ['localhost', true],
])('%s is asked of the system: %s', async (host, isAsked) => {
  const lookup = createSystemAddressLookup();
  const before = askedOfSystem();
  const answer = lookup.lookup(host, 4);
  expect(askedOfSystem() - before).toBe(isAsked ? 1 : 0);
  const isLoopback = host === 'localhost' || host === '127.0.0.1';
  expect(await answer).toEqual(
    isLoopback ? { kind: 'addresses', addresses: ['127.0.0.1'] } : { kind: 'none' },
  );
  lookup.close();
});
