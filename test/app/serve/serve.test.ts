// The whole path in one process: zone files on disk, DNS and announces over sockets, edits while it runs.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Publication } from '../../../src/app/data-plane/data-plane.ts';
import type { ReloadReport } from '../../../src/app/zones/reload.ts';
import { formatHex } from '../../../src/core/octets/text.ts';
import { BindError } from '../../../src/io/bind-error.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { prepareServer, type Serving, serve, zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createTestIdentity } from '../../support/test-certificate.ts';
import { announceHttp, announceUdp, askTcp, askUdp } from '../../support/tracker-clients.ts';

const DUAL = (endpoints: string, ttl = 60): string => `t ${ttl} A 127.0.0.1
t ${ttl} AAAA ::1
t ${ttl} TXT "BITTORRENT ${endpoints}"`;

/** Codes of what was found, each with its place: `port-taken t.zone:7:6`. */
function findingsOf({ zones }: ReloadReport): string[] {
  return zones.flatMap(({ findings }) =>
    findings.map(({ code, file, line, column }) => `${code} ${file.replace(/^.*\//, '')}:${line}:${column}`),
  );
}

function outcomesOf({ zones }: ReloadReport): string[] {
  return zones.map(({ path, outcome }) => `${path.replace(/^.*\//, '')} ${outcome}`);
}

async function preferenceOf({ dnsPorts }: Serving, name = 't.example'): Promise<string> {
  const { answer } = await askUdp('127.0.0.1', dnsPorts[0]!, { name, type: 'TXT' });
  return answer[0]?.replace(/^.*?"(.*)"$/, '$1') ?? '';
}

/** Which of UDP and HTTP answer at a port: `udp4 udp6 http4 http6`. */
async function openAt(port: number): Promise<string> {
  const answers = {
    udp4: await announceUdp('127.0.0.1', port),
    udp6: await announceUdp('::1', port),
    http4: await announceHttp('127.0.0.1', port),
    http6: await announceHttp('::1', port),
  };
  return Object.entries(answers)
    .filter(([, answer]) => answer !== undefined)
    .map(([name]) => name)
    .join(' ');
}

/** Holds a TCP port, as another program would. */
async function holdPort(port: number): Promise<{ release(): Promise<void> }> {
  const holder = createTcpServer();
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
  const release = (): Promise<void> => new Promise((resolve) => holder.close(() => resolve()));
  onTestFinished(release);
  return { release };
}

