import { describe, expect, it } from 'vitest';
import { formatListener, type Listener } from '../../../src/core/net/endpoint.ts';
import { createAddressMap, parseAddressEntry } from '../../../src/core/preference/address-map.ts';
import { preferenceHosts } from '../../../src/core/preference/hosts.ts';
import { difference, type PlanOptions, planListeners } from '../../../src/core/preference/plan.ts';
import { recordTable, wireName } from '../../support/record-tables.ts';

const ENTRIES = ['192.0.2.1', '2001:db8::1', '203.0.113.5=10.0.0.5', '203.0.113.6=0.0.0.0'];

function plan(lines: string, options: Partial<PlanOptions> = {}) {
  const zone = { apex: wireName('example.'), records: recordTable(lines), files: ['t.zone'] };
  const addresses = createAddressMap(
    ENTRIES.map((text) => parseAddressEntry(text)!),
    [],
  );
  const defaults = {
    addresses,
    allowedPorts: [],
    reserved: [],
    occupied: new Set<string>(),
    maxListeners: 256,
    hasCertificate: false,
  };
  return planListeners(preferenceHosts(zone), { ...defaults, ...options });
}

function wantedOf(lines: string): string[] {
  return plan(lines).wanted.map((listener) => {
    const by = listener.declarations.map(({ host, line, ttlSeconds }) => `${host}@${line}/${ttlSeconds}`);
    return `${formatListener(listener)} ${by.join(' ')}`;
  });
}

describe('planListeners', () => {
  it('opens each endpoint at each address of ours: A gives IPv4, AAAA gives IPv6', () => {
    expect(
      wantedOf(`dual.example. 60 TXT BITTORRENT UDP:1337 TCP:80
dual.example. 300 A 192.0.2.1
dual.example. 30 AAAA 2001:db8::1`),
    ).toEqual([
      'udp 192.0.2.1:1337 dual.example@1/300',
      'udp [2001:db8::1]:1337 dual.example@1/60',
      'tcp 192.0.2.1:80 dual.example@1/300',
      'tcp [2001:db8::1]:80 dual.example@1/60',
    ]);
  });

  it('shares one listener among hosts that declare the same address and port', () => {
    expect(
      wantedOf(`a.example. 60 TXT BITTORRENT UDP:1337
a.example. 60 A 192.0.2.1
*.b.example. 60 TXT BITTORRENT UDP:1337
*.b.example. 60 A 192.0.2.1`),
    ).toEqual(['udp 192.0.2.1:1337 a.example@1/60 *.b.example@3/60']);
  });

  it('binds the private address of a pair, and a wildcard only where it is written', () => {
    expect(
      wantedOf(`nat.example. 60 TXT BITTORRENT UDP:1
nat.example. 60 A 203.0.113.5
any.example. 60 TXT BITTORRENT UDP:2
any.example. 60 A 203.0.113.6`),
    ).toEqual(['udp 10.0.0.5:1 nat.example@1/60', 'udp 0.0.0.0:2 any.example@3/60']);
  });

  it('reports a host without an address of ours as published only, and a denial as nothing', () => {
    const result = plan(`far.example. 60 TXT BITTORRENT UDP:1
far.example. 60 A 198.51.100.1
bare.example. 60 TXT BITTORRENT UDP:1
no.example. 60 TXT BITTORRENT DENY ALL
no.example. 60 A 192.0.2.1`);
    expect(result.publishedOnly.map((host) => host.name)).toEqual(['far.example', 'bare.example']);
    expect(result).toMatchObject({ wanted: [], rejections: [] });
  });

  const HOST = `t.example. 60 TXT BITTORRENT UDP:53 TCP:22
t.example. 60 A 192.0.2.1`;

  it.each<[string, Partial<PlanOptions>, string]>([
    ['port-not-allowed', { allowedPorts: [{ first: 53, last: 53 }] }, 'declares TCP:22'],
    [
      'port-reserved',
      { reserved: [{ transport: 'udp', address: '192.0.2.1', port: 53 }] },
      'declares UDP:53',
    ],
    ['port-reserved', { reserved: [{ transport: 'udp', address: '0.0.0.0', port: 53 }] }, 'declares UDP:53'],
    ['too-many-listeners', { maxListeners: 1 }, 'max_listeners = 1'],
    ['too-many-listeners', { maxListeners: 2, occupied: new Set(['udp 192.0.2.9:9']) }, 'max_listeners = 2'],
  ])('rejects with %s at the line of the TXT record', (code, options, words) => {
    const { rejections } = plan(HOST, options);
    expect(rejections).toHaveLength(1);
    expect(rejections[0]).toMatchObject({ code, file: 't.zone', line: 1, column: 15 });
    expect(rejections[0]!.message).toContain(words);
  });

  it.each<[string, Partial<PlanOptions>]>([
    ['another address has the port', { reserved: [{ transport: 'udp', address: '192.0.2.9', port: 53 }] }],
    ['the other family has the port', { reserved: [{ transport: 'udp', address: '::', port: 53 }] }],
    [
      'the other transport has the port',
      { reserved: [{ transport: 'udp', address: '192.0.2.1', port: 22 }] },
    ],
    ['the socket is open already', { maxListeners: 2, occupied: new Set(['udp 192.0.2.1:53']) }],
  ])('accepts when %s', (_, options) => {
    expect(plan(HOST, options)).toMatchObject({ rejections: [], wanted: [{}, {}] });
  });
});

describe('difference', () => {
  const listener = (port: number): Listener => ({ transport: 'udp', address: '192.0.2.1', port });
  it('says what to open, keep and withdraw', () => {
    const { open, keep, withdraw } = difference([listener(1), listener(2)], [listener(2), listener(3)]);
    expect([open, keep, withdraw]).toEqual([[listener(3)], [listener(2)], [listener(1)]]);
  });
});

describe('parseAddressEntry', () => {
  it.each([
    ['auto', 'auto'],
    ['2001:DB8::0:1', { published: '2001:db8::1', bound: '2001:db8::1' }],
    ['203.0.113.5=10.0.0.5', { published: '203.0.113.5', bound: '10.0.0.5' }],
    ['203.0.113.5=0.0.0.0', { published: '203.0.113.5', bound: '0.0.0.0' }],
    ['0.0.0.0', undefined],
    ['::=::1', undefined],
    ['203.0.113.5=::1', undefined],
    ['203.0.113.5=10.0.0.5=1', undefined],
    ['tracker.example', undefined],
    ['', undefined],
  ])('reads %j', (text, expected) => {
    expect(parseAddressEntry(text)).toEqual(expected);
  });

  it('lets a pair win over the address of an interface', () => {
    const entries = [parseAddressEntry('192.0.2.1=10.0.0.1')!, 'auto' as const];
    expect([...createAddressMap(entries, ['192.0.2.1', '::1'])]).toEqual([
      ['192.0.2.1', '10.0.0.1'],
      ['::1', '::1'],
    ]);
  });
});
