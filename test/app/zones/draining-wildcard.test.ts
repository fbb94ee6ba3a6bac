// A port that still drains, after a restart with another setting of the addresses.

import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/io/log.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { type Serving, serve, zoneText } from '../../support/serving.ts';
import { announceUdp } from '../../support/tracker-clients.ts';

const trackerSockets = ({ server }: Serving): string[] =>
  server
    .status()
    .sockets.filter(({ service }) => service === 'tracker')
    .map(({ address }) => address);

it('is not opened beside a wildcard of ours, which answers for its address already', async () => {
  const [port] = await findFreePorts(1);
  const zones = { 't.zone': zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`) };
  const first = await serve({ zones, settings: { 'tracker.addresses': ['127.0.0.1'] } });
  expect(trackerSockets(first)).toEqual([`127.0.0.1:${port}`]);
  await first.server.stop();

  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const second = await serve({
    zones,
    folder: first.folder,
    settings: { 'tracker.addresses': ['127.0.0.1=0.0.0.0'] },
    logger: { ...silentLogger, warn: log, error: log },
  });
  // A second socket would take from the first what is sent to its address.
  expect(trackerSockets(second)).toEqual([`0.0.0.0:${port}`]);
  expect(lines).toEqual([]);
  expect(await announceUdp('127.0.0.1', port!)).toBe(1);
});
