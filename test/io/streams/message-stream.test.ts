import { describe, expect, it } from 'vitest';
import { createMessageReader, framed } from '../../../src/io/streams/message-stream.ts';

const LONGEST = new Uint8Array(65_535).fill(7);
const MESSAGES = [Uint8Array.of(1, 2, 3), new Uint8Array(0), LONGEST, Uint8Array.of(4)];
const STREAM = Buffer.concat(MESSAGES.map(framed));

describe('messages on a stream', () => {
  it.each([1, 2, 3, 1000, 65_536, STREAM.length])('are whole in pieces of %i octets', (size) => {
    const taken: Uint8Array[] = [];
    const read = createMessageReader((message) => taken.push(message.slice()) > 0);
    for (let at = 0; at < STREAM.length; at += size) expect(read(STREAM.subarray(at, at + size))).toBe(true);
    expect(taken).toEqual(MESSAGES);
  });

  it('are taken no more from the one on that was the last, in this piece or the next', () => {
    let taken = 0;
    const read = createMessageReader(() => ++taken < 2);
    expect(read(STREAM)).toBe(false);
    expect(read(STREAM)).toBe(false);
    expect(taken).toBe(2);
  });

  it('do not cost more the smaller the pieces are', () => {
    // 3 MB in single octets: what joins them anew each time copies 100 GB.
    let octets = 0;
    const read = createMessageReader((message) => {
      octets += message.length;
      return true;
    });
    const message = framed(LONGEST);
    for (let time = 0; time < 50; time++)
      for (let at = 0; at < message.length; at++) read(message.subarray(at, at + 1));
    expect(octets).toBe(50 * 65_535);
  });
});
