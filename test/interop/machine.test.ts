// HARDENING 27 where it needs a network of its own: a host without IPv6, one without IPv4, and an address that is taken away
// and given back while the server runs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
import { until } from './portolan-server.ts';
import {
  type CommandLine,
  isMissing,
  portolan,
  type Running,
  run,
  start,
  waitUntilReady,
} from './programs.ts';

const left = isMissing('no right to make a network (root is needed)', canCreateNetwork());

const IPV4 = '192.0.2.1';
const IPV6 = '2001:db8::1';
const TRACKER_PORT = 6969;

const ZONE = `$ORIGIN tracker.example.
$TTL 60
@  SOA  ns hostmaster 1 3600 600 604800 60
@  NS   ns
ns A    ${IPV4}
ns AAAA ${IPV6}
@  A    ${IPV4}
@  AAAA ${IPV6}
@  TXT  "BITTORRENT UDP:${TRACKER_PORT}"
`;

/** Sends a connect of BEP 15, and prints `answer`, `closed` or `nobody`. */
const CLIENT = `
  import { createSocket } from 'node:dgram';
  const [to, port] = process.argv.slice(1);
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
  const end = (word) => { console.log(word); clearTimeout(timer); socket.close(); };
  const timer = setTimeout(() => end('nobody'), 1000);
  socket.on('error', () => end('closed'));
  socket.on('message', () => end('answer'));
  socket.connect(Number(port), to, () => socket.send(Buffer.from('00000417271019800000000000000007', 'hex')));
`;

interface Host {
  readonly network: Network;
  readonly server: Running;
  within(...words: readonly string[]): Promise<string>;
  connect(address: string): Promise<string>;
  dig(address: string): Promise<string>;
}

const hosts: Host[] = [];
const folders: ReturnType<typeof createFolder>[] = [];
afterEach(async () => {
  for (const { server, network } of hosts.splice(0)) {
    expect(await server.stop()).toBe(0);
    await network.close();
  }
  for (const folder of folders.splice(0)) folder.remove();
});

async function startHost(addresses: readonly string[], prepare: string, admin: string): Promise<Host> {
  const folder = createFolder();
  folders.push(folder);
  const network = await createNetwork(addresses);
  const inside = (...words: readonly string[]): CommandLine =>
    [...network.within, ...words] as unknown as CommandLine;
  const within = async (...words: readonly string[]): Promise<string> =>
    (await run(inside(...words))).stdout.trim();
  await within('sh', '-ec', prepare);
  mkdirSync(join(folder.path, 'zones'));
  writeFileSync(join(folder.path, 'zones', 'tracker.example.zone'), ZONE);
  const configuration = join(folder.path, 'portolan.toml');
  writeFileSync(
    configuration,
    `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["${IPV4}:53", "[${IPV6}]:53"]
[admin]
listen = "${admin}"
[workers]
count = 1
`,
  );
  const server = start(inside(...portolan, 'serve', '--config', configuration));
  const host: Host = {
    network,
    server,
    within,
    connect: (address) =>
      within(process.execPath, '--input-type=module', '--eval', CLIENT, address, String(TRACKER_PORT)),
    dig: (address) => within('dig', `@${address}`, '+short', '+tries=1', '+time=2', 'TXT', 'tracker.example'),
  };
  hosts.push(host);
  await waitUntilReady(server, admin, network.within);
  return host;
}

const ANSWER = `"BITTORRENT UDP:${TRACKER_PORT}"`;

describe.skipIf(left)('a host', () => {
  it('without IPv6 serves over IPv4, and says so once', async () => {
    const host = await startHost(
      [`${IPV4}/24`],
      'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6',
      '127.0.0.1:8053',
    );
    expect(await host.dig(IPV4)).toBe(ANSWER);
    expect(await host.connect(IPV4)).toBe('answer');
    expect(host.server.output().match(/IPv6/g)?.length).toBe(1);
  });

  it('without IPv4 serves over IPv6, and says so once', async () => {
    const host = await startHost([`${IPV6}/64`], 'ip address delete 127.0.0.1/8 dev lo', '[::1]:8053');
    expect(await host.dig(IPV6)).toBe(ANSWER);
    expect(await host.connect(IPV6)).toBe('answer');
    expect(host.server.output().match(/IPv4/g)?.length).toBe(1);
  });

  it('that loses an address serves at the others, and at that one again when it comes back', async () => {
    const host = await startHost([`${IPV4}/24`, `${IPV6}/64`], 'true', '127.0.0.1:8053');
    expect([await host.dig(IPV4), await host.dig(IPV6)]).toEqual([ANSWER, ANSWER]);
    await host.within('ip', 'address', 'delete', `${IPV4}/24`, 'dev', 'net0');
    expect(await host.dig(IPV6)).toBe(ANSWER);
    expect(await host.connect(IPV6)).toBe('answer');
    await host.within('ip', 'address', 'add', `${IPV4}/24`, 'dev', 'net0');
    await until('an answer at the old address', async () => (await host.dig(IPV4)) === ANSWER);
    await until('the tracker there', async () => (await host.connect(IPV4)) === 'answer');
  });
});
