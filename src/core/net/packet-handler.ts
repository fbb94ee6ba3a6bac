// The contract between a packet loop and what answers: octets in, octets out, nothing allocated.

import { NO_ROW } from '../traffic.ts';

/** Who sent the packet at hand. One object a loop, overwritten for each packet: copy what must outlive the call. */
export interface PacketSource {
  family: 4 | 6;
  /** 16 octets; IPv4 uses the first four. */
  readonly octets: Uint8Array;
  port: number;
  /** Row of the socket that it came to (traffic.ts). */
  row: number;
}

export function createPacketSource(): PacketSource {
  return { family: 4, octets: new Uint8Array(16), port: 0, row: NO_ROW };
}

/**
 * Reads `length` octets of `request` at `offset` and writes the reply to `reply` at `replyOffset`, where at least
 * {@link MAX_DATAGRAM_OCTETS} are free. Returns the octets written; 0 is silence. Never throws, whatever the octets.
 * Seven positional parameters because an object a packet is what this contract exists to avoid.
 */
export type PacketHandler = (
  request: Uint8Array,
  offset: number,
  length: number,
  source: PacketSource,
  reply: Uint8Array,
  replyOffset: number,
  nowSeconds: number,
) => number;

/**
 * Told of a batch before its packets are handled one by one: `count` of them, at `offset` of `requests` and then every
 * `stride` octets. May read what their answers will need, so that memory is waited for once; changes no answer. Behind
 * a packet's end, up to the next, lies what was there before. Never throws, whatever the octets.
 */
export type PacketPrefetch = (requests: Uint8Array, offset: number, stride: number, count: number) => void;

/** What a reply buffer holds for one datagram: the largest EDNS payload that can be configured. */
export const MAX_DATAGRAM_OCTETS = 4096;
/** Longer datagrams reach a handler cut to that: no query or announce comes near it. */
export const MAX_REQUEST_OCTETS = 4096;
