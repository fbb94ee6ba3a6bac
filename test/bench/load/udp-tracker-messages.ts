// What every request of BEP 15 has: a connection id that was asked for, and a transaction id that comes back.

import type { UdpProtocol } from './protocol.ts';

/** BEP 15: 0x41727101980, the protocol's own number, in place of a connection id. */
const PROTOCOL_ID = [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80];
export const CONNECT_OCTETS = 16;
export const Action = { connect: 0, announce: 1, scrape: 2 } as const;

/** In the upper half of a transaction id: tells an answer to a request from one to a greeting. */
const REQUEST_MARK = 0x5a5a;
const GREETING_MARK = 0x4343;

export interface Connections {
  readonly greeting: NonNullable<UdpProtocol['greeting']>;
  /** Writes the connection id of a socket. */
  write(octets: Uint8Array, offset: number, socket: number): void;
}

export function createConnections(sockets: number): Connections {
  const ids = new Uint8Array(sockets * 8);
  return {
    greeting: {
      write(octets, offset) {
        writeConnect(octets, offset, GREETING_MARK, 0);
        return CONNECT_OCTETS;
      },
      read(octets, offset, length, socket) {
        const isAnswer = length >= CONNECT_OCTETS && readMark(octets, offset) === GREETING_MARK;
        if (!isAnswer || octets[offset + 3] !== Action.connect) return false;
        ids.set(octets.subarray(offset + 8, offset + 16), socket * 8);
        return true;
      },
    },
    write(octets, offset, socket) {
      for (let index = 0; index < 8; index++) octets[offset + index] = ids[socket * 8 + index]!;
    },
  };
}

/** A connect that is a request of its own. */
export function writeConnectRequest(octets: Uint8Array, offset: number, tag: number): number {
  writeConnect(octets, offset, REQUEST_MARK, tag);
  return CONNECT_OCTETS;
}

function writeConnect(octets: Uint8Array, offset: number, mark: number, tag: number): void {
  for (let index = 0; index < 8; index++) octets[offset + index] = PROTOCOL_ID[index]!;
  for (let index = 8; index < 12; index++) octets[offset + index] = 0;
  writeTransaction(octets, offset + 12, mark, tag);
}

/** At its place behind the action. */
export function writeRequestTag(octets: Uint8Array, offset: number, tag: number): void {
  writeTransaction(octets, offset + 12, REQUEST_MARK, tag);
}

function writeTransaction(octets: Uint8Array, offset: number, mark: number, tag: number): void {
  octets[offset] = mark >> 8;
  octets[offset + 1] = mark & 255;
  octets[offset + 2] = tag >>> 8;
  octets[offset + 3] = tag;
}

/** As {@link UdpProtocol} wants it. */
export function readRequestTag(octets: Uint8Array, offset: number, length: number): number {
  return length >= 8 && readMark(octets, offset) === REQUEST_MARK
    ? (octets[offset + 6]! << 8) | octets[offset + 7]!
    : -1;
}

function readMark(octets: Uint8Array, offset: number): number {
  return (octets[offset + 4]! << 8) | octets[offset + 5]!;
}
