// A server on its real engine that can be taken over, and whether it still answers.

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { thisMachine } from '../../src/app/machine.ts';
import { createServer, type Server } from '../../src/app/serve/serve.ts';
import { type Clock, systemClock } from '../../src/io/clock.ts';
import { type Logger, silentLogger } from '../../src/io/log.ts';
import { findFreePorts } from './free-ports.ts';
import { testConfig } from './serving.ts';
import { openTrackerClient } from './takeover-load.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Serving {
  readonly server: Server;
  readonly folder: string;
  readonly trackerPort: number;
  given(): boolean;
}

export interface ServingOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A folder with one zone for one tracker, of which the port is free. */
export async function createPlace(): Promise<{ readonly folder: string; readonly trackerPort: number }> {
  const folder = await temporaryFolder();
  const [trackerPort] = (await findFreePorts(1)) as [number];
  await mkdir(join(folder, 'zones'));
  const records = `@ SOA ns h 1 1h 1h 1w 1m\n@ NS ns\nns A 127.0.0.1\n@ A 127.0.0.1`;
  const text = `$ORIGIN t.example.\n$TTL 60\n${records}\n@ TXT "BITTORRENT UDP:${trackerPort} TCP:${trackerPort}"\n`;
  await writeFile(join(folder, 'zones', 't.example.zone'), text);
  return { folder, trackerPort };
}

export async function serveForReal({
  logger = silentLogger,
  clock = systemClock,
}: ServingOptions = {}): Promise<Serving> {
  const { folder, trackerPort } = await createPlace();
  let isGiven = false;
  const server = await createServer({
    config: testConfig(folder, { 'workers.count': '1' }),
    machine: { ...(await thisMachine()), clock },
    logger,
    onGiven: () => {
      isGiven = true;
    },
  });
  onTestFinished(() => server.stop());
  expect((await server.start()).kind).toBe('serving');
  return { server, folder, trackerPort, given: () => isGiven };
}

export async function expectService({ trackerPort, given, server }: Serving): Promise<void> {
  const client = await openTrackerClient(trackerPort);
  expect((await client.announce()).readUInt32BE(0)).toBe(1);
  client.close();
  const reply = await fetch(`http://127.0.0.1:${trackerPort}/announce`);
  expect(await reply.text()).toContain('failure reason');
  expect({ given: given(), state: server.status().state }).toEqual({ given: false, state: 'serving' });
}

/** Asks the tracker again and again over one HTTP connection. */
export function keepConnection({ trackerPort }: Serving): () => Promise<string> {
  const kept = connect(trackerPort, '127.0.0.1');
  onTestFinished(() => void kept.destroy());
  return async () => {
    kept.write('GET /announce HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    return String((await once(kept, 'data'))[0]);
  };
}
