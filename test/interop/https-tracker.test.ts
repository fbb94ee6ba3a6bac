// A tracker at TCP:443 with the certificate of an authority that clients check: curl, openssl, libtorrent, aria2 and
// transmission, and the rewriting of a URL that leads there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  isMissing('curl and openssl', isInstalled('curl') && isInstalled('openssl')),
].includes(true);
const leftLibtorrent = left || isMissing('python3-libtorrent is not installed', hasLibtorrent);
const leftAria2 = leftLibtorrent || isMissing('aria2 is not installed', isInstalled('aria2c'));
const leftTransmission =
  leftLibtorrent || isMissing('transmission-cli is not installed', isInstalled('transmission-cli'));

const ADMIN = '127.0.0.1:8053';
/** Documentation addresses (RFC 5737, RFC 3849), each a host of its own to the programs. */
const SERVER = { 4: '192.0.2.1', 6: '2001:db8::1' };
const SEED = { 4: '192.0.2.2', 6: '2001:db8::2' };
const FETCHER = { 4: '192.0.2.3', 6: '2001:db8::3' };
const HOSTS = ['tracker.example', 'ipv4.tracker.example', 'ipv6.tracker.example'];
const ZONE = `
$ORIGIN example.
$TTL 60
@             SOA   ns hostmaster 1 3600 600 604800 60
@             NS    ns
ns            A     ${SERVER[4]}
tracker       A     ${SERVER[4]}
tracker       AAAA  ${SERVER[6]}
tracker       TXT   "BITTORRENT TCP:443"
ipv4.tracker  A     ${SERVER[4]}
ipv4.tracker  TXT   "BITTORRENT TCP:443"
ipv6.tracker  AAAA  ${SERVER[6]}
ipv6.tracker  TXT   "BITTORRENT TCP:443"
`;
const ANNOUNCE = `/announce?info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=6881&left=1&compact=1`;

const folder = createFolder();
const at = (name: string): string => join(folder.path, name);
let network: Network;
let server: Running;
const running: Running[] = [];
const inside = (...words: string[]): CommandLine => [...network.within, ...words] as unknown as CommandLine;
/** With a variable of the environment set. */
const having = (variable: string, ...words: string[]): CommandLine => inside('env', variable, ...words);

async function openssl(...words: string[]): Promise<void> {
  const { code, stderr } = await run(['openssl', ...words]);
  if (code !== 0) throw new Error(stderr);
}

