import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Listener } from '../../../src/core/net/endpoint.ts';
import {
  decodeLedger,
  draining,
  dropExpired,
  EMPTY_LEDGER,
  encodeLedger,
  isPublished,
  type Ledger,
  ledgerKey,
  nextExpiry,
  type PublishedEndpoint,
  recordPublished,
  restoreAfterRestart,
  settlePublished,
  TRANSIT_SECONDS,
} from '../../../src/core/preference/ledger.ts';

function published(port: number, ttlSeconds: number, host = 't.example'): PublishedEndpoint {
  return { host, listener: { transport: 'udp', address: '192.0.2.1', port }, ttlSeconds };
}

/** One whole edit: both steps at one moment. */
function edit(ledger: Ledger, endpoints: PublishedEndpoint[], now: number, drainSeconds = 0): Ledger {
  return settlePublished(recordPublished(ledger, endpoints), endpoints, now, drainSeconds);
}

function openPorts(ledger: Ledger, now: number): number[] {
  const open = [...dropExpired(ledger, now).values()].map((entry) => entry.listener.port);
  return open.sort((left, right) => left - right);
}

describe('the drain ledger', () => {
  it('keeps a withdrawn port until the last cache has dropped it', () => {
    const ledger = edit(edit(EMPTY_LEDGER, [published(1, 300)], 1000), [published(2, 300)], 2000);
    const end = 2300 + TRANSIT_SECONDS;
    expect([openPorts(ledger, end - 1), openPorts(ledger, end)]).toEqual([[1, 2], [2]]);
    expect(nextExpiry(ledger)).toBe(end);
  });

  it('does not cut off those who cached the longer TTL when it is lowered before the port is withdrawn', () => {
    let ledger = edit(EMPTY_LEDGER, [published(1, 3600)], 0);
    ledger = edit(ledger, [published(1, 60)], 1000);
    ledger = edit(ledger, [], 1001);
    expect(nextExpiry(ledger)).toBe(1000 + 3600 + TRANSIT_SECONDS);
  });

  it('forgets the longer TTL once no cache can hold it', () => {
    let ledger = edit(EMPTY_LEDGER, [published(1, 3600)], 0);
    ledger = edit(ledger, [published(1, 60)], 1000);
    ledger = edit(ledger, [], 9000);
    expect(nextExpiry(ledger)).toBe(9060 + TRANSIT_SECONDS);
  });

  it('keeps a port for the configured drain when that is longer, and for the TTL when that is', () => {
    const from = (ttl: number) => edit(edit(EMPTY_LEDGER, [published(1, ttl)], 0), [], 100, 14_400);
    expect(nextExpiry(from(60))).toBe(14_500 + TRANSIT_SECONDS);
    expect(nextExpiry(from(86_400))).toBe(86_500 + TRANSIT_SECONDS);
  });

  it('counts what was published at a crash as published until the restart', () => {
    const ledger = restoreAfterRestart(edit(EMPTY_LEDGER, [published(1, 300)], 0), 50_000, 0);
    expect(draining(ledger, 50_000).map((entry) => entry.listener.port)).toEqual([1]);
    expect(nextExpiry(ledger)).toBe(50_300 + TRANSIT_SECONDS);
  });

  it('stops draining what is declared again', () => {
    const ledger = edit(edit(edit(EMPTY_LEDGER, [published(1, 300)], 0), [], 10), [published(1, 60)], 20);
    expect([draining(ledger, 20), openPorts(ledger, 99_999)]).toEqual([[], [1]]);
  });

  it('is the same after a round through its encoded form', () => {
    const ledger = edit(edit(EMPTY_LEDGER, [published(1, 300)], 0), [published(2, 60, '*.t.example')], 10);
    const text = JSON.stringify(encodeLedger(ledger));
    expect(decodeLedger(JSON.parse(text))).toEqual(ledger);
  });

  it('moves its moments by what the machine’s clock says more', () => {
    const ledger = edit(edit(EMPTY_LEDGER, [published(1, 300)], 0), [], 10);
    expect(encodeLedger(ledger, 1000).entries[0]!.staleUntil).toBe(1310 + TRANSIT_SECONDS);
  });
});

