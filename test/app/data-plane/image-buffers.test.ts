import { describe, expect, test } from 'vitest';
import { createImageBuffers } from '../../../src/app/data-plane/image-buffers.ts';
import { leaseImage } from '../../../src/core/transfer/image-lease.ts';
import { authorityOf, exchange, imageOf } from '../../support/authority-of.ts';
import { encodeQuery } from '../../support/dns-message.ts';

describe('buffers for zone images', () => {
  test('are used again once they are no longer published', () => {
    const buffers = createImageBuffers();
    const first = buffers.allocate(100_000);
    buffers.keepOnly([first]);
    const second = buffers.allocate(100_000);
    expect(second).not.toBe(first);
    buffers.keepOnly([second]);
    expect(buffers.allocate(100_000)).toBe(first);
  });

  test('are not used again while a transfer reads them', () => {
    const buffers = createImageBuffers();
    const text = '$TTL 60\n@ SOA ns a 1 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n';
    const image = imageOf(text, 'example.', { allocate: buffers.allocate });
    const transfers = [leaseImage(image), leaseImage(image)];
    buffers.keepOnly([]);
    for (const transfer of transfers) {
      expect(buffers.allocate(1)).not.toBe(image.buffer);
      transfer.end();
      transfer.end();
    }
    expect(buffers.allocate(1)).toBe(image.buffer);
  });

  test('are not used again while an image in them waits for its publication', () => {
    const buffers = createImageBuffers();
    const waiting = buffers.allocate(1);
    const letGo = buffers.hold(waiting);
    buffers.keepOnly([]);
    expect(buffers.allocate(1)).not.toBe(waiting);
    buffers.keepOnly([waiting]);
    letGo();
    expect(buffers.allocate(1)).not.toBe(waiting);
    buffers.keepOnly([]);
    expect(Array.from({ length: 3 }, () => buffers.allocate(1))).toContain(waiting);
  });

  test('are never lent twice, published or not', () => {
    const buffers = createImageBuffers();
    const lent = [buffers.allocate(1), buffers.allocate(1), buffers.allocate(1)];
    expect(new Set(lent).size).toBe(3);
    buffers.keepOnly(lent);
    expect(lent).not.toContain(buffers.allocate(1));
  });

  test('are two for a zone that is edited a thousand times', () => {
    const buffers = createImageBuffers();
    const seen = new Set<SharedArrayBuffer>();
    for (let edit = 0; edit < 1000; edit++) {
      const buffer = buffers.allocate(100_000 + edit);
      seen.add(buffer);
      buffers.keepOnly([buffer]);
    }
    expect(seen.size).toBe(2);
  });

  test('of a rejected edit are free at once, and a far larger one is left for a larger zone', () => {
    const buffers = createImageBuffers();
    const rejected = buffers.allocate(10_000_000);
    buffers.keepOnly([]);
    expect(buffers.allocate(100_000)).not.toBe(rejected);
    expect(buffers.allocate(9_000_000)).toBe(rejected);
  });

  test.each([1, 65_536, 65_537, 100_000, 1_234_567, 80_777_128])(
    'are as long as %i octets and a third more at most',
    (octets) => {
      const { byteLength } = createImageBuffers().allocate(octets);
      expect(byteLength).toBeGreaterThanOrEqual(octets);
      expect(byteLength).toBeLessThanOrEqual(Math.max(65_536, octets * (4 / 3)));
      expect(byteLength % 4).toBe(0);
    },
  );
});

describe('compiling into memory that held something else', () => {
  const text = '$TTL 60\n@ SOA ns host 1 1 1 1 1\n@ NS ns\nns A 127.0.0.1\n* TXT "a"\na.b MX 1 ns\n';
  const dirty = imageOf(text, 'example.', {
    allocate(octets) {
      const buffer = new SharedArrayBuffer(octets + 4096);
      new Uint8Array(buffer).fill(0xa5);
      return buffer;
    },
  });

  test.each([
    'example SOA',
    'example NS',
    'x.y.example TXT',
    'b.example A',
    'a.b.example MX',
    'q.a.b.example A',
  ])('answers the same: %s', (question) => {
    const [name = '', type = ''] = question.split(' ');
    const query = encodeQuery({ name, type });
    const clean = exchange(authorityOf(imageOf(text, 'example.')), query);
    expect(clean.length).toBeGreaterThan(query.length);
    expect(exchange(authorityOf(dirty), query)).toEqual(clean);
  });

  test('are moved to huge pages when their zone is published, each time anew, and not before', () => {
    const moved: SharedArrayBuffer[] = [];
    const buffers = createImageBuffers((buffer) => moved.push(buffer));
    const [first, other] = [buffers.allocate(1), buffers.allocate(1)];
    expect(moved).toEqual([]);
    buffers.keepOnly([first, other]);
    buffers.keepOnly([first, other]);
    expect(moved).toEqual([first, other]);
    const second = buffers.allocate(1);
    buffers.keepOnly([second, other]);
    buffers.keepOnly([first, other]);
    expect(moved).toEqual([first, other, second, first]);
  });
});
