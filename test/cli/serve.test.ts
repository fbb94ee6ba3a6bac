// `portolan serve` as a process: what it prints, its signals, its exit codes.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as nextTick } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/app/config/config.ts';
import { createSwarm } from '../../src/app/data-plane/shared-state.ts';
import { thisMachine } from '../../src/app/machine.ts';
import { openSwarmSnapshot } from '../../src/app/serve/swarm-snapshot.ts';
import { swarmTotals } from '../../src/core/swarm/table.ts';
import { announce, createAnnounceReply, createAnnounceRequest } from '../../src/core/tracker/announce.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../src/core/tracker/settings.ts';
import { silentLogger } from '../../src/io/log.ts';
import { randomOctets } from '../../src/io/random.ts';
import { runCaptured } from '../support/captured-io.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { announceUdp } from '../support/tracker-clients.ts';

const LOOPBACK = ['--dns-listen', '127.0.0.1:0', '[::1]:0', '--admin-listen', '127.0.0.1:0'];

interface Running {
  readonly process: ChildProcess;
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves when a text stands in either output. */
  says(text: string): Promise<void>;
  /** Exit code; null after a signal that was not caught. */
  readonly ended: Promise<number | null>;
}

function start(folder: string, args: readonly string[] = LOOPBACK): Running {
  const child = spawn(process.execPath, [resolve('src/main.ts'), 'serve', ...args], { cwd: folder });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    output: () => ({ ...texts }),
    says: (text) => expect.poll(() => texts.stdout + texts.stderr, { timeout: 20_000 }).toContain(text),
    ended,
  };
}

/** Standard error that is no terminal: an object a line. */
function logOf(running: Pick<ReturnType<typeof start>, 'output'>) {
  const lines = running.output().stderr.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

async function zoneFolder(zones: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'zones'));
  for (const [name, text] of Object.entries(zones)) await writeFile(join(folder, 'zones', name), text);
  return folder;
}