describe('a server that has started', () => {
  it('answers DNS once at an address that the configuration names twice', async () => {
    const [port] = await findFreePorts(1);
    const { dnsPorts } = await serve({
      zones: { 't.zone': zoneText('example', '') },
      settings: { 'dns.listen': [`auto:${port}`, `127.0.0.1:${port}`, `127.0.0.1:${port}`] },
      machine: { localAddresses: () => ['127.0.0.1', '::1'] },
    });
    expect(dnsPorts).toEqual([port, port]);
  });

  it('answers DNS over UDP and TCP, IPv4 and IPv6', async () => {
    const [port] = await findFreePorts(1);
    const { dnsPorts } = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) } });
    const query = { name: 't.example.', type: 'TXT' };
    const expected = [`t.example. 60 IN TXT "BITTORRENT UDP:${port}"`];
    for (const ask of [askUdp, askTcp]) {
      for (const [index, address] of ['127.0.0.1', '::1'].entries()) {
        const reply = await ask(address, dnsPorts[index]!, query);
        expect(reply).toMatchObject({ rcode: 'NOERROR', answer: expected });
        expect(reply.flags).toContain('AA');
      }
    }
  });

  it('has exactly the ports open that the zone declares: IPv4 by A, IPv6 by AAAA', async () => {
    const [dual, v4, v6, http] = await findFreePorts(4);
    await serve({
      zones: {
        't.zone': zoneText(
          'example',
          `${DUAL(`UDP:${dual} TCP:${dual}`)}
ipv4 A 127.0.0.1
ipv4 TXT "BITTORRENT UDP:${v4} TCP:${v4}"
ipv6 AAAA ::1
ipv6 TXT "BITTORRENT UDP:${v6} TCP:${v6}"
*.h A 127.0.0.1
*.h TXT "BITTORRENT TCP:${http}"
no A 127.0.0.1
no TXT "BITTORRENT DENY ALL"`,
        ),
      },
    });
    expect(await openAt(dual!)).toBe('udp4 udp6 http4 http6');
    expect(await openAt(v4!)).toBe('udp4 http4');
    expect(await openAt(v6!)).toBe('udp6 http6');
    expect(await openAt(http!)).toBe('http4');
  });

  it('shares one socket and one swarm among hosts and zones at the same address and port', async () => {
    const [port] = await findFreePorts(1);
    await serve({
      zones: {
        'a.zone': zoneText('a.test', DUAL(`UDP:${port}`)),
        'b.zone': zoneText('b.test', DUAL(`UDP:${port} TCP:${port}`)),
      },
    });
    expect(await announceUdp('127.0.0.1', port!, 1)).toBe(1);
    expect(await announceHttp('127.0.0.1', port!, { peerPort: 2 })).toContain('10:incompletei2e');
  });

  it('refuses an HTTP announce to a name of ours at a port that it does not declare, with the right URL', async () => {
    const [one, two] = await findFreePorts(2);
    const zone = zoneText(
      'example',
      `${DUAL(`TCP:${one}`)}\nother A 127.0.0.1\nother TXT "BITTORRENT TCP:${two}"`,
    );
    await serve({ zones: { 't.zone': zone } });
    expect(await announceHttp('127.0.0.1', one!, { host: 't.example' })).toContain('5:peers');
    expect(await announceHttp('127.0.0.1', one!, { host: 'foreign.test' })).toContain('5:peers');
    expect(await announceHttp('127.0.0.1', two!, { host: 't.example' })).toContain(
      `announce to http://t.example:${one}/announce`,
    );
    expect(await announceHttp('127.0.0.1', two!, { host: 'ns.example' })).toContain(
      'ns.example runs no tracker',
    );
  });

  it('publishes the record alone where no address is this machine’s, and says what to write', async () => {
    const [port] = await findFreePorts(1);
    const zone = zoneText(
      'example',
      `t A 192.0.2.1\nt TXT "BITTORRENT UDP:${port}"\nu TXT "BITTORRENT UDP:${port}"`,
    );
    const { server } = await serve({
      zones: { 't.zone': zone },
      machine: { localAddresses: () => ['127.0.0.1', '::1', '10.0.0.5'] },
    });
    expect(await openAt(port!)).toBe('');
    expect(server.status().hosts).toMatchObject([
      {
        host: 't.example',
        state: 'published-only',
        remedy: expect.stringContaining('["auto", "192.0.2.1=10.0.0.5"]'),
      },
      {
        host: 'u.example',
        state: 'published-only',
        remedy: expect.stringContaining('u.example. A 10.0.0.5'),
      },
    ]);
  });

  it('binds the private address for the public one of a pair', async () => {
    const [port] = await findFreePorts(1);
    await serve({
      zones: { 't.zone': zoneText('example', `t A 203.0.113.5\nt TXT "BITTORRENT UDP:${port}"`) },
      settings: { 'tracker.addresses': ['auto', '203.0.113.5=127.0.0.1'] },
    });
    expect(await openAt(port!)).toBe('udp4');
  });

  it('answers DNS at each address of each interface where it is told "auto"', async () => {
    const [port] = await findFreePorts(1);
    const { server } = await serve({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) },
      settings: { 'dns.listen': ['auto:0'] },
      machine: { localAddresses: () => ['127.0.0.1', '::1', '192.0.2.77'] },
    });
    // The last one was lost between being listed and being used.
    expect(server.status().dns.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
  });

  it('serves the family that the machine has when it lacks the other', async () => {
    const [port] = await findFreePorts(1);
    const { server } = await serve({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) },
      machine: { hasFamily: (family) => family === 4 },
    });
    expect(server.status()).toMatchObject({ isReady: true, dns: [{ address: '127.0.0.1' }] });
    expect(await openAt(port!)).toBe('udp4');
  });
});

