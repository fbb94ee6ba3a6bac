import { expect, it } from 'vitest';
import { canonicalAddress } from '../../src/core/net/ip-address.ts';
import { hasFamily, localAddresses } from '../../src/io/interfaces.ts';
import { randomOctets, randomUint32 } from '../../src/io/random.ts';

it('lists loopback, each address once, in canonical form, none of them link-local', () => {
  const addresses = localAddresses();
  expect(addresses).toContain('127.0.0.1');
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.map(canonicalAddress)).toEqual(addresses);
  expect(addresses.filter((address) => address.startsWith('fe80:'))).toEqual([]);
});

it('knows the families that have a loopback address', async () => {
  expect(await hasFamily(4)).toBe(localAddresses().includes('127.0.0.1'));
  expect(await hasFamily(6)).toBe(localAddresses().includes('::1'));
});

it('gives random octets of the length asked for, and 32-bit numbers', () => {
  expect(randomOctets(16).length).toBe(16);
  expect(randomOctets(16)).not.toEqual(randomOctets(16));
  const number = randomUint32();
  expect(Number.isInteger(number) && number >= 0 && number < 2 ** 32).toBe(true);
});
