// Announces over UDP (BEP 15).

import { AnswerKind, type UdpProtocol } from './protocol.ts';
import { Random } from './random.ts';
import { ANNOUNCE_OCTETS, ANNOUNCE_STRIDE, announceRequests, type Swarm } from './swarm.ts';
import { Action, createConnections, readRequestTag, writeRequestTag } from './udp-tracker-messages.ts';

/** Action, transaction id, interval, leechers, seeders. */
const REPLY_HEADER_OCTETS = 20;

export interface AnnounceProtocolOptions extends Swarm {
  readonly isFill: boolean;
  readonly seed: number;
  readonly sockets: number;
}

export function createAnnounceProtocol(options: AnnounceProtocolOptions): UdpProtocol {
  const requests = announceRequests(options, options.isFill ? 2 : 0);
  const words = new Int32Array(requests.buffer);
  const connections = createConnections(options.sockets);
  const random = new Random(options.seed);
  let next = 0;
  return {
    greeting: connections.greeting,
    write(octets, target, offset, tag, socket) {
      const peer = options.isFill ? next++ % options.peers : random.below(options.peers);
      const from = (peer * ANNOUNCE_STRIDE) >> 2;
      const to = offset >> 2;
      for (let word = 2; word < ANNOUNCE_STRIDE >> 2; word++) target[to + word] = words[from + word]!;
      connections.write(octets, offset, socket);
      writeRequestTag(octets, offset, tag);
      return ANNOUNCE_OCTETS;
    },
    readTag: readRequestTag,
    readKind(octets, offset, length) {
      if (octets[offset + 3] !== Action.announce || length < REPLY_HEADER_OCTETS) return AnswerKind.error;
      return length > REPLY_HEADER_OCTETS ? AnswerKind.positive : AnswerKind.negative;
    },
  };
}