describe('an edit', () => {
  it('opens the new port, changes the record, and closes the withdrawn port after its drain', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one} TCP:${one}`)) } });
    const report = await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${two} TCP:${two}`), 2));
    expect(outcomesOf(report)).toEqual(['t.zone published']);
    expect(findingsOf(report)).toEqual([]);
    expect([report.opened.length, report.draining.length, report.closed.length]).toEqual([4, 4, 0]);
    expect(await preferenceOf(serving)).toBe(`BITTORRENT UDP:${two} TCP:${two}`);
    expect([await openAt(one!), await openAt(two!)]).toEqual([
      'udp4 udp6 http4 http6',
      'udp4 udp6 http4 http6',
    ]);
    expect(await announceHttp('127.0.0.1', one!, { host: 't.example' })).toContain('5:peers');
    await serving.clock.advance(59);
    expect(await openAt(one!)).toBe('udp4 udp6 http4 http6');
    await serving.clock.advance(10);
    await expect.poll(() => serving.server.status().draining).toEqual([]);
    await expect.poll(() => openAt(one!)).toBe('');
    expect(await openAt(two!)).toBe('udp4 udp6 http4 http6');
  });

  it('does not cut off those who cached the longer TTL when it is lowered and the port withdrawn at once', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`, 3600)) } });
    await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${one}`, 10), 2));
    await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${two}`, 10), 3));
    await serving.clock.advance(3590);
    expect(await openAt(one!)).toBe('udp4 udp6');
    await serving.clock.advance(20);
    await expect.poll(() => openAt(one!)).toBe('');
  });

  it('keeps a withdrawn port for the configured drain where that is longer than the TTL', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) },
      settings: { 'tracker.drain': '4h' },
    });
    await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${two}`), 2));
    await serving.clock.advance(4 * 3600 - 1);
    expect(await openAt(one!)).toBe('udp4 udp6');
    await serving.clock.advance(10);
    await expect.poll(() => openAt(one!)).toBe('');
  });

  it('that names a taken port is rejected at its line, and nothing changes', async () => {
    const [one, two, taken] = await findFreePorts(3);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) } });
    const holder = await holdPort(taken!);
    const edited = zoneText('example', DUAL(`UDP:${two} TCP:${taken}`), 2);
    const report = await serving.edit('t.zone', edited);
    expect(outcomesOf(report)).toEqual(['t.zone kept']);
    expect(findingsOf(report)).toEqual(['port-taken t.zone:8:6']);
    expect(report.zones[0]!.findings[0]!.message).toContain(
      `t.example declares TCP:${taken}: cannot open TCP port`,
    );
    expect(report.zones[0]!.findings[0]!.source).toContain('TXT "BITTORRENT');
    expect([await preferenceOf(serving), await openAt(two!), await openAt(one!)]).toEqual([
      `BITTORRENT UDP:${one}`,
      '',
      'udp4 udp6',
    ]);
    await holder.release();
    expect(outcomesOf(await serving.server.reload('signal'))).toEqual(['t.zone published']);
    expect(await openAt(two!)).toBe('udp4 udp6');
  });

  it('with errors changes nothing and reports them all', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) } });
    const bad = zoneText('example', `${DUAL(`UDP:${two}`)}\nx A 300.1.2.3\ny AAAA nonsense`, 2);
    const report = await serving.edit('t.zone', bad);
    expect(outcomesOf(report)).toEqual(['t.zone kept']);
    expect(findingsOf(report)).toEqual(['bad-ipv4-address t.zone:9:5', 'bad-ipv6-address t.zone:10:8']);
    expect([await preferenceOf(serving), await openAt(two!)]).toEqual([`BITTORRENT UDP:${one}`, '']);
    expect(serving.server.status().zones).toMatchObject([{ name: 'example', state: 'last-good', serial: 1 }]);
  });

  it('of one zone leaves the others alone, whatever becomes of it', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({
      zones: {
        'a.zone': zoneText('a.test', DUAL(`UDP:${one}`)),
        'b.zone': zoneText('b.test', DUAL(`UDP:${two}`)),
      },
    });
    await writeFile(join(serving.folder, 'zones', 'a.zone'), 'nonsense');
    const report = await serving.edit('b.zone', zoneText('b.test', DUAL(`TCP:${two}`), 2));
    expect(outcomesOf(report)).toEqual(['a.zone kept', 'b.zone published']);
    expect(await preferenceOf(serving, 't.a.test')).toBe(`BITTORRENT UDP:${one}`);
    expect(await preferenceOf(serving, 't.b.test')).toBe(`BITTORRENT TCP:${two}`);
  });

  it('compiles what has changed, and nothing else', async () => {
    const publications: Publication[] = [];
    const serving = await serve({
      zones: { 'a.zone': zoneText('a.test', ''), 'b.zone': zoneText('b.test', '') },
      onPublish: (publication) => publications.push(publication),
    });
    await serving.edit('b.zone', zoneText('b.test', 'new A 127.0.0.1', 2));
    const [first, second] = publications.map(({ images }) => images);
    expect([first?.length, second?.length]).toEqual([2, 2]);
    expect(second?.[0]).toBe(first?.[0]);
    expect(second?.[1]).not.toBe(first?.[1]);
  });

  it('of the secrets of cookies is there after a SIGHUP, with no zone edited', async () => {
    const secrets: (string[] | undefined)[] = [];
    const folder = await temporaryFolder();
    const path = join(folder, 'cookie.secret');
    await writeFile(path, '00'.repeat(16));
    const serving = await serve({
      folder,
      zones: { 't.zone': zoneText('example', '') },
      settings: { 'dns.cookie_secret_file': path },
      onPublish: ({ cookieSecrets }) => secrets.push(cookieSecrets?.map(formatHex)),
    });
    await serving.server.reload('signal');
    await writeFile(path, `${'11'.repeat(16)}\n${'00'.repeat(16)}\n`);
    await serving.server.reload('signal');
    expect(secrets).toEqual([['00'.repeat(16)], ['11'.repeat(16), '00'.repeat(16)]]);
  });

  it('is there after a SIGHUP at which something else could not be read, and so is that after the next', async () => {
    const folder = await temporaryFolder();
    const files = { 'tls.certificate': join(folder, 'c.pem'), 'tls.key': join(folder, 'k.pem') };
    const renew = async (serial: number): Promise<void> => {
      const { certificate, key } = createTestIdentity({ serial });
      await writeFile(files['tls.certificate'], certificate);
      await writeFile(files['tls.key'], key);
    };
    await renew(1);
    const log: string[] = [];
    let handedOver = 0;
    const serving = await serve({
      folder,
      zones: { 't.zone': zoneText('example', 't TXT "BITTORRENT DENY ALL"') },
      settings: files,
      dataPlane: {
        async identify() {
          if (++handedOver === 2) throw new Error('a worker has died');
        },
      },
      logger: { ...silentLogger, error: (line, fields) => log.push(`${line} (${fields?.error?.message})`) },
    });
    await renew(2);
    const edited = zoneText('example', 't TXT "BITTORRENT UDP:1 TCP:2"', 2);
    expect(outcomesOf(await serving.edit('t.zone', edited))).toEqual(['t.zone published']);
    expect(log).toEqual(['reading the certificate failed: please report this (a worker has died)']);
    expect(await preferenceOf(serving)).toBe('BITTORRENT UDP:1 TCP:2');
    await serving.server.reload('signal');
    expect(handedOver).toBe(3);
    expect(log).toHaveLength(1);
  });

  it('of an included file alone is seen; a touch without a change is not an edit', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({
      zones: { 't.zone': zoneText('example', '$INCLUDE hosts.txt'), 'hosts.txt': DUAL(`UDP:${one}`) },
    });
    expect(outcomesOf(await serving.server.reload('signal'))).toEqual(['t.zone unchanged']);
    expect(outcomesOf(await serving.edit('hosts.txt', DUAL(`UDP:${two}`)))).toEqual(['t.zone published']);
    expect(await preferenceOf(serving)).toBe(`BITTORRENT UDP:${two}`);
  });

  it('without a new serial is served, with a warning that says what to write', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`), 41) } });
    const report = await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${two}`), 41));
    expect(outcomesOf(report)).toEqual(['t.zone published']);
    expect(findingsOf(report)).toEqual(['serial-not-advanced t.zone:3:4']);
    expect(report.zones[0]!.findings[0]!.message).toContain('write 42');
    const comment = await serving.edit(
      't.zone',
      `; a comment\n${zoneText('example', DUAL(`UDP:${two}`), 41)}`,
    );
    expect(findingsOf(comment)).toEqual([]);
  });

  it('beyond what may be opened is rejected: ports not allowed, our own, and too many', async () => {
    const [dns, one, two] = await findFreePorts(3);
    const serving = await serve({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) },
      settings: {
        'tracker.allowed_ports': [String(dns), '1024-65535'],
        'tracker.max_listeners': '4',
        'dns.listen': [`127.0.0.1:${dns}`],
      },
    });
    const codes = async (endpoints: string) =>
      findingsOf(await serving.edit('t.zone', zoneText('example', DUAL(endpoints), 2))).map(
        (text) => text.split(' ')[0],
      );
    expect(await codes('UDP:25')).toEqual(['port-not-allowed']);
    expect(await codes(`UDP:${dns}`)).toEqual(['port-reserved']);
    expect(await codes(`TCP:${serving.adminPort}`)).toEqual(['port-reserved']);
    expect(await codes(`UDP:${one} UDP:${two} TCP:${two}`)).toEqual(['too-many-listeners']);
    expect(await preferenceOf(serving)).toBe(`BITTORRENT UDP:${one}`);
  });

  it('with a port that cannot be opened is published where the operator chose that', async () => {
    const [one, taken] = await findFreePorts(2);
    const holder = await holdPort(taken!);
    const serving = await serve({
      zones: { 't.zone': zoneText('example', `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${one} TCP:${taken}"`) },
      settings: { 'tracker.on_bind_failure': 'publish' },
    });
    expect(findingsOf(serving.started.reload)).toEqual(['port-taken t.zone:7:3']);
    expect(await preferenceOf(serving)).toBe(`BITTORRENT UDP:${one} TCP:${taken}`);
    expect(await openAt(one!)).toBe('udp4');
    expect(serving.server.status()).toMatchObject({
      isReady: false,
      hosts: [{ state: 'open' }, { state: 'closed' }],
    });
    await holder.release();
    await serving.server.reload('signal');
    expect(serving.server.status().isReady).toBe(true);
  });

  it('that the state folder cannot record is not carried out', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) } });
    await rm(join(serving.folder, 'state'), { recursive: true });
    const report = await serving.edit('t.zone', zoneText('example', DUAL(`UDP:${two}`), 2));
    expect(findingsOf(report)).toEqual(['state-not-written t.zone:1:1']);
    expect([await preferenceOf(serving), await openAt(two!)]).toEqual([`BITTORRENT UDP:${one}`, '']);
  });

  it('does not keep zones from being served at a start, whose state folder cannot be written', async () => {
    const [one] = await findFreePorts(1);
    const serving = await prepareServer({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) } });
    await mkdir(join(serving.folder, 'state', 'ledger.json'), { recursive: true });
    await serving.server.start();
    expect(await openAt(one!)).toBe('udp4 udp6');
  });

  it('that comes in a storm is read at most twice', async () => {
    const [port] = await findFreePorts(1);
    const { server } = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) } });
    const reports = await Promise.all(Array.from({ length: 100 }, () => server.reload('signal')));
    expect(new Set(reports).size).toBeLessThanOrEqual(2);
  });
});