function trackerAt(port: number, serial = 1): string {
  return zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`, serial);
}

function snapshotParts(folder: string) {
  const result = readConfig({ flags: {}, workingDirectory: folder });
  if (result.kind === 'wrong') throw new Error(result.problems.join());
  return { config: result.config, logger: silentLogger };
}

/** As a server with one peer in each of so many torrents leaves it. */
async function saveSwarm(folder: string, torrents: number): Promise<string> {
  const { config, logger } = snapshotParts(folder);
  const machine = await thisMachine();
  const settings = DEFAULT_TRACKER_SETTINGS;
  const swarm = createSwarm({ settings, limits: config.tracker.limits, randomOctets });
  const request = createAnnounceRequest();
  request.octets = new Uint8Array(40);
  request.peerIdOffset = 20;
  request.family = 4;
  request.port = 7000;
  const reply = createAnnounceReply();
  const seconds = machine.clock.nowSeconds();
  for (let torrent = 0; torrent < torrents; torrent++) {
    // Any bits: info-hashes are spread over the table by all of theirs.
    new DataView(request.octets.buffer).setUint32(0, Math.imul(torrent, 0x9e3779b1));
    announce({ table: swarm.table, settings }, request, seconds, reply);
  }
  await mkdir(config.state, { mode: 0o700 });
  const { save } = await openSwarmSnapshot({ config, settings, machine, logger, isTakeover: false });
  await save({ swarm, swarmSeconds: () => seconds });
  return join(config.state, 'swarm.snapshot');
}

describe('portolan serve', { timeout: 60_000 }, () => {
  it('prints what is served where and lines to copy, reloads at SIGHUP, and ends with 0 at SIGTERM', async () => {
    const [one, two] = (await findFreePorts(2)) as [number, number];
    const folder = await zoneFolder({
      't.zone': `${trackerAt(one)}far A 192.0.2.1\nfar TXT "BITTORRENT UDP:${one}"\n`,
    });
    const running = start(folder);
    await running.says('/announce');
    const { stdout } = running.output();
    expect(stdout).toMatch(new RegExp(`^example +t\\.example +UDP:${one} +127\\.0\\.0\\.1 +open$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^example +far\\.example +UDP:${one} +published only$`, 'm'));
    expect(stdout).toContain('far.example is published only: no address of it is this machine');
    expect(stdout).toMatch(/^ {2}dig @127\.0\.0\.1 -p \d+ TXT t\.example$/m);
    expect(stdout).toMatch(/^ {2}dig @::1 -p \d+ TXT t\.example$/m);
    expect(stdout).toContain(`  udp://t.example:${one}/announce\n`);
    expect(stdout).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+\/$/m);
    expect(await announceUdp('127.0.0.1', one)).toBe(1);
    await writeFile(join(folder, 'zones', 't.zone'), trackerAt(two, 2));
    running.process.kill('SIGHUP');
    await running.says(`opened udp 127.0.0.1:${two}`);
    expect(await announceUdp('127.0.0.1', two)).toBeGreaterThan(0);
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    const started = logOf(running).filter(({ msg }) => msg === 'started');
    expect(started).toMatchObject([{ level: 'info', version: expect.any(String) }]);
    expect(logOf(running).at(-1)).toMatchObject({ level: 'info', msg: 'stopped by SIGTERM' });
  });

  it('told to end while it reads the peers of before, it has them in their file again', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const folder = await zoneFolder({ 't.zone': trackerAt(port) });
    const torrents = 300_000;
    const file = await saveSwarm(folder, torrents);
    const running = start(folder);
    // It has no name any more from the moment that its octets are read.
    while (existsSync(file)) await nextTick(1);
    running.process.kill('SIGHUP');
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    // Nothing was opened for a server that is not to be.
    expect(running.output().stdout).toBe('');
    expect(logOf(running).map(({ msg }) => msg)).not.toContain('started');
    expect(logOf(running).at(-1)).toMatchObject({ msg: 'stopped by SIGTERM' });
    const { logger, config } = snapshotParts(folder);
    const machine = await thisMachine();
    const settings = DEFAULT_TRACKER_SETTINGS;
    const { swarm } = await openSwarmSnapshot({ config, settings, machine, logger, isTakeover: false });
    expect(swarmTotals(swarm!.table).torrents).toBe(torrents);
  });

  it('says at SIGHUP which changed settings need a restart', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const folder = await zoneFolder({ 't.zone': trackerAt(port) });
    const running = start(folder);
    await running.says('/announce');
    await writeFile(join(folder, 'portolan.toml'), '[tracker]\ndrain = "4h"\nmax_listeners = 9\n');
    running.process.kill('SIGHUP');
    await running.says('changed settings need a restart: tracker.drain, tracker.max_listeners');
    await running.says('nothing has changed');
    await writeFile(join(folder, 'portolan.toml'), 'drain = 4\n');
    running.process.kill('SIGHUP');
    await running.says('would not be accepted at a restart: portolan.toml: drain: unknown key');
  });

  it('logs the finding of a bad edit with its place, and goes on', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const folder = await zoneFolder({ 't.zone': trackerAt(port) });
    const running = start(folder);
    await running.says('/announce');
    await writeFile(join(folder, 'zones', 't.zone'), `${trackerAt(port, 2)}x A 300.1.2.3\n`);
    await running.says('zones/t.zone:8:5: error[bad-ipv4-address]');
    await running.says('example is served as it was: 1 error');
    // Standard error is no terminal here: all of it is a log.
    await expect.poll(() => running.output().stderr.endsWith('\n')).toBe(true);
    expect(logOf(running).filter(({ code }) => code !== undefined)).toEqual([
      {
        level: 'error',
        time: expect.any(String),
        msg: expect.stringMatching(/zones\/t\.zone:8:5: error\[bad-ipv4-address\]$/),
        code: 'bad-ipv4-address',
        severity: 'error',
        file: expect.stringMatching(/zones\/t\.zone$/),
        line: 8,
        column: 5,
        message: expect.stringContaining('An A record holds an IPv4 address'),
      },
    ]);
    expect(await announceUdp('127.0.0.1', port)).toBe(1);
    running.process.kill('SIGINT');
    expect(await running.ended).toBe(0);
    expect(logOf(running).at(-1)).toMatchObject({ level: 'info', msg: 'stopped by SIGINT' });
  });

  it('opens what it drained and published before it was killed', async () => {
    const [one, two] = (await findFreePorts(2)) as [number, number];
    const folder = await zoneFolder({ 't.zone': trackerAt(one) });
    const first = start(folder);
    await first.says('/announce');
    first.process.kill('SIGKILL');
    await first.ended;
    await writeFile(join(folder, 'zones', 't.zone'), trackerAt(two, 2));
    const second = start(folder);
    await second.says('/announce');
    expect(await announceUdp('127.0.0.1', one)).toBe(1);
    expect(await announceUdp('127.0.0.1', two)).toBeGreaterThan(0);
  });

  it('ends with 1 and says why when no zone can be served', async () => {
    const folder = await zoneFolder({ 't.zone': 'nonsense here\n' });
    const running = start(folder);
    expect(await running.ended).toBe(1);
    expect(running.output().stderr).toContain('zones/t.zone:1:');
    expect(running.output().stderr).toContain('no zone can be served');
  });

  it('ends with 1 and one sentence when there is no zone file', async () => {
    const running = start(await zoneFolder({}));
    expect(await running.ended).toBe(1);
    expect(running.output().stderr).toMatch(
      /^portolan: there is no zone file in .*zones; write one with: portolan init/,
    );
  });
});

describe('the configuration of portolan serve', () => {
  it('is printed complete, and reads back', async () => {
    const folder = await zoneFolder({});
    const printed = await runCaptured(['serve', '--print-config', '--tracker-drain', '4h'], {
      workingDirectory: folder,
    });
    expect(printed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(printed.stdout).toContain('drain = "4h"');
    await writeFile(join(folder, 'portolan.toml'), printed.stdout);
    const again = await runCaptured(['serve', '--print-config'], { workingDirectory: folder });
    expect(again.stdout).toBe(printed.stdout);
  });

  it.each([
    ['a wrong unit', ['--tracker-drain', '4'], '--tracker-drain: "4" is not "ttl"'],
    ['a file that is not there', ['--config', 'none.toml'], 'none.toml: there is no such file'],
    ['an unknown flag', ['--tracker-drian', '4h'], "unknown option '--tracker-drian'"],
  ])('ends with 2 for %s', async (_, args, words) => {
    const { exitCode, stderr } = await runCaptured(['serve', ...args], {
      workingDirectory: await zoneFolder({}),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
  });

  it('reports every problem of the file at once', async () => {
    const folder = await zoneFolder({});
    await writeFile(join(folder, 'portolan.toml'), 'zone = 1\n[tracker]\ndrain = 5\n');
    const { exitCode, stderr } = await runCaptured(['serve'], { workingDirectory: folder });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('portolan.toml: zone: unknown key');
    expect(stderr).toContain('portolan.toml: tracker.drain: expected "ttl"');
  });
});
