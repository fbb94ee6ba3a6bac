// A server that copies zones, beside a primary that is another one of ours or that does what no primary should; time
// stands still until a test moves it.

import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import type { ConfigSource } from '../../../src/app/config/config.ts';
import { MAX_ROUNDS_A_PRIMARY } from '../../../src/app/transfer/secondaries.ts';
import { encodeNotify, readNotifyReply } from '../../../src/core/transfer/notify.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { exchangeDatagram } from '../../../src/io/dns-client/dns-exchange.ts';
import { findFreePorts } from '../../support/free-ports.ts';
import { createPrimary, type Question } from '../../support/hostile-primary.ts';
import { wireName } from '../../support/record-tables.ts';
import { type Serving, serve, zoneText } from '../../support/serving.ts';
import { announceUdp, askUdp } from '../../support/tracker-clients.ts';

/** Until `look` says yes: sockets need real time, which no clock here moves. */
async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  await expect.poll(look, { timeout: 10_000, interval: 5, message: `never: ${what}` }).toBe(true);
}

async function soaOf({ dnsPorts }: Serving, zone: string): Promise<string> {
  const { rcode, answer } = await askUdp('127.0.0.1', dnsPorts[0]!, { name: `${zone}.`, type: 'SOA' });
  return rcode === 'NOERROR' ? answer[0]!.split(' ')[6]! : rcode;
}

function copying(primaryPort: number, words = ''): ConfigSource['flags'] {
  return { 'dns.secondaries': [`zone=z.example primaries=127.0.0.1:${primaryPort} ${words}`] };
}

/** A primary of ours with these zones, which anybody of loopback may take. */
function primaryWith(zones: Readonly<Record<string, string>>, settings: ConfigSource['flags'] = {}) {
  return serve({ zones, settings: { 'dns.transfer': ['127.0.0.1'], ...settings } });
}