/** An authority with a certificate for our hosts, and one that nobody's certificate is of. */
async function createCertificates(): Promise<void> {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  for (const name of ['authority', 'stranger'])
    await openssl(
      ...['req', '-x509', ...curve, '-subj', `/CN=${name}`],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
    );
  const names = HOSTS.map((host) => `DNS:${host}`).join(',');
  await openssl(
    ...['req', '-x509', ...curve, '-subj', '/CN=tracker.example', '-addext', `subjectAltName=${names}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-CA', at('authority.pem'), '-CAkey', at('authority.key')],
    ...['-keyout', at('privkey.pem'), '-out', at('fullchain.pem')],
  );
}

beforeAll(async () => {
  if (left) return;
  await createCertificates();
  network = await createNetwork(
    [SERVER, SEED, FETCHER].flatMap((host) => [`${host[4]}/24`, `${host[6]}/64`]),
  );
  mkdirSync(at('zones'));
  writeFileSync(at('zones/example.zone'), ZONE);
  writeFileSync(
    at('portolan.toml'),
    `zones = ["zones"]
state = "state"
[dns]
listen = ["127.0.0.1:53", "[::1]:53"]
[admin]
listen = "${ADMIN}"
[tls]
certificate = "fullchain.pem"
key = "privkey.pem"
`,
  );
  server = start(inside(...portolan, 'serve', '--config', at('portolan.toml')));
  await waitUntilReady(server, ADMIN, network.within);
});

afterEach(() => stopClients());

afterAll(async () => {
  const code = await server?.stop();
  await network?.close();
  folder.remove();
  if (!left) expect(code).toBe(0);
});

async function stopClients(): Promise<void> {
  await Promise.all(running.splice(0).map((client) => client.stop()));
}

function curl(...words: string[]): Promise<Ended> {
  return run(inside('curl', '--silent', '--show-error', '--max-time', '10', ...words));
}

/** With a wrong URL, which is put right: what it is afterwards stands in it. */
async function makeTorrent(name: string, host: string): Promise<SharedFile> {
  const { torrent, content } = await makeSharedFile(folder.path, name, `http://${host}:1/announce`);
  const words = ['rewrite', '--resolver', '127.0.0.1:53', '--in-place', torrent];
  const rewritten = await run(inside(...portolan, ...words));
  expect(rewritten, rewritten.stderr).toMatchObject({ code: 0 });
  expect(readFileSync(torrent, 'latin1')).toContain(`https://${host}:443/announce`);
  return { torrent, content };
}

function startLibtorrent(torrent: string, save: string, listen: string, authority = 'authority'): Running {
  const words = ['--authority', at(`${authority}.pem`)];
  const client = start(inside(...libtorrentClient(torrent, save, listen), ...words));
  running.push(client);
  return client;
}

async function startSeed(name: string, host: string) {
  const { torrent, content } = await makeTorrent(name, host);
  const listen = host.startsWith('ipv6') ? `[${SEED[6]}]:6881` : `${SEED[4]}:6881`;
  const seed = startLibtorrent(torrent, at(`${name}/seed`), listen);
  await seed.line(/^announced /, 30);
  const isFetched = (): boolean => readFileSync(at(`${name}/fetched/file.bin`)).equals(content);
  return { torrent, fetched: at(`${name}/fetched`), isFetched };
}

describe.skipIf(left)('a tracker at TCP:443', () => {
  it.each(['--ipv4', '--ipv6'])('answers curl, which checks its certificate (%s)', async (family) => {
    const url = `https://tracker.example${ANNOUNCE}`;
    const words = ['--cacert', at('authority.pem'), family, '--verbose'];
    const { stdout, stderr, code } = await curl(...words, url, url);
    expect(code, stderr).toBe(0);
    expect(stdout.match(/8:interval/g)).toHaveLength(2);
    expect(stderr).toMatch(/ALPN.*http\/1\.1/);
    expect(stderr).toMatch(/Re-using existing connection/);
    const refused = await curl('--cacert', at('stranger.pem'), family, url);
    expect(refused.code).toBe(60);
  });

  it('answers in clear text, too', async () => {
    const { stdout } = await curl(`http://tracker.example:443${ANNOUNCE}`);
    expect(stdout).toContain('8:interval');
  });

  it('goes on with sessions of openssl', async () => {
    const words = ['s_client', '-connect', 'tracker.example:443', '-CAfile', at('authority.pem')];
    const reconnected = await run(inside('openssl', ...words, '-tls1_2', '-reconnect'));
    expect(reconnected.stdout.match(/^Reused, TLSv1\.2/gm)).toHaveLength(5);
    const input = 'GET / HTTP/1.1\r\nHost: tracker.example\r\nConnection: close\r\n\r\n';
    const session = at('session.pem');
    const recent = [...words, '-tls1_3', '-ign_eof'];
    const first = await run(inside('openssl', ...recent, '-sess_out', session), { input });
    expect(first.stdout).toMatch(/^New, TLSv1\.3/m);
    expect(first.stdout).toContain('https://tracker.example:443/announce');
    const second = await run(inside('openssl', ...recent, '-sess_in', session), { input });
    expect(second.stdout).toMatch(/^Reused, TLSv1\.3/m);
    expect(second.stdout).toContain('https://tracker.example:443/announce');
  });

  it('passes the probe', async () => {
    const words = [...portolan, 'probe', '--resolver', '127.0.0.1:53', 'tracker.example'];
    const probed = await run(having(`NODE_EXTRA_CA_CERTS=${at('authority.pem')}`, ...words));
    expect(probed, probed.stdout).toMatchObject({ code: 0 });
    for (const address of Object.values(SERVER))
      expect(probed.stdout).toMatch(new RegExp(`https 443 .*${address} .*ok`));
  });

  it.skipIf(leftLibtorrent)('is not believed by a libtorrent that knows another authority', async () => {
    const { torrent } = await makeTorrent('stranger', 'ipv4.tracker.example');
    const client = startLibtorrent(torrent, at('stranger/seed'), `${SEED[4]}:6881`, 'stranger');
    await client.line(/^failed .*certificate/, 30);
    expect(client.output()).not.toMatch(/^announced /m);
  });

  it.skipIf(leftLibtorrent).each([
    ['ipv4.tracker.example', `${FETCHER[4]}:6881`],
    ['ipv6.tracker.example', `[${FETCHER[6]}]:6881`],
  ])('carries a file between two libtorrent clients through %s', async (host, listen) => {
    const { torrent, fetched, isFetched } = await startSeed(host, host);
    const fetcher = startLibtorrent(torrent, fetched, listen);
    await fetcher.line(/^announced [1-9]/, 30);
    await fetcher.line(/^finished$/, 60);
    expect(isFetched()).toBe(true);
  });

  it.skipIf(leftAria2)('carries a file from libtorrent to aria2', async () => {
    const { torrent, fetched, isFetched } = await startSeed('aria2', 'ipv4.tracker.example');
    const words = [
      ...['--enable-dht=false', '--bt-enable-lpd=false', '--enable-peer-exchange=false'],
      ...['--listen-port=6882', `--interface=${FETCHER[4]}`, '--disable-ipv6=true', '--seed-time=0'],
      ...['--check-certificate=true', `--ca-certificate=${at('authority.pem')}`],
    ];
    const { code, stdout } = await run(inside('aria2c', ...words, '--dir', fetched, torrent), {
      seconds: 60,
    });
    expect(code, stdout).toBe(0);
    expect(isFetched()).toBe(true);
  });

  it.skipIf(leftTransmission)('carries a file from libtorrent to transmission', async () => {
    const { torrent, fetched, isFetched } = await startSeed('transmission', 'ipv4.tracker.example');
    const settings = at('transmission/settings');
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
    const authority = at('authority.pem');
    const words = ['--config-dir', settings, '--download-dir', fetched, '--port', '51413', '--no-portmap'];
    const command = ['transmission-cli', ...words, torrent];
    // Without the first it checks nothing, without the second it knows the system's authorities alone.
    const fetcher = start(inside('env', 'TR_CURL_SSL_VERIFY=1', `CURL_CA_BUNDLE=${authority}`, ...command));
    running.push(fetcher);
    await fetcher.line(/Seeding|State changed from "Incomplete" to "Complete"/, 100);
    expect(isFetched()).toBe(true);
  });
});
