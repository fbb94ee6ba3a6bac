// Where the gateway may connect to, and what it remembers of addresses: no more than it has room for.

import { describe, expect, test } from 'vitest';
import { createEndpointHealth } from '../../../src/app/gateway/endpoint-health.ts';
import { createTargets } from '../../../src/app/gateway/targets.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';

/** As many as either remembers. */
const REMEMBERED = 4096;

/** Every host has these addresses; `asked` are the hosts that were looked up, for each family once. */
function targetsOf(addresses: readonly string[], allowPrivate: readonly string[] = []) {
  const asked: string[] = [];
  const targets = createTargets({
    addresses: {
      async lookup(host, family) {
        asked.push(`${host} ${family}`);
        const found = addresses.filter((address) => address.includes(':') === (family === 6));
        return found.length === 0 ? { kind: 'none' } : { kind: 'addresses', addresses: found };
      },
      close() {},
    },
    allowPrivate: allowPrivate.map((text) => parsePrefix(text)!),
    isForbidden: () => false,
    clock: { nowMilliseconds: () => 0 },
  });
  return { targets, asked };
}

describe('an address', () => {
  test.each([
    ['1.1.1.1', [], true],
    ['2606:4700:4700::1111', [], true],
    ['10.0.0.1', [], false],
    ['10.0.0.1', ['10.0.0.0/8'], true],
    ['fd00::1', ['::/0'], true],
    ['0.0.0.0', ['0.0.0.0/0'], false],
    ['::', ['::/0'], false],
    // IPv4 in disguise: what is forbidden as 127.0.0.1 would be reached as another address.
    ['::ffff:127.0.0.1', ['::/0'], false],
    ['::ffff:7f00:1', ['::/0'], false],
    ['::ffff:1.1.1.1', ['::/0'], false],
  ])(
    '%s, where %j is allowed beside the Internet, is connected to: %s',
    async (address, allowed, isAllowed) => {
      const found = await targetsOf([address], allowed).targets.find('x.test', 80);
      expect(found).toEqual(
        isAllowed
          ? { kind: 'targets', targets: [{ address, port: 80 }] }
          : { kind: 'none', message: 'the gateway does not connect to the address of the tracker' },
      );
    },
  );
});

describe('what is remembered', () => {
  test('are the addresses of so many hosts: the longest known makes room', async () => {
    const { targets, asked } = targetsOf(['1.1.1.1']);
    for (let host = 0; host <= REMEMBERED; host++) await targets.find(`h${host}.test`, 80);
    asked.length = 0;
    await targets.find('h1.test', 80);
    expect(asked).toEqual([]);
    await targets.find('h0.test', 80);
    expect(asked).toEqual(['h0.test 4', 'h0.test 6']);
  });

  test('are so many dead endpoints: the longest dead makes room', () => {
    const health = createEndpointHealth({ nowMilliseconds: () => 0 });
    const place = (index: number) => ({ transport: 'udp', address: '192.0.2.1', port: index + 1 }) as const;
    for (let index = 0; index <= REMEMBERED; index++) health.note(place(index), false);
    expect([0, 1, REMEMBERED].map((index) => health.isDead(place(index)))).toEqual([false, true, true]);
  });

  test('of an endpoint that was dead is forgotten when it answers, and after two minutes', () => {
    let now = 0;
    const health = createEndpointHealth({ nowMilliseconds: () => now });
    const [one, other] = ['udp', 'tcp'].map((transport) => ({
      transport: transport as 'udp' | 'tcp',
      address: '192.0.2.1',
      port: 1,
    })) as [Parameters<typeof health.isDead>[0], Parameters<typeof health.isDead>[0]];
    health.note(one, false);
    health.note(other, false);
    health.note(one, true);
    expect([health.isDead(one), health.isDead(other)]).toEqual([false, true]);
    now = 119_999;
    expect(health.isDead(other)).toBe(true);
    now = 120_000;
    expect(health.isDead(other)).toBe(false);
  });
});
