import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StreamLine, splitStream } from '../../../src/app/rewrite-service/stream-lines.ts';

const MAX_OCTETS = 8;

async function linesOf(chunks: Iterable<Uint8Array>, maxOctets = MAX_OCTETS): Promise<StreamLine[]> {
  async function* arriving(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const lines: StreamLine[] = [];
  for await (const some of splitStream(arriving(), maxOctets)) lines.push(...some);
  return lines;
}

/** The same, with all of it at hand. */
function expected(octets: Buffer): StreamLine[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = octets.indexOf('\n'); end >= 0; end = octets.indexOf('\n', start)) {
    parts.push(octets.subarray(start, end));
    start = end + 1;
  }
  if (start < octets.length) parts.push(octets.subarray(start));
  return parts.map((part, index) => {
    const isTooLong = part.length > MAX_OCTETS;
    const text = isTooLong || !part.equals(Buffer.from(part.toString())) ? undefined : part.toString().trim();
    return { number: index + 1, text, isTooLong };
  });
}

/** Line ends, letters, a blank, and parts of UTF-8 sequences. */
const octet = fc.constantFrom(0x0a, 0x0d, 0x20, 0x61, 0x62, 0xc3, 0xa4, 0xff);

test('lines are the same wherever the octets are parted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(octet, { maxLength: 12 }), { maxLength: 12 }), async (parts) => {
      const chunks = parts.map((part) => Uint8Array.from(part));
      expect(await linesOf(chunks)).toEqual(expected(Buffer.concat(chunks)));
    }),
    { numRuns: 500 },
  );
});

test('a line that is too long is told of with its first octet too many, and only once', async () => {
  const long = new Uint8Array(5).fill(0x61);
  expect(await linesOf([long, long])).toEqual([{ number: 1, text: undefined, isTooLong: true }]);
  expect(await linesOf([long, long, long, Buffer.from('\nb')])).toEqual([
    { number: 1, text: undefined, isTooLong: true },
    { number: 2, text: 'b', isTooLong: false },
  ]);
});

test('a line that comes octet by octet takes as long as its octets, not as their square', async () => {
  const length = 300_000;
  function* octets(): Generator<Uint8Array> {
    const octet = Uint8Array.of(0x61);
    for (let index = 0; index < length; index++) yield octet;
  }
  const before = process.cpuUsage();
  expect(await linesOf(octets(), length)).toEqual([
    { number: 1, text: 'a'.repeat(length), isTooLong: false },
  ]);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(5); // seconds: a copy of all for each octet takes 12
});
