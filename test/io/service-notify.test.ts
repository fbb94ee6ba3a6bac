// Messages to a service manager, received by a socket of the kind that one has.
import { describe, expect, it } from 'vitest';
import { createServiceNotify } from '../../src/io/service-notify.ts';
import { openManagerSocket } from '../support/manager-socket.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('what a service manager is told', () => {
  it.each(['path', 'abstract'] as const)('comes as one datagram a message (%s)', async (kind) => {
    const manager = await openManagerSocket(kind);
    const notify = createServiceNotify(manager.address)!;
    expect(notify('READY=1\nSTATUS=2 zones')).toBe(true);
    expect(notify('STOPPING=1')).toBe(true);
    expect(manager.received()).toEqual(['READY=1\nSTATUS=2 zones', 'STOPPING=1']);
  });

  it('reaches a manager that has another socket by now', async () => {
    const first = await openManagerSocket('path');
    const notify = createServiceNotify(first.address)!;
    first.close();
    expect(notify('READY=1')).toBe(false);
    const second = await openManagerSocket('path', first.address);
    expect(notify('WATCHDOG=1')).toBe(true);
    expect(second.received()).toEqual(['WATCHDOG=1']);
  });

  it('is not waited for where the manager does not read', async () => {
    const manager = await openManagerSocket('path');
    const notify = createServiceNotify(manager.address)!;
    let heard = 0;
    while (heard < 100_000 && notify('WATCHDOG=1')) heard++;
    expect(heard).toBeLessThan(100_000);
    expect(manager.received()).toHaveLength(heard);
    expect(notify('WATCHDOG=1')).toBe(true);
  });

  it('is nothing where nobody listens, or there is no way to it', async () => {
    const folder = await temporaryFolder();
    expect(createServiceNotify(`${folder}/none`)!('READY=1')).toBe(false);
    const addresses = ['', '@', 'vsock:2:1234', 'run/relative', `/${'long'.repeat(30)}`];
    expect(addresses.map((address) => createServiceNotify(address))).toEqual(addresses.map(() => undefined));
    const load = () => {
      throw new Error('no C library');
    };
    expect(createServiceNotify('/run/systemd/notify', load)).toBeUndefined();
  });
});
