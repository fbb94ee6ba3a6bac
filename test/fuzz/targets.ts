// All that can be fuzzed.

import type { FuzzTarget } from './target.ts';
import { packet } from './targets/packet.ts';
import { forwarded, proxyHeader } from './targets/proxy-header.ts';
import { magnet, torrent, trackerList } from './targets/rewriting.ts';
import { notify, tsig } from './targets/signatures.ts';
import { snapshot } from './targets/snapshot.ts';
import { httpTracker, udpTracker } from './targets/trackers.ts';
import { journal, transfer, transferRequest } from './targets/transfer.ts';
import { zone } from './targets/zone.ts';

export const TARGETS: readonly FuzzTarget[] = [
  packet,
  zone,
  tsig,
  notify,
  transfer,
  transferRequest,
  journal,
  udpTracker,
  httpTracker,
  proxyHeader,
  forwarded,
  snapshot,
  torrent,
  magnet,
  trackerList,
];
