// A private tracker with a client of others: libtorrent has its passkey in the path of the announce URL, over HTTP as
// part of the request and over UDP as URL data (BEP 41).

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { startPortolan } from './portolan-server.ts';
import { isMissing, type Running, start } from './programs.ts';
import { hasLibtorrent, libtorrentClient, torrentOf } from './torrents.ts';

const left = isMissing('python3-libtorrent is not installed', hasLibtorrent);

const PASSKEY = '7kP2mX9qR4tV6wYz';

describe.skipIf(left)('a private tracker and libtorrent', () => {
  const folder = createFolder();
  let server: Running;
  let trackerPort = 0;
  let adminPort = 0;

  beforeAll(async () => {
    const [port, dnsPort, admin] = (await findFreePorts(3)) as [number, number, number];
    trackerPort = port;
    adminPort = admin;
    writeFileSync(join(folder.path, 'passkeys.txt'), `${PASSKEY} alice\n`);
    const zone = `$ORIGIN example.
$TTL 60
@  SOA ns hostmaster 1 1h 15m 1w 60
@  NS  ns
ns A   127.0.0.1
t  A   127.0.0.1
t  TXT "BITTORRENT UDP:${port} TCP:${port}"
`;
    server = await startPortolan({
      folder: folder.path,
      dnsPort,
      adminPort,
      zones: { 'example.zone': zone },
      dns: '[access]\npasskeys = "passkeys.txt"\n',
    });
  });

  afterAll(async () => {
    await server?.stop();
    folder.remove();
  });

  /** What libtorrent says of the tracker first: `announced …` or `failed …`. */
  async function announce(scheme: string, path: string): Promise<string> {
    const name = `${scheme}${path.replaceAll('/', '-')}`;
    const save = join(folder.path, name);
    mkdirSync(save);
    const url = `${scheme}://127.0.0.1:${trackerPort}${path}`;
    const octets = await torrentOf(Buffer.from(name.repeat(100)), url, true);
    const torrent = join(folder.path, `${name}.torrent`);
    writeFileSync(torrent, octets);
    const listen = `127.0.0.1:${(await findFreePorts(1))[0]}`;
    const client = start(libtorrentClient(torrent, save, listen));
    try {
      return await client.line(/^(?:announced|failed \S).*$/m, 30);
    } finally {
      await client.stop();
    }
  }

  it.each(['http', 'udp'])('serves who has a passkey over %s', async (scheme) => {
    expect(await announce(scheme, `/announce/${PASSKEY}`)).toMatch(/^announced /);
  });

  it.each([
    ['http', 'this passkey is not known here'],
    // Of a UDP tracker this client shows that there is a reason, and not which.
    ['udp', 'tracker sent a failure message'],
  ])('tells a client with a wrong passkey why over %s', async (scheme, reason) => {
    const said = await announce(scheme, `/announce/x${PASSKEY}`);
    expect(said).toMatch(/^failed /);
    expect(said).toContain(reason);
  });

  it('counts by what the owner is called, and has no key in its log', async () => {
    const counts = await fetch(`http://127.0.0.1:${adminPort}/passkeys.json`).then((answer) => answer.text());
    expect(JSON.parse(counts)).toMatchObject([{ label: 'alice' }]);
    expect(JSON.parse(counts)[0].announces).toBeGreaterThanOrEqual(2);
    expect(counts + server.output()).not.toContain(PASSKEY);
  });
});
