// Huge pages: which memory is asked for, and what a kernel that has them does with it.

import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { createPageCollapse } from '../../../src/io/packet-engine/huge-pages.ts';
import { type Libc, loadLibc } from '../../../src/io/packet-engine/libc.ts';

const MIB = 1024 * 1024;
const isLinux = process.platform === 'linux';
/** MADV_COLLAPSE came with Linux 6.1. */
const hasCollapse = isLinux && existsSync('/sys/kernel/mm/transparent_hugepage') && isSince(6, 1);

function isSince(major: number, minor: number): boolean {
  const [ofKernel = 0, below = 0] = release().split('.').map(Number);
  return ofKernel > major || (ofKernel === major && below >= minor);
}

interface Call {
  readonly address: bigint;
  readonly length: number;
}

/** A kernel that refuses everything, and where the buffers lie. */
function scripted(address: bigint) {
  const calls: Call[] = [];
  const libc = {
    addressOf: () => address,
    madvise(start: bigint, length: number): number {
      calls.push({ address: start, length });
      return -1;
    },
  } as unknown as Libc;
  return { collapse: createPageCollapse(() => libc), calls };
}

/** Octets of the mapping that holds `address`: on huge pages, and in memory. */
function mapping(address: bigint): { huge: number; resident: number } {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const found = mappings.find((text) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(text) ?? [];
    return BigInt(`0x${start}`) <= address && address < BigInt(`0x${end}`);
  });
  const kibibytes = (key: string) =>
    Number(new RegExp(`^${key}:\\s*([0-9]+) kB$`, 'm').exec(found ?? '')?.[1]);
  return { huge: kibibytes('AnonHugePages') * 1024, resident: kibibytes('Rss') * 1024 };
}

describe('huge pages', () => {
  test.each([
    { address: 0x7f0000000000n, start: 0x7f0000000000n, length: 4 * MIB },
    { address: 0x7f0000000010n, start: 0x7f0000001000n, length: 4 * MIB - 4080 },
    { address: 0x7f0000000fffn, start: 0x7f0000001000n, length: 4 * MIB - 1 },
  ])('are asked for from the first whole page on: $address', ({ address, start, length }) => {
    const { collapse, calls } = scripted(address);
    collapse(new SharedArrayBuffer(4 * MIB));
    expect(calls).toEqual([{ address: start, length }]);
  });

  test('are not asked for where none would fit', () => {
    const { collapse, calls } = scripted(0x7f0000000000n);
    collapse(new SharedArrayBuffer(2 * MIB - 1));
    expect(calls).toEqual([]);
  });

  test('are done without where there is no C library', () => {
    const collapse = createPageCollapse(() => {
      throw new Error('no such library');
    });
    expect(() => collapse(new SharedArrayBuffer(4 * MIB))).not.toThrow();
  });

  test.runIf(hasCollapse)('hold what was written, as it was, and leave the rest out of memory', () => {
    const buffer = new SharedArrayBuffer(64 * MIB);
    const written = new Uint8Array(buffer, 0, 9 * MIB);
    for (let at = 0; at < written.length; at++) written[at] = at % 251;
    const libc = loadLibc();
    createPageCollapse(() => libc)(buffer);
    // The mapping's ends are not on the border of a huge page.
    const { huge, resident } = mapping(libc.addressOf(buffer));
    expect(huge).toBeGreaterThanOrEqual(6 * MIB);
    expect(resident).toBeLessThanOrEqual(12 * MIB);
    expect(written.every((octet, at) => octet === at % 251)).toBe(true);
  });
});
