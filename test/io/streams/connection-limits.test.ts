import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { readSource } from '../../../src/io/source-address.ts';
import {
  type CountedConnection,
  createConnectionLimits,
  createConnectionPlace,
  prefixOf,
} from '../../../src/io/streams/connection-limits.ts';

it.each([
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
])('counts %s and %s together: %s', (one, other, together) => {
  const [first, second] = [one, other].map((address) => {
    const source = createPacketSource();
    readSource(address, 1, source);
    return prefixOf(source);
  });
  expect(first === second).toBe(together);
});

it('lets every newcomer in, never exceeds its caps, and sheds neighbours first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(9)), { maxLength: 60 }),
      (arrivals) => {
        const limits = createConnectionLimits(5, 3);
        const open = new Set<CountedConnection>();
        for (const [prefix, action] of arrivals) {
          const connection: CountedConnection = {
            prefix,
            place: createConnectionPlace(),
            shed: () => void open.delete(connection),
          };
          const full = [...open].filter((other) => other.prefix === prefix).length === 3;
          const strangers = [...open].filter((other) => other.prefix !== prefix).length;
          limits.admit(connection);
          open.add(connection);
          if (full) expect([...open].filter((other) => other.prefix !== prefix).length).toBe(strangers);
          const some = [...open][action % open.size]!;
          if (action > 6) {
            limits.release(some);
            open.delete(some);
          } else limits.touch(some);
          expect(limits.size()).toBe(open.size);
          expect(open.size).toBeLessThanOrEqual(5);
          for (const name of ['a', 'b', 'c']) {
            expect([...open].filter((other) => other.prefix === name).length).toBeLessThanOrEqual(3);
          }
        }
      },
    ),
  );
});