/** The response code of the answer to a NOTIFY of this serial. */
async function notify(port: number, zone: string, serial: number): Promise<number> {
  const numbers = Uint8Array.from([0, 0, 0, serial, ...new Uint8Array(16)]);
  const sent = { id: 7, zone: wireName(`${zone}.`), soa: Uint8Array.from([0, 0, ...numbers]) };
  const exchange = await exchangeDatagram({ address: '127.0.0.1', port }, encodeNotify(sent), {
    timeoutMilliseconds: 5000,
    clock: systemClock,
    signal: new AbortController().signal,
    accept: (reply) => readNotifyReply(reply, sent),
  });
  return exchange.kind === 'reply' ? exchange.reply : -1;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const statusOf = ({ server }: Serving, zone = 'z.example') =>
  server.status().secondaries.find((status) => status.zone === zone)!;

describe('a copied zone', () => {
  it('is SERVFAIL until it has come, then follows its primary by refresh', async () => {
    const primary = await primaryWith({ 'z.example.zone': zoneText('z.example', 'a A 192.0.2.1', 1) });
    const copy = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!) });
    expect(copy.started.kind).toBe('serving');
    await until('the first transfer', async () => (await soaOf(copy, 'z.example')) === '1');
    await primary.edit('z.example.zone', zoneText('z.example', 'b A 192.0.2.2', 2));
    await copy.clock.advance(3601);
    await until('the refresh', async () => (await soaOf(copy, 'z.example')) === '2');
    expect(statusOf(copy)).toMatchObject({ phase: 'fresh', serial: 2, lastError: undefined });
    const { answer } = await askUdp('127.0.0.1', copy.dnsPorts[0]!, { name: 'b.z.example.', type: 'A' });
    expect(answer).toEqual(['b.z.example. 60 IN A 192.0.2.2']);
  });

  it('is fetched at once when its primary notifies, and not for anybody else', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const primary = await primaryWith(
      { 'z.example.zone': zoneText('z.example', '', 1) },
      { 'dns.notify': [`127.0.0.1:${port}`] },
    );
    const copy = await serve({
      zones: {},
      settings: { ...copying(primary.dnsPorts[0]!), 'dns.listen': [`127.0.0.1:${port}`] },
    });
    await until('the first transfer', async () => (await soaOf(copy, 'z.example')) === '1');
    await copy.clock.advance(2);
    await primary.edit('z.example.zone', zoneText('z.example', '', 2));
    await until('the notified transfer', async () => (await soaOf(copy, 'z.example')) === '2');
  });

  it('is fetched where a NOTIFY came from, though others wait for the primary that it waited for', async () => {
    const silent = await createPrimary(() => {}, undefined, '127.0.0.2');
    const primary = await primaryWith({ 'z.example.zone': zoneText('z.example', '', 1) });
    const silentWords = `127.0.0.2:${silent.address.port}`;
    const secondaries = [
      ...upTo(MAX_ROUNDS_A_PRIMARY).map((zone) => `zone=held${zone}.example primaries=${silentWords}`),
      `zone=z.example primaries=${silentWords},127.0.0.1:${primary.dnsPorts[0]}`,
    ];
    const copy = await serve({ zones: {}, settings: { 'dns.secondaries': secondaries } });
    await until('the silence', () => silent.asked() === MAX_ROUNDS_A_PRIMARY);
    expect(await notify(copy.dnsPorts[0]!, 'z.example', 1)).toBe(0);
    await until('the transfer', async () => (await soaOf(copy, 'z.example')) === '1');
    expect(silent.asked()).toBe(MAX_ROUNDS_A_PRIMARY);
    await copy.server.stop();
    expect(copy.clock.pending()).toBe(0);
  });

  it('is not asked about for a NOTIFY of the version at hand, and once for that of another', async () => {
    const primary = await primaryWith({ 'z.example.zone': zoneText('z.example', '', 1) });
    const copy = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!) });
    await until('the first transfer', async () => (await soaOf(copy, 'z.example')) === '1');
    const asked = async (): Promise<number> => {
      const metrics = await (await fetch(`http://127.0.0.1:${primary.adminPort}/metrics`)).text();
      return Number(/^portolan_dns_queries_total\{transport="udp"\} (\d+)$/m.exec(metrics)?.[1]);
    };
    const before = await asked();
    await copy.clock.advance(2);
    expect(await notify(copy.dnsPorts[0]!, 'z.example', 1)).toBe(0);
    await copy.clock.advance(2);
    expect(await notify(copy.dnsPorts[0]!, 'z.example', 9)).toBe(0);
    await until('the question', async () => (await asked()) > before);
    expect(await asked()).toBe(before + 1);
  });

  it('expires when nobody confirms it, and comes back when somebody does', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const listen = { 'dns.listen': [`127.0.0.1:${port}`], 'dns.transfer': ['127.0.0.1'] };
    const text = zoneText('z.example', '', 1).replace('1h 15m 1w', '60 30 600');
    const primary = await serve({ zones: { 'z.example.zone': text }, settings: listen });
    const copy = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!) });
    await until('the first transfer', async () => (await soaOf(copy, 'z.example')) === '1');
    await primary.server.stop();
    await until('the expiry', async () => {
      await copy.clock.advance(15);
      return (await soaOf(copy, 'z.example')) === 'SERVFAIL';
    });
    expect(statusOf(copy).phase).toBe('expired');
    const elapsed = copy.clock.nowSeconds() - statusOf(copy).confirmedAtSeconds!;
    expect(elapsed).toBeGreaterThanOrEqual(600);
    expect(statusOf(copy).lastError).toMatch(/^127\.0\.0\.1:\d+: /);
    await serve({ zones: {}, settings: listen, folder: primary.folder });
    await until('the return', async () => {
      await copy.clock.advance(15);
      return (await soaOf(copy, 'z.example')) === '1';
    });
    expect(statusOf(copy)).toMatchObject({ phase: 'fresh', lastError: undefined });
  });

  it('is served at once after a restart, with no primary to be asked', async () => {
    const primary = await primaryWith({ 'z.example.zone': zoneText('z.example', '', 1) });
    const settings = copying(primary.dnsPorts[0]!);
    const first = await serve({ zones: {}, settings });
    await until('the first transfer', async () => (await soaOf(first, 'z.example')) === '1');
    await first.server.stop();
    await primary.server.stop();
    const second = await serve({ zones: {}, settings, folder: first.folder });
    expect(await soaOf(second, 'z.example')).toBe('1');
  });

  it('is fetched whole when its file was damaged, though its primary has no newer version', async () => {
    const primary = await primaryWith({ 'z.example.zone': zoneText('z.example', 'a A 192.0.2.1', 1) });
    const settings = copying(primary.dnsPorts[0]!);
    const first = await serve({ zones: {}, settings });
    await until('the first transfer', async () => (await soaOf(first, 'z.example')) === '1');
    await first.server.stop();
    await writeFile(join(first.folder, 'state', 'secondary', 'z.example.zone'), '@ SOA half of a li');
    const second = await serve({ zones: {}, settings, folder: first.folder });
    await until('the zone again', async () => (await soaOf(second, 'z.example')) === '1');
  });

  it('opens the ports that it declares only where the configuration says so', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const lines = `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`;
    const primary = await primaryWith(
      { 'z.example.zone': zoneText('z.example', lines, 1) },
      { 'tracker.addresses': ['192.0.2.1'] },
    );
    const quiet = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!) });
    await until('the first transfer', async () => (await soaOf(quiet, 'z.example')) === '1');
    expect(await announceUdp('127.0.0.1', port)).toBeUndefined();
    const driving = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!, 'tracker=true') });
    await until('the second transfer', async () => (await soaOf(driving, 'z.example')) === '1');
    expect(await announceUdp('127.0.0.1', port)).toBe(1);
  });

  it('may not open the ports of other services unless that is allowed', async () => {
    const lines = 't A 127.0.0.1\nt TXT "BITTORRENT UDP:25"';
    const primary = await primaryWith(
      { 'z.example.zone': zoneText('z.example', lines, 1) },
      { 'tracker.addresses': ['192.0.2.1'] },
    );
    const copy = await serve({ zones: {}, settings: copying(primary.dnsPorts[0]!, 'tracker=true') });
    await until('the refusal', () =>
      copy.server
        .status()
        .zones.some(({ findings }) => findings.some(({ code }) => code === 'port-not-allowed')),
    );
    expect(await soaOf(copy, 'z.example')).toBe('SERVFAIL');
  });

  it('is served although its editor would be told of errors', async () => {
    const broken = zoneText('z.example', 'www CNAME ns\nwww A 192.0.2.1\nt TXT "BITTORRENT UDP1"', 1);
    const primary = await createPrimary(zoneOf(broken));
    const copy = await serve({ zones: {}, settings: copying(primary.address.port) });
    const served = () => copy.server.status().zones.some(({ name }) => name === 'z.example');
    await until('the transfer', async () => (await soaOf(copy, 'z.example')) === '1' && served());
    const { findings, role } = copy.server.status().zones.find(({ name }) => name === 'z.example')!;
    expect(role).toBe('secondary');
    expect(findings.map(({ severity }) => severity)).not.toContain('error');
    expect(findings.map(({ code }) => code)).toContain('cname-and-other-data');
  });
});

