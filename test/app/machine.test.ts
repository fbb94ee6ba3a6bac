import { expect, it } from 'vitest';
import { rememberAddresses } from '../../src/app/machine.ts';

it('names the addresses that were known last while the kernel says none', () => {
  const outcomes: (readonly string[] | Error)[] = [
    ['192.0.2.1'],
    ['192.0.2.2'],
    new Error('uv_interface_addresses'),
    ['192.0.2.3'],
  ];
  const addresses = rememberAddresses(() => {
    const outcome = outcomes.shift()!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  expect([addresses(), addresses(), addresses()]).toEqual([['192.0.2.2'], ['192.0.2.2'], ['192.0.2.3']]);
});
