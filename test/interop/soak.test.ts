// Some seconds of `npm run soak`, so that it does not rot.

import { describe, expect, it } from 'vitest';
import { findFaults, soak } from '../soak/soak.ts';

describe.skipIf(process.platform !== 'linux')('a server under full load', () => {
  it('answers every query with the right octets while its zone is edited and sockets come and go', async () => {
    const report = await soak({ seconds: 6, reloads: 0, workers: 2, log: () => undefined });
    expect(findFaults(report)).toEqual([]);
    expect(report.reloads).toBeGreaterThanOrEqual(3);
    expect(report.dnsAnswers).toBeGreaterThan(10_000);
    expect(report.announces).toBeGreaterThan(1000);
  });
});
