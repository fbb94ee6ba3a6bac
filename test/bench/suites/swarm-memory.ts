// Memory of a swarm table by what is in it, all in, beside opentracker with as many peers.

import { fileURLToPath } from 'node:url';
import { findFreePorts } from '../../support/free-ports.ts';
import { readResidentOctets } from '../cpu-time.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { fillSwarm } from '../load/udp-levels.ts';
import type { BenchOptions } from '../options.ts';
import { opentrackerUdp } from '../peers/opentracker.ts';
import { pinnedTo } from '../processors.ts';
import { runScript } from '../script.ts';
import type { Column, Table } from '../table.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import type { Suite } from './suite.ts';
import type { SwarmMemorySample } from './swarm-memory-child.ts';

const CHILD = fileURLToPath(new URL('swarm-memory-child.ts', import.meta.url));

interface Case {
  readonly name: string;
  readonly family: 4 | 6;
  readonly shape: 'dense' | 'single';
  /** Octets a peer, or a torrent where each has one. */
  readonly target: number;
}

const CASES: readonly Case[] = [
  { name: 'a peer of swarms of 600–1,500, IPv4', family: 4, shape: 'dense', target: 14 },
  { name: 'a peer of swarms of 600–1,500, IPv6', family: 6, shape: 'dense', target: 26 },
  { name: 'a torrent of one peer, IPv4', family: 4, shape: 'single', target: 130 },
  { name: 'a torrent of one peer, IPv6', family: 6, shape: 'single', target: 130 },
];
const PEERS = { dense: 2_000_000, single: 500_000 };
const QUICK_PEERS = { dense: 50_000, single: 20_000 };
/** Of opentracker, filled over UDP from one address, whose ports tell the peers apart. */
const FILLED = { dense: { torrents: 1000, peers: 1_000_000 }, single: { torrents: 200_000, peers: 200_000 } };
const QUICK_FILLED = { dense: { torrents: 20, peers: 20_000 }, single: { torrents: 5000, peers: 5000 } };

const COLUMNS: readonly Column[] = [
  { key: 'what', heading: 'octets' },
  { key: 'count', heading: 'of' },
  { key: 'written', heading: 'table' },
  { key: 'resident', heading: 'process' },
  { key: 'target', heading: 'at most' },
  { key: 'opentracker', heading: 'opentracker' },
];

export const swarmMemorySuite: Suite = {
  name: 'swarm-memory',
  description: 'memory of the swarm table, octets a peer and a torrent, all in',
  async run(options, load) {
    const rows: Table['rows'][number][] = [];
    for (const one of CASES) rows.push(await measure(one, options, load));
    const notes = [
      'table: every page, record and index entry that was written; process: what the process grew by, its compiled code included.',
      'opentracker: what it grew by with 1,000 peers in each torrent, or one; over IPv4, which is what it has.',
    ];
    return [{ suite: 'swarm-memory', title: 'swarm table in process', columns: COLUMNS, rows, notes }];
  },
};

async function measure(
  { name, family, shape, target }: Case,
  options: BenchOptions,
  load: LoadProcess,
): Promise<Table['rows'][number]> {
  options.log(`swarm-memory: ${name}`);
  const peers = (options.isQuick ? QUICK_PEERS : PEERS)[shape];
  const sample = (await runScript([
    ...pinnedTo(options.processors.server),
    process.execPath,
    ...[CHILD, String(family), shape, String(peers)],
  ])) as SwarmMemorySample;
  const count = shape === 'dense' ? sample.peers : sample.torrents;
  return {
    what: name,
    count: count.toLocaleString('en-US'),
    written: sample.writtenOctets / count,
    resident: sample.residentOctets / count,
    target,
    opentracker: family === 4 ? await measureOpentracker(shape, options, load) : undefined,
  };
}

/** Undefined where it is not installed, or not asked for. */
async function measureOpentracker(
  shape: Case['shape'],
  options: BenchOptions,
  load: LoadProcess,
): Promise<number | undefined> {
  const isWanted = options.only.length === 0 || options.only.includes(opentrackerUdp.name);
  if (!isWanted || !opentrackerUdp.isInstalled()) return undefined;
  const swarm = (options.isQuick ? QUICK_FILLED : FILLED)[shape];
  const folder = createFolder();
  const [port, sparePort] = (await findFreePorts(2)) as [number, number];
  const place = { folder, port, sparePort, processors: options.processors };
  try {
    const running = await opentrackerUdp.start({ family: 4, torrents: swarm.torrents }, place);
    try {
      const before = readResidentOctets([running.pid]);
      const target = { name: opentrackerUdp.name, address: running.address, port, processes: [running.pid] };
      await fillSwarm(load, target, { name: 'announce', ...swarm, isFill: true });
      return (readResidentOctets([running.pid]) - before) / swarm.peers;
    } finally {
      await running.stop();
    }
  } finally {
    removeFolder(folder);
  }
}