const SOA = (name: string, serial = 1): dnsPacket.Record => ({
  name,
  type: 'SOA',
  ttl: 60,
  data: {
    mname: `ns.${name}`,
    rname: `h.${name}`,
    serial,
    refresh: 3600,
    retry: 900,
    expire: 604_800,
    minimum: 60,
  },
});

/** Answers AXFR with these records between two SOAs. */
function transferOf(apex: string, ...records: dnsPacket.Record[]) {
  return ({ octets, send }: Question) => {
    const { id, questions } = dnsPacket.decode(octets);
    const soa = SOA(apex);
    send(
      dnsPacket.encode({
        type: 'response',
        id: id!,
        flags: 0x400,
        questions: questions!,
        answers: [soa, ...records, soa],
      }),
    );
  };
}

/** The lines of a small zone text, as far as this codec goes. */
function zoneOf(_text: string) {
  const a = (name: string, data: string): dnsPacket.Record => ({ name, type: 'A', ttl: 60, data });
  return transferOf(
    'z.example',
    { name: 'z.example', type: 'NS', ttl: 60, data: 'ns.z.example' },
    a('ns.z.example', '127.0.0.1'),
    { name: 'www.z.example', type: 'CNAME', ttl: 60, data: 'ns.z.example' },
    a('www.z.example', '192.0.2.1'),
    { name: 't.z.example', type: 'TXT', ttl: 60, data: ['BITTORRENT UDP1'] },
  );
}

