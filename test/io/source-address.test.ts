import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseIpAddress } from '../../src/core/net/ip-address.ts';
import { createPacketSource } from '../../src/core/net/packet-handler.ts';
import { readSource } from '../../src/io/source-address.ts';

function octetsOf(address: string): number[] {
  const source = createPacketSource();
  source.octets.fill(0xee);
  readSource(address, 1, source);
  return [...source.octets.subarray(0, source.family === 4 ? 4 : 16)];
}

it.each([
  '::',
  '::1',
  '1::',
  '2001:db8::5:0:1',
  '::ffff:192.0.2.1',
  '64:ff9b::192.0.2.33',
  '0.0.0.0',
  '255.255.255.255',
])('reads %s as the parser does', (address) =>
  expect(octetsOf(address)).toEqual([...parseIpAddress(address)!]),
);

it('reads every address as the parser does', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      expect(octetsOf(address)).toEqual([...parseIpAddress(address)!]);
    }),
  );
});

it('leaves out the zone of a link-local address', () => {
  expect(octetsOf('fe80::1:2%eth0')).toEqual([...parseIpAddress('fe80::1:2')!]);
});
