// HAProxy and nginx in front of the tracker, set up as docs/proxies.md says: who announces is the client, not the proxy.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnnounceData, Client } from 'bittorrent-tracker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { zoneText } from '../support/serving.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { createTestIdentity } from '../support/test-certificate.ts';
import { getHttp } from '../support/tracker-clients.ts';
import { startPortolan, until } from './portolan-server.ts';
import { isInstalled, isMissing, type Running, run, start } from './programs.ts';

const left = [
  isMissing('haproxy is not installed', isInstalled('haproxy')),
  isMissing('nginx is not installed', isInstalled('nginx')),
  isMissing('curl is not installed', isInstalled('curl')),
].includes(true);

/** Where the proxies listen, each on the tracker's own port; Portolan has 127.0.0.1. */
const PUBLIC = { line: '127.0.0.5', binary: '127.0.0.6', http: '127.0.0.7', both: '127.0.0.8' } as const;
const CLIENT = '127.0.0.77';
const NEIGHBOUR = '127.0.0.78';
const PROXY_PROTOCOL = 'proxy_protocol = "on"\n';
const PROXY_HEADER = 'proxy_header = "X-Forwarded-For"\n';

const folder = createFolder();
const running: Running[] = [];

interface Tracker {
  readonly port: number;
  readonly admin: number;
}

/** Its zone names `published`, which is a proxy's address; it listens on 127.0.0.1. */
async function startTracker(
  name: string,
  published: readonly string[],
  rule: string,
  sections = '',
): Promise<Tracker> {
  const [port, dns, admin] = (await findFreePorts(3)) as [number, number, number];
  const addresses = published.map((address) => `"${address}=127.0.0.1"`).join(', ');
  const records = published.map((address) => `@ A ${address}\n`).join('');
  running.push(
    await startPortolan({
      folder: join(folder.path, name),
      dnsPort: dns,
      adminPort: admin,
      zones: {
        'tracker.example.zone': zoneText('tracker.example', `${records}@ TXT "BITTORRENT TCP:${port}"\n`),
      },
      dns: `${sections}[tracker]\naddresses = [${addresses}]\nproxies = ["127.0.0.1"]\n${rule}`,
    }),
  );
  return { port, admin };
}

let protocol: Tracker;
let field: Tracker;
let both: Tracker;

const HAPROXY_DEFAULTS = `
global
  maxconn 200
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
`;

const haproxyText = (): string => `${HAPROXY_DEFAULTS}
listen line
  bind ${PUBLIC.line}:${protocol.port}
  bind [::1]:${protocol.port}
  server portolan 127.0.0.1:${protocol.port} send-proxy
listen binary
  bind ${PUBLIC.binary}:${protocol.port}
  option httpchk GET /robots.txt HTTP/1.1\\r\\nHost:\\ tracker.example
  server portolan 127.0.0.1:${protocol.port} send-proxy-v2 proxy-v2-options crc32c,unique-id check inter 200ms check-send-proxy
listen both
  bind ${PUBLIC.both}:${both.port}
  server portolan 127.0.0.1:${both.port} send-proxy-v2
`;

