import { describe, expect, it } from 'vitest';
import { connectionCaps } from '../../../src/app/data-plane/connection-caps.ts';
import { maxOpenFiles } from '../../../src/io/open-files.ts';

describe('caps of connections', () => {
  it.each([
    ['nobody says how many may be open', undefined],
    ['as many may be open as servers usually have', 524_288],
  ])('are those of the services where %s', (_name, openFiles) => {
    expect(connectionCaps(openFiles)).toEqual({
      dns: { all: 1024, perPrefix: 256 },
      tracker: { all: 4096, perPrefix: 256 },
      areReduced: false,
    });
  });

  it.each([
    [4096, { dns: { all: 232, perPrefix: 58 }, tracker: { all: 930, perPrefix: 232 } }],
    [1024, { dns: { all: 55, perPrefix: 13 }, tracker: { all: 221, perPrefix: 55 } }],
    [160, { dns: { all: 5, perPrefix: 1 }, tracker: { all: 22, perPrefix: 5 } }],
    [10, { dns: { all: 4, perPrefix: 1 }, tracker: { all: 4, perPrefix: 1 } }],
  ])('leave room for the rest where %i descriptors may be open', (openFiles, caps) => {
    expect(connectionCaps(openFiles)).toEqual({ ...caps, areReduced: true });
  });
});

describe('the limit of open files', () => {
  it.each([
    [
      'Limit                     Soft Limit           Hard Limit           Units\n' +
        'Max open files            1024                 524288               files\n',
      1024,
    ],
    ['Max open files            unlimited            unlimited            files\n', undefined],
    ['', undefined],
  ])('is read from what the kernel says (%#)', (text, limit) => {
    expect(maxOpenFiles(() => text)).toBe(limit);
  });

  it('is unknown where there is no such file', () => {
    const read = () => {
      throw new Error('ENOENT');
    };
    expect(maxOpenFiles(read)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('is known on Linux', () => {
    expect(maxOpenFiles()).toBeGreaterThan(0);
  });
});
