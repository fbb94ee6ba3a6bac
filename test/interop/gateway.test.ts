// Clients that know nothing of BEP 34, and trackers of others: torrents whose HTTP URL names a port that nobody has ever
// opened, a zone that declares UDP only, and the gateway as their proxy. The files arrive.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
import {
  type CommandLine,
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
const leftAria2 = left || isMissing('aria2 is not installed', isInstalled('aria2c'));
const leftOpentracker = left || isMissing('opentracker is not installed', isInstalled('opentracker'));

const ADMIN = '127.0.0.1:8053';
const PROXY = '127.0.0.1:8118';
/** Documentation addresses (RFC 5737, RFC 3849). The gateway and its clients are one machine: trackers see its address. */
const HERE = { 4: '192.0.2.1', 6: '2001:db8::1' };
const SEED_PORT = 6881;
const FETCHER_PORT = 6882;
/** Of no zone's host that is served here: its names are published, and nothing is opened for them. */
const OPENTRACKER = { address: '192.0.2.9', port: 7070 };

const ZONE = `
$ORIGIN example.
$TTL 60
@             SOA   ns hostmaster 1 3600 600 604800 60
@             NS    ns
ns            A     ${HERE[4]}
tracker       A     ${HERE[4]}
tracker       AAAA  ${HERE[6]}
tracker       TXT   "BITTORRENT UDP:6969"
ipv4.tracker  A     ${HERE[4]}
ipv4.tracker  TXT   "BITTORRENT UDP:6969"
ipv6.tracker  AAAA  ${HERE[6]}
ipv6.tracker  TXT   "BITTORRENT UDP:6969"
denied        A     ${HERE[4]}
denied        TXT   "BITTORRENT DENY ALL"
`;
/** Published by this server, served by opentracker. */
const OPEN_ZONE = `
$ORIGIN open.test.
$TTL 60
@  SOA   ns hostmaster 1 3600 600 604800 60
@  NS    ns
ns A     ${HERE[4]}
t  A     ${OPENTRACKER.address}
t  TXT   "BITTORRENT UDP:${OPENTRACKER.port} TCP:${OPENTRACKER.port}"
`;

describe.skipIf(left)('through the gateway', () => {
  const folder = createFolder();
  let network: Network;
  const servers: Running[] = [];
  const clients: Running[] = [];
  const inside = (...words: string[]): CommandLine => [...network.within, ...words] as unknown as CommandLine;

  beforeAll(async () => {
    network = await createNetwork([`${HERE[4]}/24`, `${OPENTRACKER.address}/24`, `${HERE[6]}/64`]);
    mkdirSync(join(folder.path, 'zones'));
    writeFileSync(join(folder.path, 'zones', 'example.zone'), ZONE);
    writeFileSync(join(folder.path, 'zones', 'open.test.zone'), OPEN_ZONE);
    const configuration = join(folder.path, 'portolan.toml');
    writeFileSync(
      configuration,
      `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:53"]
[tracker]
addresses = ["${HERE[4]}", "${HERE[6]}"]
[admin]
listen = "${ADMIN}"
`,
    );
    const server = start(inside(...portolan, 'serve', '--config', configuration));
    servers.push(server);
    await waitUntilReady(server, ADMIN, network.within);
    if (!leftOpentracker) {
      // Debian's build serves the torrents of a list; started by root it becomes nobody, who must be able to read it.
      chmodSync(folder.path, 0o755);
      writeFileSync(join(folder.path, 'whitelist'), `${'61'.repeat(20)}\n`);
      const { address, port } = OPENTRACKER;
      const at = [
        '-i',
        address,
        '-p',
        String(port),
        '-P',
        String(port),
        '-d',
        folder.path,
        '-w',
        'whitelist',
      ];
      servers.push(start(inside('opentracker', ...at)));
    }
    const networks = ['192.0.2.0/24', '2001:db8::/32'];
    const flags = ['--allow', '127.0.0.1', HERE[4], '--allow-private', ...networks];
    const gateway = start(inside(...portolan, 'gateway', ...flags));
    servers.push(gateway);
    await gateway.line(/^gateway +http:/, 20);
  }, 60_000);

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });

  afterAll(async () => {
    await Promise.all(servers.reverse().map((server) => server.stop()));
    await network?.close();
    folder.remove();
  });

  const makeTorrent = (name: string, announce: string): Promise<SharedFile> =>
    makeSharedFile(folder.path, name, announce);

  function startLibtorrent(torrent: string, save: string, listen: string): Running {
    const client = start(inside(...libtorrentClient(torrent, save, listen), '--proxy', PROXY));
    clients.push(client);
    return client;
  }

  /** Everywhere: libtorrent speaks to a proxy on loopback from its socket on loopback. */
  const listenAt = (port: number): string => `0.0.0.0:${port},[::]:${port}`;

  it.each(['ipv4.tracker.example', 'ipv6.tracker.example', 'tracker.example'])(
    'a file goes from libtorrent to libtorrent by the UDP tracker %s',
    async (host) => {
      const { torrent, content } = await makeTorrent(host, `http://${host}:1/announce`);
      const seed = startLibtorrent(torrent, join(folder.path, host, 'seed'), listenAt(SEED_PORT));
      await seed.line(/^announced /, 30);
      const fetched = join(folder.path, host, 'fetched');
      const fetcher = startLibtorrent(torrent, fetched, listenAt(FETCHER_PORT));
      await fetcher.line(/^announced [1-9]/, 30);
      await fetcher.line(/^finished$/, 60);
      expect(readFileSync(join(fetched, 'file.bin')).equals(content)).toBe(true);
    },
  );

  it('libtorrent shows why a host that denies is not announced to', async () => {
    const { torrent } = await makeTorrent('denied', 'http://denied.example:1/announce');
    const client = startLibtorrent(torrent, join(folder.path, 'denied', 'seed'), listenAt(SEED_PORT));
    await client.line(/^failed .*the host says that it has no tracker/, 30);
  });

  /** From a libtorrent seed by the tracker of `host`. */
  async function startSeed(
    name: string,
    host: string,
  ): Promise<{ torrent: string; content: Buffer; fetched: string }> {
    const made = await makeTorrent(name, `http://${host}:1/announce`);
    const seed = startLibtorrent(made.torrent, join(folder.path, name, 'seed'), listenAt(SEED_PORT));
    await seed.line(/^announced /, 30);
    return { ...made, fetched: join(folder.path, name, 'fetched') };
  }

  it.skipIf(leftTransmission)('transmission gets its file, by http_proxy', async () => {
    const { torrent, content, fetched } = await startSeed('transmission', 'tracker.example');
    const settings = join(folder.path, 'transmission', 'settings');
    mkdirSync(settings);
    writeFileSync(
      join(settings, 'settings.json'),
      JSON.stringify({
        'bind-address-ipv4': HERE[4],
        'dht-enabled': false,
        'lpd-enabled': false,
        'pex-enabled': false,
        'utp-enabled': false,
        'port-forwarding-enabled': false,
      }),
    );
    const words = ['--config-dir', settings, '--download-dir', fetched, '--port', '51413', '--no-portmap'];
    const client = start(inside('env', `http_proxy=http://${PROXY}`, 'transmission-cli', ...words, torrent));
    clients.push(client);
    await client.line(/Seeding|State changed from "Incomplete" to "Complete"/, 100);
    expect(readFileSync(join(fetched, 'file.bin')).equals(content)).toBe(true);
  });

  it.skipIf(leftAria2)('aria2 gets its file, by --http-proxy', async () => {
    const { torrent, content, fetched } = await startSeed('aria2', 'tracker.example');
    const words = ['--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'];
    const more = ['--listen-port=6883', '--seed-time=0', '--no-conf', `--dir=${fetched}`, torrent];
    const client = start(inside('aria2c', `--http-proxy=http://${PROXY}`, ...words, ...more));
    clients.push(client);
    await client.line(/\(OK\):download completed|Download complete/, 100);
    expect(readFileSync(join(fetched, 'file.bin')).equals(content)).toBe(true);
  });

  it('probe finds everything in order with the tracker, over both families', async () => {
    const probed = await run(inside(...portolan, 'probe', 'tracker.example'));
    expect(probed, probed.stdout).toMatchObject({ code: 0 });
    expect(probed.stdout).toMatch(/udp 6969 {2}IPv4 {2}192\.0\.2\.1 .*ok/);
    expect(probed.stdout).toMatch(/udp 6969 {2}IPv6 {2}2001:db8::1 .*ok/);
  });

  it.skipIf(leftOpentracker)(
    'probe and the gateway understand opentracker, whose answers are its own',
    async () => {
      const known = ['--info-hash', '61'.repeat(20)];
      const probed = await run(inside(...portolan, 'probe', 't.open.test', '--json', ...known));
      const rows = probed.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { ok: boolean });
      expect(rows, probed.stdout).toHaveLength(2);
      expect(
        rows.every(({ ok }) => ok),
        probed.stdout,
      ).toBe(true);
      const query = `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=9999&left=0&compact=1`;
      const url = `http://t.open.test/announce?${query}`;
      const reply = await run(
        inside('curl', '--silent', '--max-time', '20', '--proxy', `http://${PROXY}`, url),
      );
      expect(reply.stdout).toMatch(/^d8:completei\d+e10:incompletei\d+e8:intervali\d+e5:peers/);
    },
  );
});
