import { expect, test } from 'vitest';
import { createOctetPool } from '../../../src/io/files/octet-pool.ts';

test('gives the same memory again, for sizes that fit', () => {
  const pool = createOctetPool();
  const first = pool.take(100_000);
  expect(first.length).toBeGreaterThanOrEqual(100_000);
  pool.give(first.subarray(0, 99_000));
  expect(pool.take(200_000).buffer).not.toBe(first.buffer);
  expect(pool.take(70_000).buffer).toBe(first.buffer);
  expect(pool.take(70_000).buffer).not.toBe(first.buffer);
});

test('keeps at most eight megabytes, none of it larger than one, and nothing that is not its own', () => {
  const pool = createOctetPool();
  const many = Array.from({ length: 9 }, () => pool.take(1024 * 1024));
  for (const each of many) pool.give(each);
  const again = Array.from({ length: 9 }, () => pool.take(1024 * 1024).buffer);
  const kept = new Set<unknown>(many.map(({ buffer }) => buffer));
  expect(again.filter((buffer) => kept.has(buffer))).toHaveLength(8);
  const large = pool.take(3_000_000);
  pool.give(large);
  expect(pool.take(3_000_000).buffer).not.toBe(large.buffer);
  const foreign = new Uint8Array(5000);
  pool.give(foreign);
  expect(pool.take(5000).buffer).not.toBe(foreign.buffer);
});
