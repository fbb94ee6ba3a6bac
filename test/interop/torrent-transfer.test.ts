// The whole path with clients of others: a torrent names a wrong tracker URL, `portolan rewrite` asks the running
// authority and puts it right, and the file arrives, which it can in no other way than through the tracker.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
import {
  type CommandLine,
  type Ended,
  isInstalled,
  isMissing,
  portolan,
  type Running,
  run,
  start,
  waitUntilReady,
} from './programs.ts';
import { hasLibtorrent, libtorrentClient, makeSharedFile, type SharedFile } from './torrents.ts';

const left = [
  isMissing('no right to make a network (root is needed)', canCreateNetwork()),
  isMissing('python3-libtorrent is not installed', hasLibtorrent),
].includes(true);
const leftTransmission =
  left || isMissing('transmission-cli is not installed', isInstalled('transmission-cli'));

const ADMIN = '127.0.0.1:8053';
/** Documentation addresses (RFC 5737, RFC 3849), each a host of its own to the programs. */
const SERVER = { 4: '192.0.2.1', 6: '2001:db8::1' };
const SEED = { 4: '192.0.2.2', 6: '2001:db8::2' };
const FETCHER = { 4: '192.0.2.3', 6: '2001:db8::3' };

/** `UDP` or `TCP` is all that the two zones differ in. */
function zoneText(preference: string): string {
  return `
$ORIGIN example.
$TTL 60
@             SOA   ns hostmaster 1 3600 600 604800 60
@             NS    ns
ns            A     ${SERVER[4]}
tracker       A     ${SERVER[4]}
tracker       AAAA  ${SERVER[6]}
tracker       TXT   "${preference}"
ipv4.tracker  A     ${SERVER[4]}
ipv4.tracker  TXT   "${preference}"
ipv6.tracker  AAAA  ${SERVER[6]}
ipv6.tracker  TXT   "${preference}"
`;
}

const TRANSPORTS = [
  { transport: 'UDP', preference: 'BITTORRENT UDP:6969', wrong: 'http', right: 'udp' },
  { transport: 'HTTP', preference: 'BITTORRENT TCP:6969', wrong: 'udp', right: 'http' },
] as const;

describe.skipIf(left).each(TRANSPORTS)('over $transport', ({ transport, preference, wrong, right }) => {
  const folder = createFolder();
  let network: Network;
  let server: Running;
  const running: Running[] = [];
  const inside = (...words: string[]): CommandLine => [...network.within, ...words] as unknown as CommandLine;

  beforeAll(async () => {
    network = await createNetwork(
      [SERVER, SEED, FETCHER].flatMap((host) => [`${host[4]}/24`, `${host[6]}/64`]),
    );
    mkdirSync(join(folder.path, 'zones'));
    writeFileSync(join(folder.path, 'zones', 'example.zone'), zoneText(preference));
    const configuration = join(folder.path, 'portolan.toml');
    writeFileSync(
      configuration,
      `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:53", "[::1]:53"]
[admin]
listen = "${ADMIN}"
`,
    );
    server = start(inside(...portolan, 'serve', '--config', configuration));
    await waitUntilReady(server, ADMIN, network.within);
  });

  afterAll(async () => {
    await server?.stop();
    await network?.close();
    folder.remove();
  });

  const makeTorrent = (name: string, announce: string): Promise<SharedFile> =>
    makeSharedFile(folder.path, name, announce);

  function rewrite(...words: string[]): Promise<Ended> {
    return run(inside(...portolan, 'rewrite', ...words));
  }

  function startLibtorrent(torrent: string, save: string, listen: string): Running {
    const client = start(inside(...libtorrentClient(torrent, save, listen)));
    running.push(client);
    return client;
  }

  async function stopClients(): Promise<void> {
    await Promise.all(running.splice(0).map((client) => client.stop()));
  }

  it('does not find the tracker by the wrong URL', async () => {
    const { torrent } = await makeTorrent('unfixed', `${wrong}://tracker.example:1/announce`);
    const client = startLibtorrent(torrent, join(folder.path, 'unfixed', 'seed'), `${SEED[4]}:6881`);
    await client.line(/^failed /, 30);
    expect(client.output()).not.toMatch(/^announced /m);
    await stopClients();
  });

  it.each([
    ['ipv4.tracker.example', [4]],
    ['ipv6.tracker.example', [6]],
    ['tracker.example', [4, 6]],
  ] as const)('carries a file between two libtorrent clients through %s', async (host, families) => {
    const { torrent, content } = await makeTorrent(host, `${wrong}://${host}:1/announce`);
    const rewritten = await rewrite('--resolver', '127.0.0.1:53', '--in-place', torrent);
    expect(rewritten, rewritten.stderr).toMatchObject({ code: 0 });
    expect(readFileSync(torrent, 'latin1')).toContain(`${right}://${host}:6969/announce`);

    const listen = (addresses: typeof SEED): string =>
      families.map((family) => (family === 4 ? `${addresses[4]}:6881` : `[${addresses[6]}]:6881`)).join(',');
    const seed = startLibtorrent(torrent, join(folder.path, host, 'seed'), listen(SEED));
    await seed.line(/^announced /, 30);
    const fetched = join(folder.path, host, 'fetched');
    const fetcher = startLibtorrent(torrent, fetched, listen(FETCHER));
    await fetcher.line(/^announced [1-9]/, 30);
    await fetcher.line(/^finished$/, 60);
    expect(readFileSync(join(fetched, 'file.bin')).equals(content)).toBe(true);
    await stopClients();
  });

  // Transmission 3.00 announces over HTTP and UDP, and is bound to one IPv4 address here.
  it.skipIf(leftTransmission)(
    `carries a file from libtorrent to transmission over ${transport}`,
    async () => {
      const host = 'ipv4.tracker.example';
      const { torrent, content } = await makeTorrent('transmission', `${wrong}://${host}:1/announce`);
      // Asks the system's resolver this time, which in this network is the authority.
      const rewritten = await rewrite('--in-place', torrent);
      expect(rewritten, rewritten.stderr).toMatchObject({ code: 0 });

      const seed = startLibtorrent(torrent, join(folder.path, 'transmission', 'seed'), `${SEED[4]}:6881`);
      await seed.line(/^announced /, 30);
      const fetched = join(folder.path, 'transmission', 'fetched');
      const settings = join(folder.path, 'transmission', 'settings');
      mkdirSync(settings);
      writeFileSync(
        join(settings, 'settings.json'),
        JSON.stringify({
          'bind-address-ipv4': FETCHER[4],
          'dht-enabled': false,
          'lpd-enabled': false,
          'pex-enabled': false,
          'utp-enabled': false,
          'port-forwarding-enabled': false,
        }),
      );
      const words = [
        'transmission-cli',
        '--config-dir',
        settings,
        '--download-dir',
        fetched,
        '--port',
        '51413',
      ];
      const fetcher = start(inside(...words, '--no-portmap', torrent));
      running.push(fetcher);
      await fetcher.line(/Seeding|State changed from "Incomplete" to "Complete"/, 100);
      expect(readFileSync(join(fetched, 'file.bin')).equals(content)).toBe(true);
      await stopClients();
    },
  );
});
