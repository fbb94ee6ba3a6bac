import { describe, expect, it } from 'vitest';
import { createTrafficBook, type TrafficSum } from '../../../src/app/data-plane/traffic-book.ts';
import { NO_ROW, TRAFFIC_CELLS, Traffic, type TrafficCounts } from '../../../src/core/traffic.ts';

function count(counts: TrafficCounts, row: number, announces: number, scrapes = 0): void {
  counts[row * TRAFFIC_CELLS + Traffic.announces]! += announces;
  counts[row * TRAFFIC_CELLS + Traffic.scrapes]! += scrapes;
}

const sum = (announces: number, scrapes = 0): TrafficSum => ({ announces, scrapes });

describe('the book of what is counted', () => {
  it('adds up what all threads counted in a row', () => {
    const book = createTrafficBook(2);
    const [first, second] = [book.addThread(), book.addThread()];
    const row = book.takeRow();
    count(first, row, 3, 1);
    count(second, row, 4);
    expect(book.read(row)).toEqual(sum(7, 1));
  });

  it('gives as many rows as it may, each to one at a time', () => {
    const book = createTrafficBook(2);
    const counts = book.addThread();
    const rows = [book.takeRow(), book.takeRow(), book.takeRow()];
    expect(rows[2]).toBe(NO_ROW);
    expect(new Set(rows).size).toBe(3);
    count(counts, NO_ROW, 9);
    count(counts, rows[0]!, 5);
    expect(rows.map(book.read)).toEqual([sum(5), sum(0), sum(0)]);
    book.releaseRow(rows[2]!);
    book.releaseRow(rows[0]!);
    book.releaseRow(rows[0]!);
    expect([book.takeRow(), book.takeRow()]).toEqual([rows[0], NO_ROW]);
    expect(book.read(rows[0]!)).toEqual(sum(0));
    count(counts, rows[0]!, 1);
    expect(book.read(rows[0]!)).toEqual(sum(1));
  });

  it('counts hosts while they are published, and never in the row of a socket', () => {
    const book = createTrafficBook(2);
    const counts = book.addThread();
    const sockets = [book.takeRow(), book.takeRow()];
    const rows = book.takeHosts(['a.example', 'b.example', 'a.example']);
    expect([...rows.keys()]).toEqual(['a.example', 'b.example']);
    for (const row of rows.values()) expect([NO_ROW, ...sockets]).not.toContain(row);
    book.settleHosts();
    count(counts, rows.get('a.example')!, 2);
    count(counts, rows.get('b.example')!, 3);
    const next = book.takeHosts(['c.example', 'd.example']);
    // Those that go are counted until nobody counts for them.
    for (const row of next.values()) expect([NO_ROW, ...sockets, ...rows.values()]).not.toContain(row);
    count(counts, rows.get('a.example')!, 1);
    count(counts, next.get('c.example')!, 4);
    expect(book.readHosts().get('a.example')).toEqual(sum(3));
    book.settleHosts();
    expect([...book.readHosts()]).toEqual([
      ['c.example', sum(4)],
      ['d.example', sum(0)],
    ]);
    const last = book.takeHosts(['b.example', 'c.example', 'd.example']);
    expect(last.get('c.example')).toBe(next.get('c.example'));
    expect(last.has('d.example')).toBe(false);
    expect(book.readHosts().get('b.example')).toEqual(sum(0));
  });
});
