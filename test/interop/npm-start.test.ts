// The first thing that a stranger types, in a network of its own because its ports are fixed: `npm start` serves the
// example zones, its lines can be copied, and it ends when it is told to.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { parsePrintedMessage } from './dns-message.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
import {
  type CommandLine,
  isInstalled,
  isMissing,
  type Running,
  run,
  start,
  waitUntilReady,
} from './programs.ts';

const left = [
  isMissing('no right to make a network (root is needed)', canCreateNetwork()),
  isMissing('dig is not installed', isInstalled('dig')),
].includes(true);

const ADMIN = '127.0.0.1:8053';

describe.skipIf(left)('npm start', () => {
  const folder = createFolder();
  let network: Network;
  let server: Running;
  const inside = (...words: string[]): CommandLine => [...network.within, ...words] as unknown as CommandLine;
  const startIt = (): Running => start(inside('npm', 'start', '--', '--state', join(folder.path, 'state')));

  beforeAll(async () => {
    network = await createNetwork([]);
    server = startIt();
    await waitUntilReady(server, ADMIN, network.within);
  });

  afterAll(async () => {
    await server?.stop();
    await network?.close();
    folder.remove();
  });

  it('prints what is served, and lines to copy that work', async () => {
    await server.line(/tracker\.example .*UDP:6969 TCP:6969/, 5);
    const digs = server.output().match(/^ *dig @.*$/gm) ?? [];
    expect(digs.length).toBeGreaterThan(1);
    for (const line of digs) {
      const { stdout } = await run(inside(...line.trim().split(' ')));
      expect(parsePrintedMessage(stdout).answer).toEqual([
        expect.stringContaining('"BITTORRENT UDP:6969 TCP:6969"'),
      ]);
    }
    const announces = server.output().match(/http:\/\/\S+\/announce/g) ?? [];
    const byAddress = announces.filter((url) => /\/\/[[\d]/.test(url));
    expect(byAddress.length).toBeGreaterThan(0);
    for (const url of byAddress) {
      const fetched = await run(
        inside(process.execPath, '-p', `fetch('${url}').then((reply) => reply.text()).then(console.log)`),
      );
      expect(fetched.stdout).toContain('14:failure reason');
    }
  });

  it.each([
    ['127.0.0.1', 'tracker.example'],
    ['127.0.0.1', 'ipv4.tracker.example'],
    ['::1', 'ipv6.tracker.example'],
  ])('answers at %s for %s, over UDP and TCP', async (address, name) => {
    for (const transport of ['+notcp', '+tcp']) {
      const { stdout } = await run(inside('dig', `@${address}`, '-p', '5300', 'TXT', name, transport));
      expect(parsePrintedMessage(stdout).answer).toEqual([
        `${name}. 60 IN TXT "BITTORRENT UDP:6969 TCP:6969"`,
      ]);
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s, and can start again at once', async (signal) => {
    server.child.kill(signal);
    const ended = await new Promise((resolve) => server.child.once('close', resolve));
    expect(ended).toBe(0);
    server = startIt();
    await waitUntilReady(server, ADMIN, network.within);
  });
});
