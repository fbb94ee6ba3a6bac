// Keeps the benchmark running: one short round against Portolan alone says nothing of its speed, only that it is measured.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadProcess, startLoadProcess } from './load/load-process.ts';
import type { BenchOptions } from './options.ts';
import { chooseProcessors } from './processors.ts';
import { accessListsSuite } from './suites/access-lists.ts';
import { authorityFeaturesSuite } from './suites/authority-features.ts';
import { axfrSuite } from './suites/axfr.ts';
import { dnsSuite } from './suites/dns.ts';
import { gatewaySuite } from './suites/gateway.ts';
import { httpsAnnounceSuite } from './suites/https-announce.ts';
import { rewriteSuite } from './suites/rewrite.ts';
import { rewriteColdSuite, rewriteFolderSuite } from './suites/rewrite-folder.ts';
import { serviceSuite } from './suites/service.ts';
import { singlePacketSuite } from './suites/single-packet.ts';
import { swarmMemorySuite } from './suites/swarm-memory.ts';
import { swarmMillionSuite } from './suites/swarm-million.ts';
import { udpAnnounceSuite } from './suites/udp-announce.ts';
import { udpMillionSuite } from './suites/udp-million.ts';
import { udpScrapeSuite } from './suites/udp-scrape.ts';
import { workersSuite } from './suites/workers.ts';
import { formatTable, type Table } from './table.ts';

/** What a busy machine may need for servers to start. */
const TIMEOUT_MILLISECONDS = 60_000;

describe.skipIf(process.platform !== 'linux')('the benchmark', () => {
  let options: BenchOptions;
  let load: LoadProcess;

  beforeAll(() => {
    options = {
      rounds: 1,
      seconds: 0.3,
      warmSeconds: 0.1,
      isQuick: true,
      only: ['nobody else'],
      rates: [0],
      isCrossChecked: false,
      processors: chooseProcessors(),
      log: () => undefined,
    };
    load = startLoadProcess(options.processors.load);
  });

  afterAll(() => load.stop());

  it('measures answers to queries', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [saturation] = await dnsSuite.run(options, load);
    checkServers(saturation!, ['Portolan', 'floor']);
  });

  it('measures announces over both families', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [ipv4, ipv6] = await udpAnnounceSuite.run(options, load);
    checkServers(ipv4!, ['Portolan', 'floor']);
    checkServers(ipv6!, ['Portolan', 'floor']);
  });

  it('measures scrapes and connects', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [scrapes, connects] = await udpScrapeSuite.run(options, load);
    checkServers(scrapes!, ['Portolan']);
    checkServers(connects!, ['Portolan']);
  });

  it('measures announces over TLS', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    for (const level of await httpsAnnounceSuite.run(options, load))
      checkServers(level, ['Portolan', 'floor (node:https)']);
  });

  it('measures announces to a large table beside a small one', {
    timeout: TIMEOUT_MILLISECONDS,
  }, async () => {
    const [saturation] = await udpMillionSuite.run(options, load);
    expect(saturation!.rows).toMatchObject([
      { cpu: { median: expect.toSatisfy(isAboveZero) }, lost: expect.any(Number) },
      { ratio: { median: expect.toSatisfy(isAboveZero) }, lost: expect.any(Number) },
    ]);
  });

  it('measures two workers beside one', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [queries, announces] = await workersSuite.run({ ...options, rates: [2000] }, load);
    checkServers(queries!, ['2 workers', '1 worker']);
    checkServers(announces!, ['2 workers', '1 worker']);
  });

  it('measures announces with access lists', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [table] = await accessListsSuite.run(options, load);
    expect(table!.rows.map(({ lists }) => lists)).toEqual([
      'none',
      'info-hashes that are denied',
      'info-hashes that are allowed',
      'IPv4 addresses that are denied',
    ]);
    for (const { announce } of table!.rows)
      expect((announce as { median: number }).median).toBeGreaterThan(100);
  });

  it('measures one query at a time, and none', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [oneByOne, idle] = await singlePacketSuite.run(options, load);
    checkServers(oneByOne!, ['Portolan', 'floor', 'floor (node:dgram)']);
    expect(idle!.rows.map(({ server }) => server)).toEqual(['Portolan']);
  });

  it('measures what options and limits add to a query', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [features] = await authorityFeaturesSuite.run(options, load);
    expect(features!.rows.map(({ query }) => query)).toEqual(['plain', 'with a client cookie']);
    for (const row of features!.rows) {
      expect(row['on']).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
    }
  });

  it('measures torrents over HTTP', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [torrents] = await serviceSuite.run(options, load);
    expect(torrents!.rows.map(({ server }) => server)).toEqual([
      'Portolan',
      'a handler that returns the body',
    ]);
    for (const { octets, cpu } of torrents!.rows) {
      expect(octets).toBeGreaterThan(90_000);
      expect(cpu).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
    }
  });

  it('measures announces through the gateway', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [saturation] = await gatewaySuite.run(options, load);
    checkServers(saturation!, ['Portolan']);
  });

  it('measures zone transfers', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [transfers] = await axfrSuite.run(options, load);
    expect(transfers!.rows).toMatchObject([
      { server: 'Portolan', rate: { median: expect.toSatisfy(isAboveZero) } },
    ]);
  });

  it('measures the swarm table', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [memory] = await swarmMemorySuite.run(options, load);
    for (const row of memory!.rows) expect(row).toMatchObject({ written: expect.toSatisfy(isAboveZero) });
    const [million] = await swarmMillionSuite.run(options, load);
    for (const row of million!.rows) {
      expect(row['announce']).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
      expect(row['walk']).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
    }
  });

  it('measures rewriting', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [torrents, urls] = await rewriteSuite.run({ ...options, seconds: 0.1 }, load);
    for (const row of [...torrents!.rows, ...urls!.rows]) {
      expect(row['microseconds']).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
    }
  });

  it('measures folders of torrents', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const [quick, safe] = await rewriteFolderSuite.run(options, load);
    for (const row of [...quick!.rows, ...safe!.rows]) {
      expect(row['filesPerSecond']).toMatchObject({ median: expect.toSatisfy(isAboveZero) });
    }
    const [cold] = await rewriteColdSuite.run(options, load);
    expect(cold!.rows).toMatchObject([
      { work: 'cold', queries: 100, seconds: expect.toSatisfy(isAboveZero) },
      { work: 'look-ups cached', queries: 100, seconds: expect.toSatisfy(isAboveZero) },
    ]);
  });
});

function checkServers(table: Table, names: readonly string[]): void {
  expect(table.notes, formatTable(table)).toEqual([]);
  expect(table.rows.map(({ server }) => server)).toEqual(names);
  for (const row of table.rows) {
    expect(row, formatTable(table)).toMatchObject({
      answersPerSecond: expect.toSatisfy(isAboveZero),
      cpu: { median: expect.toSatisfy(isAboveZero) },
      p50: expect.toSatisfy(isAboveZero),
      p99: expect.toSatisfy(isAboveZero),
    });
  }
}

function isAboveZero(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
