// The entries of a snapshot's frame under a checksum that is right: what a damaged disk cannot bring about, and whoever may
// write the file can.

import assert from 'node:assert/strict';
import { createCounters } from '../../../src/core/counters.ts';
import { crc32 } from '../../../src/core/octets/crc32.ts';
import { createSipHashKey } from '../../../src/core/octets/siphash.ts';
import { encodeSnapshot } from '../../../src/core/swarm/snapshot.ts';
import {
  decodeSnapshotHead,
  encodeSnapshotHead,
  FRAME_HEAD_OCTETS,
  SNAPSHOT_HEAD_OCTETS,
} from '../../../src/core/swarm/snapshot-format.ts';
import { createSnapshotReader } from '../../../src/core/swarm/snapshot-reader.ts';
import { createSwarmTable, swarmTotals } from '../../../src/core/swarm/table.ts';
import { CONNECTION_KEY, SECRET } from '../../contract/announce-clients.ts';
import { type FuzzTarget, hex } from '../target.ts';

const LIMITS = { torrents: 30, peers: 120, peersPerTorrent: 40, heapOctets: 32 * 1024 };
const NOW = 5_000_000;
const MOMENT = { connectionKey: CONNECTION_KEY, worldSeconds: NOW, tableSeconds: NOW };

const HEAD = encodeSnapshotHead(
  { worldSeconds: NOW, tickSeconds: 22, begunSeconds: 6, connectionKey: CONNECTION_KEY },
  createSipHashKey(SECRET),
);

function createTable(limits = LIMITS) {
  return createSwarmTable({ secret: SECRET, counters: createCounters(), limits });
}

function readerFor(table: ReturnType<typeof createTable>) {
  const result = decodeSnapshotHead(HEAD);
  assert.ok(result.kind === 'head');
  return createSnapshotReader({ table, head: result.head, worldSeconds: NOW, tableSeconds: NOW });
}

/** With its head in front. */
function frameOf(entries: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEAD_OCTETS + entries.length);
  frame.set(entries, FRAME_HEAD_OCTETS);
  const view = new DataView(frame.buffer);
  view.setUint32(8, entries.length);
  view.setUint32(0, crc32(frame, 4, frame.length));
  return frame;
}

const TORRENT = `01 ${'61'.repeat(20)} 00000003 0000000a`;
const IPV4_PEERS = '02 02 00040044 07 c0000201 1ae1 00080142 00 c0000202 1ae2';
const IPV6_PEER = `03 01 0004004c 07 20010db8${'00'.repeat(11)}01 1ae1`;

export const snapshot: FuzzTarget = {
  name: 'snapshot',
  about:
    'a frame of peers: never throws, grows within limits, and leaves a table of which the next snapshot is whole',
  maxOctets: 4096,
  seeds: () => [
    hex(`${TORRENT} ${IPV4_PEERS} ${IPV6_PEER}`),
    hex(`${TORRENT} 01 ${'62'.repeat(20)} 00000000 00000000 ${IPV6_PEER} ${IPV4_PEERS}`),
    hex(`01 ${'63'.repeat(20)} 00000000 ffffffff ${IPV4_PEERS}`),
    hex('00'),
  ],
  tokens: [TORRENT, IPV4_PEERS, IPV6_PEER, '02ff', '03ff', '00000000', 'ffffffff', '0000'].map(hex),
  create() {
    const table = createTable();
    let inputs = 0;
    return (input) => {
      const frame = frameOf(input);
      const entering = readerFor(table);
      const whole = entering.read(frame);
      const isTaken = whole === 'end' || (whole === 'more' && entering.tally.entered > 0);
      assert.ok(['more', 'end', 'damaged'].includes(whole));
      const { torrents, peersIpv4, peersIpv6, seeds, leechers } = swarmTotals(table);
      assert.ok(
        torrents <= LIMITS.torrents && peersIpv4 + peersIpv6 <= LIMITS.peers,
        'it outgrows its limits',
      );
      assert.ok(seeds >= 0 && leechers >= 0 && seeds + leechers <= peersIpv4 + peersIpv6, 'counts that lie');

      // Costly, and what is wrong with the table stays wrong.
      if (++inputs % 16 !== 0) return isTaken;
      // Its memory fills in another order.
      const again = createTable({ ...LIMITS, heapOctets: 4 * LIMITS.heapOctets });
      const reader = readerFor(again);
      let progress = 'more';
      let at = 0;
      for (const chunk of encodeSnapshot(table, MOMENT)) {
        if (at > 0) progress = reader.read(chunk);
        else assert.equal(chunk.length, SNAPSHOT_HEAD_OCTETS);
        at += chunk.length;
      }
      assert.equal(progress, 'end');
      assert.ok(swarmTotals(again).peersIpv4 <= peersIpv4 && swarmTotals(again).peersIpv6 <= peersIpv6);
      assert.equal(reader.tally.leftOut, 0, 'who was there has no room');
      return isTaken;
    };
  },
};
