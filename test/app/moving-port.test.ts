// A port moves while clients announce and resolvers ask: invariant 2 of the architecture, over real sockets.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { thisMachine } from '../../src/app/machine.ts';
import type { ReloadReport } from '../../src/app/zones/reload.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { type Serving, serve, zoneText } from '../support/serving.ts';
import { announceHttp, announceUdp, askTcp, askUdp } from '../support/tracker-clients.ts';

const EDITS = 6;

function zoneAt(port: number, serial: number): string {
  const lines = `t A 127.0.0.1\nt AAAA ::1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`;
  return zoneText('example', lines, serial);
}

/** One client's round: ask where the tracker is, then announce there. Returns what went wrong. */
async function resolveAndAnnounce(dnsPort: number, address: string, round: number): Promise<string[]> {
  const ask = round % 4 === 0 ? askTcp : askUdp;
  const reply = await ask('127.0.0.1', dnsPort, { name: 't.example', type: 'TXT', id: round });
  const port = Number(/UDP:(\d+)/.exec(reply.answer[0] ?? '')?.[1]);
  if (!(port > 0)) return [`round ${round}: DNS said ${reply.rcode}`];
  return await announceAt(address, port, round);
}

async function announceAt(address: string, port: number, round: number): Promise<string[]> {
  const udp = await announceUdp(address, port, 1000 + (round % 50));
  const http = await announceHttp(address, port, { host: 't.example', peerPort: 2000 + (round % 50) });
  return [
    ...(udp === undefined ? [`round ${round}: UDP port ${port} did not answer`] : []),
    ...(http?.includes('5:peers') === true ? [] : [`round ${round}: HTTP port ${port} said ${http}`]),
  ];
}

it('loses no announce and no query while a port moves again and again', async () => {
  const ports = await findFreePorts(EDITS + 1);
  const serving: Serving = await serve({ zones: { 't.zone': zoneAt(ports[0]!, 1) } });
  const losses: string[] = [];
  let running = true;
  let rounds = 0;
  const client = async (address: string): Promise<void> => {
    while (running) losses.push(...(await resolveAndAnnounce(serving.dnsPorts[0]!, address, ++rounds)));
  };
  // This one has cached the first answer, and goes on with it for the whole of its TTL.
  const caching = async (): Promise<void> => {
    while (running) losses.push(...(await announceAt('127.0.0.1', ports[0]!, ++rounds)));
  };
  const clients = [client('127.0.0.1'), client('::1'), caching()];
  for (let edit = 1; edit <= EDITS; edit++) {
    const before = rounds;
    const report = await serving.edit('t.zone', zoneAt(ports[edit]!, edit + 1));
    expect(report.zones[0]?.outcome).toBe('published');
    await expect.poll(() => rounds, { interval: 5, timeout: 5000 }).toBeGreaterThan(before + 6);
  }
  running = false;
  await Promise.all(clients);
  expect(losses).toEqual([]);
  expect(rounds).toBeGreaterThan(EDITS * 6);
});

it('follows a save by itself', async () => {
  const [one, two] = await findFreePorts(2);
  const { clock } = await thisMachine();
  const reports: ReloadReport[] = [];
  const { server, folder, dnsPorts } = await serve({
    zones: { 't.zone': zoneAt(one!, 1) },
    clock,
    onReload: (report) => reports.push(report),
  });
  onTestFinished(() => server.stop());
  await writeFile(join(folder, 'zones', 't.zone'), zoneAt(two!, 2));
  const asked = () => askUdp('127.0.0.1', dnsPorts[0]!, { name: 't.example', type: 'TXT' });
  await expect.poll(async () => (await asked()).answer[0], { timeout: 5000 }).toContain(`UDP:${two}`);
  await expect.poll(() => reports.length).toBeGreaterThan(0);
  expect(reports[0]).toMatchObject({ trigger: 'watch', zones: [{ outcome: 'published' }] });
});