describe('zone files that come and go', () => {
  it('serve a new one, keep one that vanished, and end it when a person says so', async () => {
    const [one, two] = await findFreePorts(2);
    const serving = await serve({ zones: { 'a.zone': zoneText('a.test', DUAL(`UDP:${one}`)) } });
    expect(outcomesOf(await serving.edit('b.zone', zoneText('b.test', DUAL(`UDP:${two}`))))).toEqual([
      'a.zone unchanged',
      'b.zone published',
    ]);
    await rm(join(serving.folder, 'zones', 'b.zone'));
    const seen = await serving.server.reload('watch');
    expect([outcomesOf(seen)[1], findingsOf(seen)]).toEqual(['b.zone kept', ['zone-file-gone b.zone:1:1']]);
    expect(await preferenceOf(serving, 't.b.test')).toBe(`BITTORRENT UDP:${two}`);
    expect(outcomesOf(await serving.server.reload('signal'))).toEqual(['a.zone unchanged', 'b.zone removed']);
    expect((await askUdp('127.0.0.1', serving.dnsPorts[0]!, { name: 't.b.test', type: 'TXT' })).rcode).toBe(
      'REFUSED',
    );
    expect(await openAt(two!)).toBe('udp4 udp6');
    await serving.clock.advance(70);
    await expect.poll(() => openAt(two!)).toBe('');
  });

  it('take a renamed file for the same zone, and a copy for a mistake', async () => {
    const [port] = await findFreePorts(1);
    const text = zoneText('a.test', DUAL(`UDP:${port}`));
    const serving = await serve({ zones: { 'a.zone': text } });
    const copied = await serving.edit('b.zone', text);
    expect(outcomesOf(copied)).toEqual(['a.zone unchanged', 'b.zone not-served']);
    expect(findingsOf(copied)).toEqual(['duplicate-zone b.zone:3:4']);
    await rm(join(serving.folder, 'zones', 'a.zone'));
    const renamed = await serving.server.reload('watch');
    expect(outcomesOf(renamed).sort()).toEqual(['a.zone removed', 'b.zone published']);
    expect(serving.server.status().zones).toMatchObject([{ name: 'a.test', state: 'current' }]);
    expect(await openAt(port!)).toBe('udp4 udp6');
  });
});

