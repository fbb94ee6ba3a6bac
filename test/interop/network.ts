// A network of its own for a test: one host with the addresses that the test names, port 53 free, and a resolver
// configuration that points at it. Nothing outside is touched, and nothing outside is reached.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder } from '../support/temporary-folder.ts';
import { type CommandLine, start } from './programs.ts';

export interface Network {
  /** Words to put before a command so that it runs in this network. */
  readonly within: CommandLine;
  close(): Promise<void>;
}

/** Whether this user may make networks (root in a sandbox that allows it). */
export function canCreateNetwork(): boolean {
  try {
    execFileSync(
      'unshare',
      ['--net', '--mount', 'ip', 'link', 'add', 'net0', 'type', 'veth', 'peer', 'name', 'net1'],
      {
        stdio: 'ignore',
      },
    );
    return true;
  } catch {
    return false;
  }
}

/** `addresses` with their prefix lengths: `192.0.2.1/24`. Programs in it resolve names at 127.0.0.1, port 53. */
export async function createNetwork(addresses: readonly string[]): Promise<Network> {
  const folder = createFolder();
  const resolvers = join(folder.path, 'resolv.conf');
  writeFileSync(resolvers, 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n');
  const script = [
    'set -e',
    `mount --bind '${resolvers}' /etc/resolv.conf`,
    'ip link set lo up',
    'ip link add net0 type veth peer name net1',
    'ip link set net0 up',
    'ip link set net1 up',
    ...addresses.map(
      (address) => `ip address add ${address} dev net0${address.includes(':') ? ' nodad' : ''}`,
    ),
    'echo made',
    'exec cat',
  ].join('\n');
  const holder = start(['unshare', '--net', '--mount', 'sh', '-c', script]);
  await holder.line(/^made$/, 10);
  return {
    within: ['nsenter', `--target=${holder.child.pid}`, '--net', '--mount', `--wd=${process.cwd()}`, '--'],
    close: async () => {
      await holder.stop();
      folder.remove();
    },
  };
}