/** A version of the zone, and for how long it stays; `crash` is where the process dies within the edit, if it does. */
const STEP = fc.record({
  ports: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 500 })), {
    selector: ([port]) => port,
    maxLength: 4,
  }),
  lastsSeconds: fc.integer({ min: 0, max: 400 }),
  crash: fc.constantFrom('no', 'before-publication', 'before-settling', 'after'),
  downSeconds: fc.integer({ min: 0, max: 100 }),
});

/** What the worst cache in the world still holds: every version, fetched at its last moment. */
interface Cached {
  readonly key: string;
  readonly until: number;
  readonly closedBy: number;
}

describe('invariants 1 and 2', () => {
  it('keeps open exactly what some cache may still name, over random edits and crashes', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 12 }), fc.constantFrom(0, 120), (steps, drainSeconds) => {
        let now = 1000;
        let ledger: Ledger = EMPTY_LEDGER;
        let visible: PublishedEndpoint[] = [];
        const caches: Cached[] = [];
        const replaceVisible = (next: PublishedEndpoint[]) => {
          for (const { host, listener, ttlSeconds } of visible) {
            const until = now + ttlSeconds;
            const closedBy = now + Math.max(ttlSeconds, drainSeconds) + TRANSIT_SECONDS;
            caches.push({ key: ledgerKey(host, listener), until, closedBy });
          }
          visible = next;
        };
        const check = () => {
          const open = new Set(dropExpired(ledger, now).keys());
          for (const { host, listener } of visible) expect(open).toContain(ledgerKey(host, listener));
          for (const { key, until } of caches) if (until >= now) expect(open).toContain(key);
        };
        for (const { ports, lastsSeconds, crash, downSeconds } of steps) {
          const endpoints = ports.map(([port, ttl]) => published(port, ttl));
          ledger = dropExpired(recordPublished(ledger, endpoints), now);
          check();
          if (crash !== 'before-publication') replaceVisible(endpoints);
          check();
          if (crash === 'no' || crash === 'after')
            ledger = settlePublished(ledger, endpoints, now, drainSeconds);
          check();
          if (crash !== 'no') {
            // Someone may have fetched until the very end, which nobody saw: the restart's moment stands for it.
            ledger = decodeLedger(JSON.parse(JSON.stringify(encodeLedger(ledger))));
            now += downSeconds;
            ledger = restoreAfterRestart(ledger, now, drainSeconds);
            replaceVisible([]);
            check();
          }
          now += lastsSeconds;
          check();
        }
        replaceVisible([]);
        ledger = settlePublished(ledger, [], now, drainSeconds);
        check();
        now += 500 + 120 + TRANSIT_SECONDS;
        expect(dropExpired(ledger, now).size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('never opens what was not declared, and closes when the last cached version has ended', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 8 }), (steps) => {
        let now = 0;
        let ledger: Ledger = EMPTY_LEDGER;
        let before: PublishedEndpoint[] = [];
        const closedBy = new Map<string, number>();
        for (const { ports, lastsSeconds } of steps) {
          const endpoints = ports.map(([port, ttl]) => published(port, ttl));
          ledger = edit(ledger, endpoints, now);
          for (const { host, listener, ttlSeconds } of before) {
            const key = ledgerKey(host, listener);
            closedBy.set(key, Math.max(closedBy.get(key) ?? 0, now + ttlSeconds + TRANSIT_SECONDS));
          }
          before = endpoints;
          now += lastsSeconds;
          for (const [key, entry] of dropExpired(ledger, now)) {
            if (!isPublished(entry)) expect(closedBy.get(key)).toBeGreaterThan(now);
            else expect(endpoints.map((one) => ledgerKey(one.host, one.listener))).toContain(key);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('ledgerKey', () => {
  it('tells transports, addresses and ports apart', () => {
    const listeners: Listener[] = [
      { transport: 'udp', address: '192.0.2.1', port: 80 },
      { transport: 'tcp', address: '192.0.2.1', port: 80 },
      { transport: 'udp', address: '2001:db8::1', port: 80 },
      { transport: 'udp', address: '192.0.2.1', port: 8 },
    ];
    expect(new Set(listeners.map((listener) => ledgerKey('t.example', listener))).size).toBe(4);
  });
});