describe('a start', () => {
  it('does not serve a zone whose port is taken, and serves the others', async () => {
    const [one, taken] = await findFreePorts(2);
    await holdPort(taken!);
    const { started, server } = await serve({
      zones: {
        'a.zone': zoneText('a.test', DUAL(`UDP:${one}`)),
        'b.zone': zoneText('b.test', DUAL(`TCP:${taken}`)),
      },
    });
    expect(started.kind).toBe('serving');
    expect(outcomesOf(started.reload)).toEqual(['a.zone published', 'b.zone not-served']);
    expect(findingsOf(started.reload)).toEqual(['port-taken b.zone:8:6']);
    expect(server.status().zones).toMatchObject([{ state: 'current' }, { state: 'not-served' }]);
  });

  it.each<[string, Record<string, string>]>([
    ['there is no zone file', {}],
    ['every zone is wrong', { 'a.zone': 'nonsense' }],
  ])('ends with everything closed when %s', async (_, zones) => {
    const { server, clock } = await prepareServer({ zones });
    expect((await server.start()).kind).toBe('nothing-served');
    expect(server.status()).toMatchObject({ state: 'stopped', isReady: false });
    expect(clock.pending()).toBe(0);
  });

  it('rejects and leaves nothing open when the DNS port is taken', async () => {
    const [one, taken] = await findFreePorts(2);
    await holdPort(taken!);
    const { server, clock } = await prepareServer({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`)) },
      settings: { 'dns.listen': ['[::1]:0', `127.0.0.1:${taken}`] },
    });
    await expect(server.start()).rejects.toThrow(BindError);
    expect(await openAt(one!)).toBe('');
    expect(clock.pending()).toBe(0);
  });

  it('with a file that is wrong now serves the last good one', async () => {
    const [one, two] = await findFreePorts(2);
    const first = await serve({
      zones: { 't.zone': zoneText('example', '$INCLUDE h.txt'), 'h.txt': DUAL(`UDP:${one}`) },
    });
    await first.server.stop();
    const zones = {
      't.zone': `${zoneText('example', '$INCLUDE h.txt', 2)}broken`,
      'h.txt': DUAL(`UDP:${two}`),
    };
    const second = await serve({ folder: first.folder, zones });
    expect(outcomesOf(second.started.reload)).toEqual(['t.zone kept']);
    expect(findingsOf(second.started.reload)[0]).toMatch(/^[a-z-]+ t\.zone:7:/);
    expect(await preferenceOf(second)).toBe(`BITTORRENT UDP:${one}`);
    expect(await openAt(one!)).toBe('udp4 udp6');
    expect(second.server.status().zones).toMatchObject([{ state: 'last-good', serial: 1 }]);
    await second.edit('t.zone', zoneText('example', '$INCLUDE h.txt', 3));
    expect(await preferenceOf(second)).toBe(`BITTORRENT UDP:${two}`);
  });

  it('opens again what was draining when the last process ended, and what it published', async () => {
    const [one, two, three] = await findFreePorts(3);
    const first = await serve({ zones: { 't.zone': zoneText('example', DUAL(`UDP:${one}`, 600)) } });
    await first.edit('t.zone', zoneText('example', DUAL(`UDP:${two}`, 600), 2));
    await first.server.stop();
    expect([await openAt(one!), await openAt(two!)]).toEqual(['', '']);
    const zones = { 't.zone': zoneText('example', DUAL(`UDP:${three}`, 600), 3) };
    const second = await serve({ folder: first.folder, zones });
    for (const port of [one, two, three]) expect(await openAt(port!)).toBe('udp4 udp6');
    const draining = second.server.status().draining.map(({ port, isOpen }) => `${port} ${isOpen}`);
    expect([...new Set(draining)].sort()).toEqual([`${one} true`, `${two} true`].sort());
    await second.clock.advance(610);
    await expect.poll(() => openAt(two!)).toBe('');
    expect([await openAt(one!), await openAt(three!)]).toEqual(['', 'udp4 udp6']);
  });

  it('goes on without a ledger that cannot be read', async () => {
    const [port] = await findFreePorts(1);
    const zones = { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) };
    const first = await serve({ zones });
    await first.server.stop();
    await writeFile(join(first.folder, 'state', 'ledger.json'), '{"version":1,"entries":[{"host":7}]}');
    const second = await serve({ folder: first.folder, zones });
    expect(second.started.kind).toBe('serving');
  });
});

describe('a stop', () => {
  it('closes every socket, waits, and may be asked for twice', async () => {
    const [port] = await findFreePorts(1);
    const { server, clock, dnsPorts } = await serve({
      zones: { 't.zone': zoneText('example', DUAL(`UDP:${port}`)) },
    });
    await Promise.all([server.stop(), server.stop()]);
    expect(await openAt(port!)).toBe('');
    await expect(askUdp('127.0.0.1', dnsPorts[0]!, { name: 't.example', type: 'TXT' })).rejects.toThrow();
    expect(clock.pending()).toBe(0);
    expect(server.status().state).toBe('stopped');
  });
});
