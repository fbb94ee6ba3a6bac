// The life of the server as systemd hears it.
import { describe, expect, it } from 'vitest';
import { createServiceManager } from '../../../src/app/serve/service-manager.ts';
import { createServiceNotify } from '../../../src/io/service-notify.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { openManagerSocket } from '../../support/manager-socket.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { serve, zoneText } from '../../support/serving.ts';
import { announceUdp } from '../../support/tracker-clients.ts';

async function scene(env: Record<string, string> = {}) {
  const [port] = await findFreePorts(1);
  const hosts = `t A 127.0.0.1\nt AAAA ::1\nt TXT "BITTORRENT UDP:${port} TCP:${port}"`;
  const { server } = await serve({ zones: { 't.zone': zoneText('example', hosts) } });
  const socket = await openManagerSocket('path');
  const notify = createServiceNotify(socket.address);
  const clock = createManualClock();
  let ping: () => Promise<void> = () => server.ping();
  const manager = createServiceManager({
    env,
    notify,
    clock,
    server: { status: () => server.status(), ping: () => ping() },
  });
  return {
    manager,
    clock,
    server,
    port: port!,
    received: socket.received,
    answerWith(next: () => Promise<void>) {
      ping = next;
    },
  };
}

const STATUS = 'STATUS=1 zone, 4 tracker sockets, 0 torrents, 0 peers';

describe('a service manager', () => {
  it('hears that the server is ready, with counts and nothing else', async () => {
    const { manager, received, clock, port } = await scene();
    manager.ready();
    expect(received()).toEqual([`READY=1\n${STATUS}`]);
    await announceUdp('127.0.0.1', port);
    await clock.advance(60);
    const status = 'STATUS=1 zone, 4 tracker sockets, 1 torrent, 1 peer';
    expect(received()).toEqual([status, status]);
    manager.close();
    expect(clock.pending()).toBe(0);
  });

  it('hears of a reload before and after, by a clock that it shares', async () => {
    const { manager, received, server } = await scene();
    manager.ready();
    received();
    const before = process.hrtime.bigint() / 1000n;
    const report = await manager.reload(() => server.reload('signal'));
    const after = process.hrtime.bigint() / 1000n;
    expect(report.trigger).toBe('signal');
    const [reloading, ready] = received();
    const [, microseconds] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading!)!;
    expect(BigInt(microseconds!)).toBeGreaterThanOrEqual(before - 1n);
    expect(BigInt(microseconds!)).toBeLessThanOrEqual(after);
    expect(ready).toBe(`READY=1\n${STATUS}`);
    manager.close();
  });

  it('hears once of reloads that overlap, and of one that fails that it is over', async () => {
    const { manager, received } = await scene();
    manager.ready();
    received();
    const { promise, reject } = Promise.withResolvers<void>();
    const reloads = [manager.reload(() => promise), manager.reload(async () => {})];
    reject(new Error('a zone'));
    expect((await Promise.allSettled(reloads)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
    ]);
    expect(received().map((message) => message.split('\n')[0])).toEqual(['RELOADING=1', 'READY=1']);
    manager.close();
  });

  it('is given life signs three times in the time in which it wants one', async () => {
    const { manager, received, clock } = await scene({ WATCHDOG_USEC: '9000000' });
    manager.ready();
    await clock.advance(9);
    expect(received().filter((message) => message === 'WATCHDOG=1')).toHaveLength(3);
    manager.close();
  });

  it.each<[string, () => Promise<void>]>([
    ['does not answer', () => new Promise(() => {})],
    ['has just ended', () => Promise.reject(new Error('ended'))],
  ])('is given none while the data plane %s', async (_, ping) => {
    const { manager, received, clock, answerWith, server } = await scene({ WATCHDOG_USEC: '9000000' });
    manager.ready();
    answerWith(ping);
    await clock.advance(30);
    expect(received()).not.toContain('WATCHDOG=1');
    answerWith(() => server.ping());
    await clock.advance(3);
    expect(received()).toContain('WATCHDOG=1');
    manager.close();
  });

  it('is given none that another process should give', async () => {
    const { manager, received, clock } = await scene({ WATCHDOG_USEC: '9000000', WATCHDOG_PID: '1' });
    manager.ready();
    await clock.advance(30);
    expect(received()).not.toContain('WATCHDOG=1');
    manager.close();
  });

  it('hears that the server stops, and is asked for time until that is done, but not for ever', async () => {
    const { manager, received, clock, server } = await scene();
    manager.ready();
    received();
    manager.stopping();
    await clock.advance(6);
    const more = 'EXTEND_TIMEOUT_USEC=15000000';
    expect(received()).toEqual(['STOPPING=1\nSTATUS=stopping', more, more]);
    await manager.reload(() => server.reload('signal'));
    expect(received()).toEqual([]);
    let asked = 0;
    for (let step = 0; step < 60; step++) {
      await clock.advance(10);
      asked += received().length;
    }
    expect(asked).toBe(16);
    expect(clock.pending()).toBe(0);
    manager.close();
  });

  it('that there is not has no timer either', async () => {
    const { server } = await scene();
    const clock = createManualClock();
    const manager = createServiceManager({
      env: { WATCHDOG_USEC: '1000' },
      notify: undefined,
      clock,
      server,
    });
    manager.ready();
    expect(await manager.reload(async () => 5)).toBe(5);
    manager.stopping();
    expect(clock.pending()).toBe(0);
  });
});
