// All that can be fuzzed.

import type { FuzzTarget } from './target.ts';
import { packet } from './targets/packet.ts';
import { magnet, torrent, trackerList } from './targets/rewriting.ts';
import { httpTracker, udpTracker } from './targets/trackers.ts';
import { zone } from './targets/zone.ts';

export const TARGETS: readonly FuzzTarget[] = [
  packet,
  zone,
  udpTracker,
  httpTracker,
  torrent,
  magnet,
  trackerList,
];
