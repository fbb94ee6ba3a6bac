// Announces over UDP (BEP 15).

import { AnswerKind, type UdpProtocol } from './protocol.ts';
import { Random } from './random.ts';
import { ANNOUNCE_OCTETS, ANNOUNCE_STRIDE, announceRequests, type Swarm } from './swarm.ts';

/** BEP 15: 0x41727101980, the protocol's own number, in place of a connection id. */
const PROTOCOL_ID = [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80];
const CONNECT_OCTETS = 16;
/** Action, transaction id, interval, leechers, seeders. */
const REPLY_HEADER_OCTETS = 20;
const Action = { connect: 0, announce: 1 } as const;

/** In the upper half of a transaction id: tells an answer to an announce from one to a connect. */
const ANNOUNCE_MARK = 0x5a5a;
const CONNECT_MARK = 0x4343;

export interface AnnounceProtocolOptions extends Swarm {
  readonly isFill: boolean;
  readonly seed: number;
  readonly sockets: number;
}

export function createAnnounceProtocol(options: AnnounceProtocolOptions): UdpProtocol {
  const requests = announceRequests(options, options.isFill ? 2 : 0);
  const words = new Int32Array(requests.buffer);
  const connections = new Uint8Array(options.sockets * 8);
  const random = new Random(options.seed);
  let next = 0;
  return {
    greeting: {
      write(octets, offset) {
        octets.set(PROTOCOL_ID, offset);
        octets.set([0, 0, 0, Action.connect, CONNECT_MARK >> 8, CONNECT_MARK & 255, 0, 0], offset + 8);
        return CONNECT_OCTETS;
      },
      read(octets, offset, length, socket) {
        const isAnswer = length >= CONNECT_OCTETS && readMark(octets, offset) === CONNECT_MARK;
        if (!isAnswer || octets[offset + 3] !== Action.connect) return false;
        connections.set(octets.subarray(offset + 8, offset + 16), socket * 8);
        return true;
      },
    },
    write(octets, target, offset, tag, socket) {
      const peer = options.isFill ? next++ % options.peers : random.below(options.peers);
      const from = (peer * ANNOUNCE_STRIDE) >> 2;
      const to = offset >> 2;
      for (let word = 2; word < ANNOUNCE_STRIDE >> 2; word++) target[to + word] = words[from + word]!;
      for (let index = 0; index < 8; index++) octets[offset + index] = connections[socket * 8 + index]!;
      octets[offset + 12] = ANNOUNCE_MARK >> 8;
      octets[offset + 13] = ANNOUNCE_MARK & 255;
      octets[offset + 14] = tag >>> 8;
      octets[offset + 15] = tag;
      return ANNOUNCE_OCTETS;
    },
    readTag: (octets, offset, length) =>
      length >= 8 && readMark(octets, offset) === ANNOUNCE_MARK
        ? (octets[offset + 6]! << 8) | octets[offset + 7]!
        : -1,
    readKind(octets, offset, length) {
      if (octets[offset + 3] !== Action.announce || length < REPLY_HEADER_OCTETS) return AnswerKind.error;
      return length > REPLY_HEADER_OCTETS ? AnswerKind.positive : AnswerKind.negative;
    },
  };
}

function readMark(octets: Uint8Array, offset: number): number {
  return (octets[offset + 4]! << 8) | octets[offset + 5]!;
}
