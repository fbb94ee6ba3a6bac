import { describe, expect, it } from 'vitest';
import { createReceiveBufferReport, receiveBufferOf } from '../../../src/app/data-plane/receive-buffer.ts';
import { silentLogger } from '../../../src/io/log.ts';

const MEBIBYTE = 2 ** 20;

describe('the receive buffer of a UDP socket', () => {
  it.each([
    ['linux', 2 * MEBIBYTE, MEBIBYTE],
    ['darwin', 2 * MEBIBYTE, 2 * MEBIBYTE],
  ] as const)('has on %s what is left without bookkeeping', (platform, reported, grantedOctets) => {
    expect(receiveBufferOf(reported, platform)).toEqual({ grantedOctets, wantedOctets: 4 * MEBIBYTE });
  });

  it('is said once, and again when another one is granted', () => {
    const lines: string[] = [];
    const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
    const report = createReceiveBufferReport({ ...silentLogger, info: log('info'), warn: log('warn') });
    const wantedOctets = 4 * MEBIBYTE;
    for (const grantedOctets of [MEBIBYTE, MEBIBYTE, wantedOctets]) report({ grantedOctets, wantedOctets });
    report(undefined);
    expect(lines).toEqual([
      'warn UDP receive buffers are smaller than wanted: bursts may lose datagrams; raise net.core.rmem_max',
      'info UDP receive buffers are as large as wanted',
    ]);
  });
});