describe('a primary that does what it should not', () => {
  it.each<[string, (question: Question) => void]>([
    ['sends garbage', ({ send }) => send(Buffer.alloc(400, 0xff))],
    [
      'sends what is no message',
      ({ sendRaw }) => sendRaw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(900))),
    ],
    [
      'stops half-way',
      (question) =>
        transferOf('z.example')({
          ...question,
          send: (message) => {
            question.send(message.subarray(0, message.length - 20));
            question.hangUp();
          },
        }),
    ],
    ['hangs up', ({ hangUp }) => hangUp()],
    ['sends another zone', transferOf('y.example', { name: 'y.example', type: 'NS', ttl: 60, data: 'ns' })],
    [
      'answers another question',
      ({ octets, send }) => {
        const { id } = dnsPacket.decode(octets);
        const questions = [{ type: 'AXFR' as never, name: 'y.example' }];
        send(
          dnsPacket.encode({
            type: 'response',
            id: id!,
            questions,
            answers: [SOA('z.example'), SOA('z.example')],
          }),
        );
      },
    ],
  ])('and %s leaves the zone to the next primary', async (_, react) => {
    const hostile = await createPrimary(react);
    const good = await primaryWith({ 'z.example.zone': zoneText('z.example', '', 7) });
    const primaries = `zone=z.example primaries=127.0.0.1:${hostile.address.port},127.0.0.1:${good.dnsPorts[0]}`;
    const copy = await serve({ zones: {}, settings: { 'dns.secondaries': [primaries] } });
    await until('the transfer', async () => {
      // Whoever waits for the rest of a message waits by the clock.
      if (hostile.asked() > 0) await copy.clock.advance(5);
      return (await soaOf(copy, 'z.example')) === '7';
    });
    expect(hostile.asked()).toBeGreaterThan(0);
    expect(statusOf(copy).lastError).toBeUndefined();
  });

  it('leaves the copy at hand as it is', async () => {
    const good = await primaryWith({ 'z.example.zone': zoneText('z.example', '', 7) });
    const settings = copying(good.dnsPorts[0]!);
    const first = await serve({ zones: {}, settings });
    await until('the transfer', async () => (await soaOf(first, 'z.example')) === '7');
    await first.server.stop();
    const hostile = await createPrimary(({ send }) => send(Buffer.alloc(40, 1)));
    const second = await serve({ zones: {}, settings: copying(hostile.address.port), folder: first.folder });
    await second.clock.advance(10_000);
    await until('the failure', async () => {
      await second.clock.advance(5);
      return statusOf(second).lastError !== undefined;
    });
    expect(await soaOf(second, 'z.example')).toBe('7');
    expect(statusOf(second).phase).toBe('retrying');
  });
});

function catalogText(serial: number, ...members: string[]): string {
  const lines = members.map((member, index) => `m${index}.zones PTR ${member}.`);
  return zoneText('catalog.example', ['version TXT "2"', ...lines].join('\n'), serial);
}

describe('a catalog zone', () => {
  it('brings its members, takes them away with their ports, and is remembered', async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const tracker = `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`;
    const primary = await primaryWith(
      {
        'catalog.zone': catalogText(1, 'one.example', 'two.example'),
        'one.zone': zoneText('one.example', tracker, 11),
        'two.zone': zoneText('two.example', '', 12),
      },
      { 'tracker.addresses': ['192.0.2.1'] },
    );
    const words = `zone=catalog.example primaries=127.0.0.1:${primary.dnsPorts[0]} catalog=true tracker=true`;
    const settings = { 'dns.secondaries': [words] };
    const copy = await serve({ zones: {}, settings });
    await until(
      'both members',
      async () => (await soaOf(copy, 'one.example')) + (await soaOf(copy, 'two.example')) === '1112',
    );
    expect(await announceUdp('127.0.0.1', port)).toBe(1);
    expect(statusOf(copy, 'one.example')).toMatchObject({ catalog: 'catalog.example', serial: 11 });

    await primary.edit('catalog.zone', catalogText(2, 'two.example'));
    await copy.clock.advance(3601);
    await until('the end of a member', async () => (await soaOf(copy, 'one.example')) === 'REFUSED');
    // What is published is in the status when the ports have followed.
    await until('the drain', () => copy.server.status().draining.length > 0);
    expect(copy.server.status().draining).toMatchObject([{ host: 't.one.example', port, isOpen: true }]);
    await until('the end of the drain', async () => {
      await copy.clock.advance(10);
      return copy.server.status().draining.length === 0;
    });
    // A datagram that waited in the socket when it was closed gets neither an answer nor an error.
    const answer = (): Promise<unknown> => announceUdp('127.0.0.1', port).catch(() => 'silence');
    await until('the closed port', async () => (await answer()) === undefined);
    const stored = await readdir(join(copy.folder, 'state', 'secondary'));
    expect(stored.filter((name) => name.endsWith('.zone')).sort()).toEqual([
      'catalog.example.zone',
      'two.example.zone',
    ]);

    await copy.server.stop();
    await primary.server.stop();
    const again = await serve({ zones: {}, settings, folder: copy.folder });
    expect(await soaOf(again, 'two.example')).toBe('12');
    expect(await soaOf(again, 'one.example')).toBe('REFUSED');
  });
});
