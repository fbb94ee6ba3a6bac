// RFC 1982 with 32 bits.

import { describe, expect, it } from 'vitest';
import { compareSerials, isNewerSerial, nextSerial } from '../../../src/core/transfer/serial.ts';

const MAX = 0xffff_ffff;

describe('serials', () => {
  it.each([
    [1, 1, 'same'],
    [2, 1, 'newer'],
    [1, 2, 'older'],
    [0, MAX, 'newer'],
    [MAX, 0, 'older'],
    [2 ** 31 - 1, 0, 'newer'],
    [0, 2 ** 31 - 1, 'older'],
    [2 ** 31 + 1, 0, 'older'],
    [2024010100, 2023123199, 'newer'],
    [2 ** 31, 0, 'unordered'],
    [0, 2 ** 31, 'unordered'],
    [MAX, 2 ** 31 - 1, 'unordered'],
  ])('%i beside %i is %s', (left, right, expected) => {
    const order = compareSerials(left, right);
    const said = order === undefined ? 'unordered' : order === 0 ? 'same' : order > 0 ? 'newer' : 'older';
    expect(said).toBe(expected);
    expect(isNewerSerial(left, right)).toBe(expected === 'newer');
  });

  it.each([
    [1, 2],
    [MAX, 1],
  ])('after %i comes %i', (serial, next) => {
    expect(nextSerial(serial)).toBe(next);
    expect(isNewerSerial(next, serial)).toBe(true);
  });
});
