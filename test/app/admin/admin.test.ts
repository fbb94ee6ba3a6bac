import { describe, expect, it } from 'vitest';
import { COUNTER_FAMILIES } from '../../../src/app/admin/counter-families.ts';
import { formatStatusPage } from '../../../src/app/admin/status-page.ts';
import { COUNTER_NAMES } from '../../../src/core/counters.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { prepareServer, serve, zoneText } from '../../support/serving.ts';
import { announceUdp, askUdp, getHttp } from '../../support/tracker-clients.ts';

async function serveOne() {
  const [port] = await findFreePorts(1);
  const zone = zoneText(
    'example',
    `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"\nwww TXT "BITTORRENT DENY ALL"`,
    7,
  );
  const serving = await serve({ zones: { 't.zone': zone } });
  const get = async (path: string, headers = {}) =>
    (await getHttp('127.0.0.1', serving.adminPort, path, headers)) ?? { status: 0, body: '' };
  return { ...serving, get, port: port! };
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
    const { get, port } = await serveOne();
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
        { host: 'www.example', state: 'denied' },
      ],
      draining: [],
    });
  });

  it('counts what was answered, and never says who asked', async () => {
    const { get, port, dnsPorts } = await serveOne();
    await askUdp('127.0.0.1', dnsPorts[0]!, { name: 't.example', type: 'TXT' });
    await announceUdp('127.0.0.1', port);
    const { body } = await get('/metrics');
    for (const line of [
      'portolan_dns_queries_total{transport="udp"} 1',
      'portolan_dns_replies_total{rcode="NOERROR"} 1',
      'portolan_tracker_announces_total{transport="udp",family="ipv4"} 1',
      'portolan_zone_serial{zone="example"} 7',
      'portolan_zone_current{zone="example"} 1',
      'portolan_swarm_peers{family="ipv4"} 1',
      'portolan_listeners{state="declared"} 1',
      'portolan_ready 1',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    expect(body).not.toContain('127.0.0.1');
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
      swarm: { torrents: 0, peersIpv4: 0, peersIpv6: 0, seeds: 0, leechers: 0, partialSeeds: 0, heapOctets: 0 },
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
    expect(page.split('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&#39;')).toHaveLength(17);
    expect(page).toContain('1h1m');
  });
});
