import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { zoneRows } from '../../src/app/admin/zone-rows.ts';
import { runCaptured } from '../support/captured-io.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { serve, zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function zones(port: number, ...args: string[]) {
  const workingDirectory = await temporaryFolder();
  return await runCaptured(['zones', '--admin-listen', `127.0.0.1:${port}`, ...args], { workingDirectory });
}

/** Rows without what pads them. */
const rowsIn = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

const HEADS = ['zone', 'kind', 'serial', 'records', 'confirmed', 'expires', 'state'];

/** What answers every request so. */
async function answering(status: number, body: string): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('portolan zones', () => {
  it('shows every zone, and is 0 while each is served as its file has it', async () => {
    const { adminPort, edit } = await serve({
      zones: { 'a.zone': zoneText('a.example', '', 7), 'b.zone': zoneText('b.example', 'x A 192.0.2.1', 9) },
    });
    const good = await zones(adminPort);
    expect(rowsIn(good.stdout)).toEqual([
      HEADS,
      ['a.example', 'primary', '7', '3', '-', '-', 'current'],
      ['b.example', 'primary', '9', '4', '-', '-', 'current'],
    ]);
    expect(good).toMatchObject({ stderr: '', exitCode: 0 });
    await edit('b.zone', zoneText('b.example', 'x A 300.2.1\ny A z', 10));
    const { stdout, exitCode } = await zones(adminPort);
    expect(stdout).toMatch(
      /^b\.example +primary +9 +4 +- +- +last-good: .*b\.zone:\d+:5: An A record .* \(and 1 more\)$/m,
    );
    expect(exitCode).toBe(1);
  });

  it('shows those that are named, in any spelling, and calls others wrong', async () => {
    const { adminPort } = await serve({
      zones: { 'a.zone': zoneText('a.example', '', 7), 'b.zone': zoneText('b.example', '', 9) },
    });
    const one = await zones(adminPort, 'B.Example.');
    expect(rowsIn(one.stdout).map(([zone]) => zone)).toEqual(['zone', 'b.example']);
    expect(one.exitCode).toBe(0);
    const other = await zones(adminPort, 'a.example', 'c.example', '--json');
    expect(
      other.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { zone: 'a.example', kind: 'primary', state: 'current', serial: 7, recordCount: 3, ok: true },
      { zone: 'c.example', state: 'not-served', problem: 'the server has no such zone', ok: false },
    ]);
    expect(other.exitCode).toBe(1);
  });

  it('shows when copies were confirmed and when they expire', async () => {
    const primary = await serve({
      zones: { 'z.zone': zoneText('z.example', '', 3) },
      settings: { 'dns.transfer': ['127.0.0.1'] },
    });
    const [silent] = (await findFreePorts(1)) as [number];
    const copy = await serve({
      zones: {},
      settings: {
        'dns.secondaries': [
          `zone=z.example primaries=127.0.0.1:${primary.dnsPorts[0]}`,
          `zone=never.example primaries=127.0.0.1:${silent}`,
        ],
      },
    });
    const failed = async () => (await zones(copy.adminPort, 'never.example')).stdout;
    await expect.poll(async () => (await zones(copy.adminPort, 'z.example')).exitCode).toBe(0);
    await expect.poll(failed).toMatch(/^never\.example +secondary +- +- +- +- +empty: 127\.0\.0\.1:\d+: /m);
    const [, [zone, kind, serial, records, ...times]] = rowsIn(
      (await zones(copy.adminPort, 'z.example')).stdout,
    ) as [string[], string[]];
    expect([zone, kind, serial, records]).toEqual(['z.example', 'secondary', '3', '3']);
    const at = (seconds: number) =>
      new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000', '');
    const now = copy.clock.nowSeconds();
    expect(times).toEqual([at(now), at(now + 7 * 86_400), 'fresh']);
    expect((await zones(copy.adminPort)).exitCode).toBe(1);
  });

  it.each([
    ['another program', 404, 'no such page', 'status 404'],
    ['another program in JSON', 200, '{"zones":{}}', 'another program answers at the admin address'],
    ['what is no JSON', 200, 'hello', 'no JSON'],
  ])('ends with 1 where %s answers', async (_what, status, body, message) => {
    const { stdout, stderr, exitCode } = await zones(await answering(status, body));
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(stderr).toContain(message);
  });

  it('ends with 1 where nothing answers, and with 2 where the address is none', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const { stderr, exitCode } = await zones(port);
    expect(stderr).toBe(`portolan: no status from http://127.0.0.1:${port}/status.json: ECONNREFUSED\n`);
    expect(exitCode).toBe(1);
    expect((await runCaptured(['zones', '--admin-listen', 'here'])).exitCode).toBe(2);
  });
});

it('a copy is good while it is fresh or being asked about', () => {
  const secondary = (phase: string) => ({ zone: phase, path: phase, phase, primaries: [] }) as never;
  const rows = zoneRows({
    zones: [],
    secondaries: ['empty', 'fresh', 'due', 'retrying', 'expired'].map(secondary),
  });
  expect(rows.filter(({ isGood }) => isGood).map(({ zone }) => zone)).toEqual(['fresh', 'due']);
  expect(rows.find(({ zone }) => zone === 'empty')?.problem).toBe('no primary has answered yet');
});
