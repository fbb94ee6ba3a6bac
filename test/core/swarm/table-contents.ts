// All that a swarm table knows, as text that can be compared: read from its octets by other means than its own searches.
import { bucketsOf } from '../../../src/core/swarm/buckets.ts';
import {
  ageOf,
  bucketAt,
  COMPLETED,
  endpointAt,
  endpointOctets,
  groupOf,
  identityOf,
  keyTagAt,
  metaAt,
  PAIRED,
  peersIn,
  stateOf,
} from '../../../src/core/swarm/peers.ts';
import { HEAD, NOT_LIVE, RECORD, RECORD_WORDS, type SwarmShard } from '../../../src/core/swarm/shard.ts';
import type { SwarmTable } from '../../../src/core/swarm/table.ts';
import { peersOf } from '../../../src/core/swarm/torrents.ts';

/**
 * A line a torrent, `hash seeds/leechers/partial downloads`, and a line a peer, `hash endpoint state identity key age`
 * with `+` for half of a pair and `!` for one whose `completed` is counted; ages in the table's steps.
 */
export function tableContents(table: SwarmTable, nowSeconds: number): string[] {
  return table.shards.flatMap((shard) => [...linesOf(shard, nowSeconds)]).sort();
}

function* linesOf(shard: SwarmShard, nowSeconds: number): Iterable<string> {
  const { words, octets, head } = shard;
  for (let number = 0; number < head[HEAD.recordsTouched]!; number++) {
    const torrent = number * RECORD_WORDS;
    if (words[torrent + RECORD.seen] === NOT_LIVE) continue;
    if (peersOf(shard, torrent) === 0 && words[torrent + RECORD.downloaded] === 0) continue;
    const hash = hex(octets.subarray(torrent * 4, torrent * 4 + 20));
    const [seeds, leechers, partial, downloads] = [
      RECORD.complete,
      RECORD.incomplete,
      RECORD.partial,
      RECORD.downloaded,
    ].map((at) => words[torrent + at]!);
    yield `${hash} ${seeds}/${leechers}/${partial} ${downloads}`;
    for (const family of [0, 1]) yield* peerLines(shard, torrent, family, `${hash} ${nowSeconds}`);
  }
}

function* peerLines(shard: SwarmShard, torrent: number, family: number, title: string): Iterable<string> {
  const [hash, now] = title.split(' ');
  const group = groupOf(torrent, family);
  for (let bucket = 0; bucket < bucketsOf(shard, group); bucket++) {
    const peers = peersIn(shard.words[bucketAt(shard, group, bucket) + 1]!);
    for (let slot = 0; slot < peers; slot++) {
      const place = (bucket << 8) | slot;
      const meta = shard.words[metaAt(shard, group, place)]!;
      const at = endpointAt(shard, group, place);
      const endpoint = hex(shard.octets.subarray(at, at + endpointOctets(family)));
      const marks = `${(meta & PAIRED) === 0 ? '' : '+'}${(meta & COMPLETED) === 0 ? '' : '!'}`;
      const key = shard.octets[keyTagAt(shard, group, place)]!;
      yield `${hash} ${endpoint} ${stateOf(meta)}${marks} ${identityOf(meta)} ${key} ${ageOf(shard, meta, Number(now))}`;
    }
  }
}

function hex(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}