const nginxText = (servers: string): string => `
daemon off;
master_process off;
pid ${folder.path}/nginx.pid;
error_log stderr;
events { worker_connections 100; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder.path}/${name};`).join(' ')}
  ${servers}
}
`;

const nginxServers = (): string => `
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  upstream tracker { server 127.0.0.1:${field.port}; keepalive 8; }
  server { listen ${PUBLIC.http}:${field.port}; location / { proxy_pass http://tracker; } }
  server { listen ${PUBLIC.http}:${both.port}; location / { proxy_pass http://${PUBLIC.both}:${both.port}; } }
`;

describe.skipIf(left)('behind a proxy', () => {
  beforeAll(async () => {
    const identity = createTestIdentity();
    for (const [name, text] of Object.entries(identity))
      writeFileSync(join(folder.path, `${name}.pem`), text);
    const tls = `[tls]\ncertificate = "${folder.path}/certificate.pem"\nkey = "${folder.path}/key.pem"\n`;
    const addresses = [PUBLIC.line, PUBLIC.binary];
    protocol = await startTracker('protocol', addresses, PROXY_PROTOCOL, tls);
    field = await startTracker('field', [PUBLIC.http], PROXY_HEADER);
    both = await startTracker('both', [PUBLIC.both, PUBLIC.http], PROXY_PROTOCOL + PROXY_HEADER);
    const [haproxy, nginx] = [join(folder.path, 'haproxy.cfg'), join(folder.path, 'nginx.conf')];
    writeFileSync(haproxy, haproxyText());
    writeFileSync(nginx, nginxText(nginxServers()));
    running.push(start(['haproxy', '-db', '-f', haproxy]), start(['nginx', '-c', nginx, '-e', 'stderr']));
    for (const [address, port] of [
      [PUBLIC.line, protocol.port],
      [PUBLIC.binary, protocol.port],
      [PUBLIC.http, field.port],
      [PUBLIC.http, both.port],
    ] as const)
      await until(
        `${address}:${port} answers`,
        async () => (await getHttp(address, port, '/robots.txt').catch(() => undefined))?.status === 200,
      );
  });

  afterAll(async () => {
    for (const program of running.reverse()) await program.stop();
    folder.remove();
  });

  const trackers = { protocol: () => protocol, field: () => field, both: () => both };

  async function metric(tracker: Tracker, name: string): Promise<number> {
    const { body = '' } = (await getHttp('127.0.0.1', tracker.admin, '/metrics')) ?? {};
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1]);
  }

  /** An announce by curl from `client`; the bencoded answer, an octet a character. */
  async function announce(
    url: string,
    client: string,
    peerPort: number,
    ...options: readonly string[]
  ): Promise<string> {
    const output = join(folder.path, `answer-${client}-${peerPort}`);
    const query = `info_hash=${'p'.repeat(20)}&peer_id=-PT0001-${String(peerPort).padStart(12, '0')}&port=${peerPort}&left=1&compact=1`;
    const ended = await run([
      'curl',
      '-sS',
      '-k',
      '-g',
      '--interface',
      client,
      ...options,
      '-o',
      output,
      `${url}/announce?${query}`,
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return readFileSync(output, 'latin1');
  }

  const octets = (address: string): string => String.fromCharCode(...address.split('.').map(Number));
  /** What a client writes who wants to be taken for another. */
  const forged = ['-H', 'X-Forwarded-For: 192.0.2.66', '-H', 'X-Real-IP: 192.0.2.66'];

  it.each([
    ['HAProxy with send-proxy', 'protocol', PUBLIC.line, 'http'],
    ['HAProxy with send-proxy-v2 and a checksum', 'protocol', PUBLIC.binary, 'http'],
    ['HAProxy with send-proxy, TLS inside,', 'protocol', PUBLIC.line, 'https'],
    ['HAProxy with send-proxy-v2, TLS inside,', 'protocol', PUBLIC.binary, 'https'],
    ['nginx with X-Forwarded-For', 'field', PUBLIC.http, 'http'],
    ['nginx, and HAProxy behind it,', 'both', PUBLIC.http, 'http'],
    ['HAProxy, where nginx would be believed,', 'both', PUBLIC.both, 'http'],
  ] as const)(
    '%s the client is whom an announce by curl comes from',
    async (name, tracker, address, scheme) => {
      const { port } = trackers[tracker]();
      const url = `${scheme}://tracker.example:${port}`;
      const resolve = ['--resolve', `tracker.example:${port}:${address}`];
      const peerPort = 7000 + name.length;
      for (let round = 0; round < 2; round++)
        expect(await announce(url, CLIENT, peerPort, ...resolve, ...forged)).toContain(
          `11:external ip4:${octets(CLIENT)}`,
        );
      const other = await announce(url, NEIGHBOUR, peerPort, ...resolve, ...forged);
      expect(other).toContain(`${octets(CLIENT)}${String.fromCharCode(peerPort >> 8, peerPort & 0xff)}`);
      expect(other).not.toContain(octets('192.0.2.66'));
    },
  );

  it.each([
    ['haproxy', ['haproxy', '-c', '-f']],
    ['nginx', ['nginx', '-t', '-e', 'stderr', '-c']],
  ] as const)('%s takes the lines of docs/proxies.md', async (language, command) => {
    const page = readFileSync(join(projectRoot, 'docs', 'proxies.md'), 'utf8');
    const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;
    const lines = block
      .replaceAll('192.0.2.1', PUBLIC.line)
      .replaceAll('2001:db8::1', '::1')
      .replaceAll('6969', String(protocol.port));
    const text = language === 'nginx' ? nginxText(lines) : `${HAPROXY_DEFAULTS}${lines}`;
    const path = join(folder.path, `page-${language}`);
    writeFileSync(path, text);
    expect(await run([...command, path])).toMatchObject({ code: 0 });
  });

  it('a client of IPv6 is one, though the proxy reaches the tracker over IPv4', async () => {
    const answer = await announce(`http://[::1]:${protocol.port}`, '::1', 7100);
    expect(answer).toContain(`11:external ip16:${'\0'.repeat(15)}\x01`);
  });

  it("the proxy's own health checks are no clients, and refused is nobody", async () => {
    expect(await metric(protocol, 'portolan_tracker_proxy_refused_total')).toBe(0);
    // HAProxy takes a server away whose check fails: that it answered above says that LOCAL was understood.
    expect((await getHttp(PUBLIC.binary, protocol.port, '/robots.txt'))?.status).toBe(200);
  });

  it('who passes by the proxy is refused, or taken for whom it is', async () => {
    const before = await metric(protocol, 'portolan_tracker_proxy_refused_total');
    // From the proxy's address, and without its header.
    await expect(getHttp('127.0.0.1', protocol.port, '/robots.txt')).rejects.toThrow(
      /ECONNRESET|socket hang up/,
    );
    const answer = await announce(`http://127.0.0.1:${protocol.port}`, CLIENT, 7200, ...forged);
    expect(answer).toContain(`11:external ip4:${octets(CLIENT)}`);
    const direct = await announce(`http://127.0.0.1:${field.port}`, CLIENT, 7201, ...forged);
    expect(direct).toContain(`11:external ip4:${octets(CLIENT)}`);
    const lying = await run([
      'curl',
      '-sS',
      '--haproxy-protocol',
      '--interface',
      CLIENT,
      `http://127.0.0.1:${protocol.port}/robots.txt`,
    ]);
    expect(lying.code).not.toBe(0);
    expect(await metric(protocol, 'portolan_tracker_proxy_refused_total')).toBe(before + 2);
  });

  it('a proxy that does not say who asks is told so', async () => {
    const answer = await announce(`http://127.0.0.1:${field.port}`, '127.0.0.1', 7300);
    expect(answer).toContain('failure reason');
    expect(answer).toContain('it sends no x-forwarded-for');
  });

  it.each([
    ['HAProxy', 'protocol', PUBLIC.binary],
    ['nginx', 'field', PUBLIC.http],
  ] as const)("npm's bittorrent-tracker client announces through %s", async (_name, tracker, address) => {
    const { port } = trackers[tracker]();
    const client = new Client({
      infoHash: 'c'.repeat(40),
      peerId: Buffer.from('-PT0001-proxied00000'),
      port: 6881,
      announce: [`http://${address}:${port}/announce`],
    });
    onTestFinished(() => new Promise((resolve) => client.destroy(() => resolve())));
    const answer = await new Promise<AnnounceData>((resolve, reject) => {
      client.once('update', resolve);
      client.once('warning', reject);
      client.start();
    });
    expect(answer).toMatchObject({ incomplete: 1 });
  });
});
