import { describe, expect, it } from 'vitest';
import { createOwnSources } from '../../../src/app/data-plane/own-sources.ts';
import type { Listener } from '../../../src/core/net/endpoint.ts';
import { parseIpAddress } from '../../../src/core/net/ip-address.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';

function source(address: string, port: number) {
  const octets = parseIpAddress(address)!;
  const result = createPacketSource();
  result.family = octets.length === 4 ? 4 : 6;
  result.octets.set(octets);
  result.port = port;
  return result;
}

const LISTENERS: Listener[] = [
  { transport: 'udp', address: '127.0.0.1', port: 53 },
  { transport: 'udp', address: '::1', port: 53 },
  { transport: 'tcp', address: '127.0.0.1', port: 80 },
];

describe('our own sources', () => {
  it.each([
    ['127.0.0.1', 53, true],
    ['::1', 53, true],
    ['127.0.0.2', 53, false],
    ['127.0.0.1', 54, false],
    ['127.0.0.1', 80, false],
    // The same first octets as ::1 has none of: families are told apart.
    ['0.0.0.0', 53, false],
  ])('%s port %i: %s', (address, port, expected) => {
    const own = createOwnSources();
    for (const listener of LISTENERS) own.add(listener);
    expect(own.has(source(address, port))).toBe(expected);
  });

  it('forget a socket that was closed, and keep the others at its port', () => {
    const own = createOwnSources();
    for (const listener of LISTENERS) own.add(listener);
    own.delete(LISTENERS[0]!);
    expect([own.has(source('127.0.0.1', 53)), own.has(source('::1', 53))]).toEqual([false, true]);
  });

  it.each([
    ['0.0.0.0', '192.0.2.1', true],
    ['0.0.0.0', '192.0.2.2', false],
    ['0.0.0.0', '2001:db8::1', false],
    ['::', '2001:db8::1', true],
    ['::', '192.0.2.1', false],
  ])('on %s: %s: %s, and no more once it is closed', (bound, address, expected) => {
    const own = createOwnSources(() => ['127.0.0.1', '192.0.2.1', '2001:db8::1']);
    const listener = { transport: 'udp', address: bound, port: 53 } as const;
    own.add(listener);
    expect(own.has(source(address, 53))).toBe(expected);
    own.delete(listener);
    expect(own.has(source(address, 53))).toBe(false);
  });
});
