import { describe, expect, it } from 'vitest';
import { formatEndpoint } from '../../../src/core/net/endpoint.ts';
import { preferenceHosts } from '../../../src/core/preference/hosts.ts';
import { recordTable, wireName } from '../../support/record-tables.ts';

/** Each host in one line: `name endpoints @line ttl | address ttl, …`. */
function hostsOf(lines: string, apex = 'tracker.example.'): string[] {
  const zone = { apex: wireName(apex), records: recordTable(lines), files: ['t.zone'] };
  return preferenceHosts(zone).map((host) => {
    const addresses = host.addresses.map((found) => `${found.address} ${found.ttlSeconds}`).join(', ');
    const endpoints = host.endpoints.map(formatEndpoint).join(' ') || 'denied';
    return `${host.name} ${endpoints} @${host.file}:${host.line}:${host.column} ${host.ttlSeconds} | ${addresses}`;
  });
}

describe('preferenceHosts', () => {
  it('finds a host with its addresses of both families, wherever they stand in the file', () => {
    expect(
      hostsOf(`tracker.example. 300 A 192.0.2.1
tracker.example. 60 TXT BITTORRENT UDP:1337 TCP:80
other.tracker.example. 60 A 192.0.2.9
TRACKER.example. 900 AAAA 2001:DB8::1`),
    ).toEqual(['tracker.example UDP:1337 TCP:80 @t.zone:2:21 60 | 192.0.2.1 300, 2001:db8::1 900']);
  });

  it('joins the character-strings of a record without separator', () => {
    expect(hostsOf('a.tracker.example. 60 TXT "BITTORRENT UDP:13" "37"')).toEqual([
      'a.tracker.example UDP:1337 @t.zone:1:23 60 | ',
    ]);
  });

  it('lists wildcards and denials', () => {
    expect(
      hostsOf(`*.Tracker.Example. 60 TXT BITTORRENT TCP:8080
*.tracker.example. 60 A 192.0.2.1
www.tracker.example. 60 TXT BITTORRENT DENY ALL
plain.tracker.example. 60 TXT BITTORRENT`),
    ).toEqual([
      '*.tracker.example TCP:8080 @t.zone:1:23 60 | 192.0.2.1 60',
      'www.tracker.example denied @t.zone:3:25 60 | ',
      'plain.tracker.example denied @t.zone:4:27 60 | ',
    ]);
  });

  it('keeps endpoints past the tenth, which are opened though readers stop there', () => {
    const words = Array.from({ length: 12 }, (_, index) => `UDP:${1000 + index}`).join(' ');
    expect(hostsOf(`tracker.example. 60 TXT BITTORRENT ${words}`)[0]).toContain('UDP:1011 @');
  });

  it.each([
    ['another TXT record', 'tracker.example. 60 TXT v=spf1 -all ------'],
    ['a longer first word', 'tracker.example. 60 TXT BITTORRENTX UDP:1337'],
    ['a lower-case marker', 'tracker.example. 60 TXT bittorrent UDP:1337'],
  ])('ignores %s', (_, line) => {
    expect(hostsOf(line)).toEqual([]);
  });

  it('leaves out what a delegation hands to another server', () => {
    expect(
      hostsOf(`tracker.example. 60 NS ns.tracker.example.
sub.tracker.example. 60 NS ns.elsewhere.example.
host.sub.tracker.example. 60 TXT BITTORRENT UDP:1337
sub.tracker.example. 60 TXT BITTORRENT UDP:1337
notsub.tracker.example. 60 TXT BITTORRENT UDP:1337`),
    ).toEqual(['notsub.tracker.example UDP:1337 @t.zone:5:28 60 | ']);
  });

  it('counts two equal records of one owner once', () => {
    expect(
      hostsOf(`tracker.example. 60 TXT BITTORRENT UDP:1
TRACKER.EXAMPLE. 60 TXT BITTORRENT UDP:1`),
    ).toHaveLength(1);
  });
});
