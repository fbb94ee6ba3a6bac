import { describe, expect, it } from 'vitest';
import { COUNTER_FAMILIES } from '../../../src/app/admin/counter-families.ts';
import { formatStatusPage } from '../../../src/app/admin/status-page.ts';
import { trackerCounts } from '../../../src/app/admin/tracker-counts.ts';
import { COUNTER_NAMES, createCounters } from '../../../src/core/counters.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { prepareServer, serve, zoneText } from '../../support/serving.ts';
import { announceHttp, announceUdp, askUdp, getHttp } from '../../support/tracker-clients.ts';

async function serveOne() {
  const [port, httpPort] = (await findFreePorts(2)) as [number, number];
  const zone = zoneText(
    'example',
    `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port} TCP:${httpPort}"\nwww TXT "BITTORRENT DENY ALL"`,
    7,
  );
  const serving = await serve({ zones: { 't.zone': zone } });
  const get = async (path: string, headers = {}) =>
    (await getHttp('127.0.0.1', serving.adminPort, path, headers)) ?? { status: 0, body: '' };
  return { ...serving, get, port, httpPort };
}

describe('the admin address', () => {
  it('has a status page with every host, without scripts', async () => {
    const { get, port } = await serveOne();
    const { status, body } = await get('/');
    expect(status).toBe(200);
    for (const text of [
      't.example',
      `UDP:${port}`,
      `127.0.0.1:${port}`,
      'www.example',
      'Every socket is open.',
    ]) {
      expect(body).toContain(text);
    }
    expect(body).not.toContain('<script');
  });

  it('says the same as JSON', async () => {
    const { get, port, httpPort } = await serveOne();
    expect(JSON.parse((await get('/status.json')).body)).toMatchObject({
      state: 'serving',
      isReady: true,
      zones: [{ name: 'example', state: 'current', serial: 7 }],
      hosts: [
        {
          host: 't.example',
          endpoint: `UDP:${port}`,
          state: 'open',
          announceUrl: `udp://t.example:${port}/announce`,
        },
        { host: 't.example', endpoint: `TCP:${httpPort}`, state: 'open' },
        { host: 'www.example', state: 'denied' },
      ],
      draining: [],
    });
  });

  it('has what each socket was asked for, and what it can hold', async () => {
    const { get, port, httpPort, dnsPorts } = await serveOne();
    await announceUdp('127.0.0.1', port);
    for (const host of ['t.example', 'foreign.test']) await announceHttp('127.0.0.1', httpPort, { host });
    await getHttp('127.0.0.1', httpPort, `/scrape?info_hash=${'a'.repeat(20)}`, { host: 't.example' });
    await getHttp('127.0.0.1', httpPort, '/', { host: 't.example' });
    const status = JSON.parse((await get('/status.json')).body);
    const buffer = { grantedOctets: expect.any(Number), wantedOctets: 4 * 1024 * 1024 };
    const ofDns = ({ service, transport }: { service: string; transport: string }): boolean =>
      service === 'dns' && transport === 'udp';
    expect(status.sockets.slice(0, 2)).toMatchObject([
      {
        transport: 'udp',
        address: `127.0.0.1:${port}`,
        service: 'tracker',
        hosts: ['t.example'],
        receiveBuffer: buffer,
        traffic: { announces: 1, scrapes: 0 },
      },
      {
        transport: 'tcp',
        address: `127.0.0.1:${httpPort}`,
        service: 'tracker',
        hosts: ['t.example'],
        traffic: { announces: 2, scrapes: 1 },
      },
    ]);
    expect(status.sockets.find(ofDns)).toEqual({
      transport: 'udp',
      address: `127.0.0.1:${dnsPorts[0]}`,
      service: 'dns',
      hosts: [],
      receiveBuffer: buffer,
    });
    expect(status.httpHosts).toEqual([{ host: 't.example', announces: 1, scrapes: 1 }]);
    expect(status.tracker).toMatchObject({
      connects: 1,
      announces: { udp: { ipv4: 1, ipv6: 0 }, http: { ipv4: 2, ipv6: 0 } },
      scrapes: { udp: { ipv4: 0, ipv6: 0 }, http: { ipv4: 1, ipv6: 0 } },
      pages: 1,
    });
    const page = (await get('/')).body;
    for (const text of ['Hosts over HTTP', `<code>udp 127.0.0.1:${port}</code>`, '<td>HTTP</td><td>2</td>'])
      expect(page).toContain(text);
  });

  it('counts what was answered, and never says who asked', async () => {
    const { get, port, httpPort, dnsPorts } = await serveOne();
    await askUdp('127.0.0.1', dnsPorts[0]!, { name: 't.example', type: 'TXT' });
    await announceUdp('127.0.0.1', port, 7001, '127.0.0.2');
    await announceHttp('127.0.0.1', httpPort, { host: 't.example', peerPort: 7003, from: '127.0.0.3' });
    const { body } = await get('/metrics');
    for (const line of [
      'portolan_dns_queries_total{transport="udp"} 1',
      'portolan_dns_replies_total{rcode="NOERROR"} 1',
      'portolan_tracker_announces_total{transport="udp",family="ipv4"} 1',
      'portolan_zone_serial{zone="example"} 7',
      'portolan_zone_current{zone="example"} 1',
      'portolan_swarm_peers{family="ipv4"} 2',
      'portolan_listeners{state="declared"} 2',
      `portolan_tracker_listener_announces_total{transport="udp",listener="127.0.0.1:${port}"} 1`,
      `portolan_tracker_listener_announces_total{transport="tcp",listener="127.0.0.1:${httpPort}"} 1`,
      `portolan_tracker_listener_scrapes_total{transport="tcp",listener="127.0.0.1:${httpPort}"} 0`,
      'portolan_tracker_host_announces_total{host="t.example"} 1',
      'portolan_ready 1',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    const told = [body, (await get('/status.json')).body, (await get('/')).body].join('\n');
    for (const secret of ['127.0.0.2', '127.0.0.3', 'aaaaaaaa', '6161616161', 'PT0001'])
      expect(told.split(secret)).toHaveLength(1);
  });

  it('rewrites URLs, for people and for programs', async () => {
    const { get } = await serveOne();
    const page = await get('/rewrite');
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('<!doctype html>') });
    const { status, body } = await get('/v1/rewrite?url=udp://127.0.0.1:1');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ decisions: [{ reason: 'literal' }] });
  });

  it('lets no page elsewhere read or ask', async () => {
    const { get } = await serveOne();
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'cors',
      origin: 'https://evil.example',
    };
    for (const path of ['/', '/status.json', '/metrics', '/rewrite', '/v1/rewrite?url=udp://127.0.0.1:1'])
      expect((await get(path, headers)).status).toBe(403);
  });

  it('is healthy and ready while every socket is open', async () => {
    const { get } = await serveOne();
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 200]);
  });

  it('is not ready before DNS is answered', async () => {
    const [port] = await findFreePorts(1);
    const zones = { 't.zone': zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`) };
    const { server } = await prepareServer({ zones });
    expect(server.status().isReady).toBe(false);
  });

  it.each([
    ['a name that a stranger’s DNS makes lead here', { host: 'evil.example' }, '/status.json', 421],
    ['another such', { host: 'localhost.evil.example:8053' }, '/', 421],
    ['a method that changes nothing here', {}, '/nothing', 404],
    ['a path out of the folder', {}, '/../../etc/passwd', 404],
  ])('refuses %s', async (_, headers, path, status) => {
    const { get } = await serveOne();
    expect((await get(path, headers)).status).toBe(status);
  });
});

describe('the metrics', () => {
  it('have every counter once', () => {
    const exported = COUNTER_FAMILIES.flatMap(({ series }) => series.map(({ counter }) => counter));
    expect(exported.sort()).toEqual([...COUNTER_NAMES].sort());
  });
});

describe('the status page', () => {
  it('writes what zone files hold as text, whatever it is', () => {
    const hostile = `"><img src=x onerror=alert(1)>&'`;
    const page = formatStatusPage({
      state: 'serving',
      isReady: true,
      startedAtSeconds: 0,
      dns: [],
      dnsTls: [],
      admin: undefined,
      rewriter: undefined,
      access: { files: [], passkeys: undefined },
      swarm: {
        torrents: 0,
        peersIpv4: 0,
        peersIpv6: 0,
        seeds: 0,
        leechers: 0,
        partialSeeds: 0,
        heapOctets: 0,
      },
      tracker: trackerCounts(createCounters()),
      sockets: [
        {
          transport: 'udp',
          address: hostile,
          service: 'tracker',
          hosts: [hostile],
          receiveBuffer: { grantedOctets: 1024, wantedOctets: 4096 },
          traffic: { announces: 1, scrapes: 2 },
        },
      ],
      httpHosts: [{ host: hostile, announces: 1, scrapes: 2 }],
      secondaries: [
        {
          zone: hostile,
          path: hostile,
          catalog: hostile,
          phase: 'expired',
          primaries: [hostile],
          serial: 1,
          confirmedAtSeconds: 1,
          nextAtSeconds: undefined,
          expiresAtSeconds: 2,
          lastError: hostile,
        },
      ],
      zones: [
        {
          path: hostile,
          name: hostile,
          role: 'secondary',
          state: 'last-good',
          serial: 1,
          recordCount: 1,
          findings: [
            {
              severity: 'error',
              code: 'bad-octet',
              message: hostile,
              file: hostile,
              line: 1,
              column: 1,
              length: 1,
              source: hostile,
            },
          ],
        },
      ],
      hosts: [
        {
          zone: hostile,
          host: hostile,
          endpoint: hostile,
          address: hostile,
          state: 'open',
          announceUrl: hostile,
          remedy: hostile,
        },
      ],
      draining: [
        { host: hostile, transport: 'udp', address: hostile, port: 1, isOpen: true, secondsLeft: 3661 },
      ],
    });
    expect(page).not.toContain('<img');
    expect(page.split('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&#39;')).toHaveLength(20);
    expect(page).toContain('1h1m');
    expect(page).toContain('1 KiB of 4 KiB: raise net.core.rmem_max');
  });
});
