import { describe, expect, it } from 'vitest';
import type { HostStatus, ServerStatus } from '../../src/app/admin/status.ts';
import { trackerCounts } from '../../src/app/admin/tracker-counts.ts';
import type { ReloadReport, ZoneReport } from '../../src/app/zones/reload.ts';
import { renderReload, renderStart } from '../../src/cli/serve-report.ts';
import { createCounters } from '../../src/core/counters.ts';

const NOTHING: ReloadReport = { trigger: 'signal', zones: [], opened: [], draining: [], closed: [] };

function zone(outcome: ZoneReport['outcome'], findings: ZoneReport['findings'] = []): ZoneReport {
  return {
    path: '/srv/zones/t.zone',
    name: outcome === 'not-served' ? undefined : 'example',
    outcome,
    findings,
  };
}

const ERROR = {
  severity: 'error',
  code: 'port-taken',
  message: 't.example declares TCP:80: it is taken',
  file: '/srv/zones/t.zone',
  line: 7,
  column: 3,
  length: 3,
  source: 't TXT "BITTORRENT TCP:80"',
} as const;

function lines(report: Partial<ReloadReport>): string[] {
  return renderReload({ ...NOTHING, ...report }).map(({ level, text }) => `${level}: ${text}`);
}

describe('the lines of a reload', () => {
  it.each<[string, Partial<ReloadReport>, string[]]>([
    ['a signal without a change', {}, ['info: zones read again: nothing has changed']],
    ['a save without a change', { trigger: 'watch' }, ['debug: zones read again: nothing has changed']],
    [
      'a signal without a change while a port drains',
      { draining: [{ transport: 'udp', address: '::1', port: 1 }] },
      ['info: zones read again: nothing has changed'],
    ],
    [
      'a port that moves',
      {
        zones: [zone('published')],
        opened: [{ transport: 'udp', address: '::1', port: 2 }],
        draining: [{ transport: 'udp', address: '::1', port: 1 }],
      },
      ['info: example is published', 'info: opened udp [::1]:2; draining udp [::1]:1'],
    ],
    [
      'a bad edit',
      { zones: [zone('kept', [ERROR])] },
      ['warn: example is served as it was: 1 error in /srv/zones/t.zone'],
    ],
    [
      'a new file that is bad',
      { zones: [zone('not-served', [ERROR, ERROR])] },
      ['error: nothing is served from /srv/zones/t.zone: 2 errors'],
    ],
    ['a zone that ended', { zones: [zone('removed')] }, ['info: example is no longer served']],
  ])('say %s', (_, report, expected) => {
    expect(lines(report)).toEqual(expected);
  });
});

function statusOf(hosts: readonly Partial<HostStatus>[]): ServerStatus {
  const blank = {
    zone: 'example',
    endpoint: undefined,
    address: undefined,
    announceUrl: undefined,
    remedy: undefined,
  };
  return {
    state: 'serving',
    isReady: true,
    startedAtSeconds: 0,
    dns: [{ address: '::1', port: 53 }],
    dnsTls: [],
    admin: undefined,
    rewriter: undefined,
    zones: [],
    secondaries: [],
    hosts: hosts.map((host) => ({ ...blank, host: 't.example', state: 'open', ...host })),
    draining: [],
    swarm: { torrents: 0, peersIpv4: 0, peersIpv6: 0, seeds: 0, leechers: 0, partialSeeds: 0, heapOctets: 0 },
    access: { files: [], passkeys: undefined },
    tracker: trackerCounts(createCounters()),
    sockets: [],
    httpHosts: [],
  };
}

describe('the table at the start', () => {
  it('has one line a host, with all its endpoints and addresses, and lines to copy', () => {
    const rows = [
      { endpoint: 'UDP:1', address: '192.0.2.1:1', announceUrl: 'udp://t.example:1/announce' },
      { endpoint: 'UDP:1', address: '[2001:db8::1]:1', announceUrl: 'udp://t.example:1/announce' },
      { host: '*.example', endpoint: 'TCP:2', address: '192.0.2.1:2' },
    ];
    expect(
      renderStart(statusOf(rows), false),
    ).toBe(`zone     host       endpoints  address                  state
example  t.example  UDP:1      192.0.2.1 [2001:db8::1]  open
example  *.example  TCP:2      192.0.2.1                open

ask DNS
  dig @::1 -p 53 TXT t.example
announce
  udp://t.example:1/announce
`);
  });

  it('names addresses to announce to on loopback, where no resolver knows the name', () => {
    const rows = [{ endpoint: 'TCP:2', address: '[::1]:2', announceUrl: 'http://t.example:2/announce' }];
    expect(renderStart(statusOf(rows), false)).toContain('  http://[::1]:2/announce\n');
  });

  it('says what to write for a host that is only published', () => {
    const rows = [{ endpoint: 'UDP:1', state: 'published-only' as const, remedy: 'add an address' }];
    const text = renderStart(statusOf(rows), false);
    expect(text).toMatch(/^example +t\.example +UDP:1 +published only$/m);
    expect(text).toContain('t.example is published only: add an address');
  });

  it('shows a zone without trackers, and what to ask of it', () => {
    const zone = { name: 'plain.example', path: '', role: 'primary', state: 'current' } as const;
    const status = { ...statusOf([]), zones: [{ ...zone, serial: 1, recordCount: 3, findings: [] }] };
    expect(renderStart(status, false)).toBe(`zone           host  endpoints  address  state
plain.example                            DNS only

ask DNS
  dig @::1 -p 53 SOA plain.example
`);
  });

  it('shows fifty hosts and counts the rest', () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({ host: `h${index}.example`, endpoint: 'UDP:1' }));
    const text = renderStart(statusOf(rows), false);
    expect(text).toContain('… and 10 more on the status page');
    expect(text).not.toContain('h50.example');
  });

  it('lets no name move the cursor', () => {
    expect(renderStart(statusOf([{ host: 'a\u001b[2J.example' }]), false)).not.toContain('\u001b');
  });
});
