// A server bound to 0.0.0.0 and :: on a host with several addresses: a reply leaves from the address that was asked, or
// clients drop it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
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

const ADDRESSES = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'] as const;
const DNS_PORT = 53;
const TRACKER_PORT = 6969;
const ADMIN = '127.0.0.1:8053';

/** Sends one datagram from the first address of the family and prints who answered; a name in hexadecimal is its content. */
const CLIENT = `
  import { createSocket } from 'node:dgram';
  const [from, to, port, content] = process.argv.slice(1);
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
  const timer = setTimeout(() => { console.log('nobody'); socket.close(); }, 5000);
  socket.on('message', (_reply, { address, port }) => {
    console.log(address + ' ' + port);
    clearTimeout(timer);
    socket.close();
  });
  socket.bind(0, from, () => socket.send(Buffer.from(content, 'hex'), Number(port), to));
`;

/** The SOA of wild.example, and a connect of BEP 15. */
const DNS_QUERY = '12340000000100000000000004' + '77696c64' + '076578616d706c6500' + '00060001';
const CONNECT = '0000041727101980' + '00000000' + '00000007';

describe.skipIf(left)('a server on 0.0.0.0 and ::', () => {
  const folder = createFolder();
  let network: Network;
  let server: Running;
  const inside = (...words: readonly string[]): CommandLine =>
    [...network.within, ...words] as unknown as CommandLine;

  beforeAll(async () => {
    network = await createNetwork(
      ADDRESSES.map((address) => `${address}/${address.includes(':') ? 64 : 24}`),
    );
    mkdirSync(join(folder.path, 'zones'));
    writeFileSync(
      join(folder.path, 'zones', 'wild.example.zone'),
      `$ORIGIN wild.example.
$TTL 60
@  SOA  ns hostmaster 1 3600 600 604800 60
@  NS   ns
ns A    203.0.113.5
@  A    203.0.113.5
@  AAAA 2001:db8:ffff::5
@  TXT  "BITTORRENT UDP:${TRACKER_PORT}"
`,
    );
    const configuration = join(folder.path, 'portolan.toml');
    writeFileSync(
      configuration,
      `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["0.0.0.0:${DNS_PORT}", "[::]:${DNS_PORT}"]
[tracker]
addresses = ["203.0.113.5=0.0.0.0", "2001:db8:ffff::5=::"]
[admin]
listen = "${ADMIN}"
[workers]
count = 2
`,
    );
    server = start(inside(...portolan, 'serve', '--config', configuration));
    await waitUntilReady(server, ADMIN, network.within);
  });

  afterAll(async () => {
    const code = await server?.stop();
    await network?.close();
    folder.remove();
    expect(code).toBe(0);
  });

  it.each(
    ADDRESSES.flatMap((address) => [
      { address, service: 'DNS', port: DNS_PORT, content: DNS_QUERY },
      { address, service: 'the tracker', port: TRACKER_PORT, content: CONNECT },
    ]),
  )('answers from $address when $service is asked there', async ({ address, port, content }) => {
    const [from] = ADDRESSES.filter((other) => other.includes(':') === address.includes(':'));
    const script = [process.execPath, '--input-type=module', '--eval', CLIENT];
    const { stdout, stderr } = await run(inside(...script, from!, address, String(port), content));
    expect(`${stdout}${stderr}`).toBe(`${address} ${port}\n`);
  });

  it('says nothing is wrong', () => {
    expect(server.output()).not.toMatch(/node:dgram|error/i);
  });
});
