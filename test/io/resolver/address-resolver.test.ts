import type { Record as DnsRecord, Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AddressLookup } from '../../../src/io/resolver/address-lookup.ts';
import type { LookupOptions } from '../../../src/io/resolver/cached-lookups.ts';
import { createAddressLookup } from '../../../src/io/resolver/create-address-lookup.ts';
import {
  answers,
  answersWith,
  type Behaviour,
  cname,
  createHostileDns,
  fails,
  type HostileDns,
  inTurn,
  overUdpAndTcp,
  replyTo,
  silence,
  soa,
  truncated,
  txt,
} from '../../support/hostile-dns.ts';
import { createHostileSecureDns, type HostileSecureDns } from '../../support/hostile-secure-dns.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const AUTHENTIC = 0x20;
const HERE = '192.0.2.1';
const HERE6 = '2001:db8::1';

let dns: HostileDns;
let secure: HostileSecureDns;

beforeAll(async () => {
  dns = await createHostileDns();
  secure = await createHostileSecureDns();
});

afterAll(async () => {
  await dns.close();
  await secure.close();
});

function lookupOf(options: LookupOptions = {}): AddressLookup {
  const addresses = createAddressLookup({
    servers: [dns.server],
    timeoutMilliseconds: 400,
    tryMilliseconds: 150,
    ...options,
  });
  onTestFinished(() => addresses.close());
  return addresses;
}

/** `192.0.2.1 192.0.2.2`, `none`, `failed: why`. */
async function brief(addresses: AddressLookup, host: string, family: 4 | 6 = 4): Promise<string> {
  const answer = await addresses.lookup(host, family);
  if (answer.kind === 'addresses') return answer.addresses.join(' ');
  return answer.kind === 'none' ? 'none' : `failed: ${answer.reason}`;
}

const a = (name: string, data = HERE, ttl = 300): DnsRecord => ({ name, type: 'A', ttl, data });
const aaaa = (name: string, data = HERE6, ttl = 300): DnsRecord => ({ name, type: 'AAAA', ttl, data });

/** Overwrites parts of a reply that dns-packet would not write. */
function crafted(fields: Packet, change: (reply: Buffer) => void): Behaviour {
  return (asked) => {
    const reply = replyTo(asked, fields);
    change(reply);
    asked.send(reply);
  };
}

/** An A record whose rdata claims to have 3 octets, and has. */
const short = (name: string): Behaviour => {
  return (asked) => {
    const reply = replyTo(asked, { answers: [a(name)] });
    reply.writeUInt16BE(3, reply.length - 6);
    asked.send(reply.subarray(0, -1));
  };
};

describe('what a server does, and which addresses come of it', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `192.0.2.${index + 1}`);
  const rows: [title: string, behaviour: (name: string) => Behaviour, expected: string][] = [
    ['an address', (name) => answers(a(name)), HERE],
    ['several', (name) => answers(a(name, '192.0.2.9'), a(name)), `192.0.2.9 ${HERE}`],
    ['the same twice', (name) => answers(a(name), a(name)), HERE],
    ['more than are used', (name) => answers(...many(20).map((each) => a(name, each))), many(8).join(' ')],
    ['records of other types beside it', (name) => answers(aaaa(name), txt(name, 'x'), a(name)), HERE],
    ['only of another type', (name) => answers(aaaa(name)), 'none'],
    ['of another name', () => answers(a('elsewhere.test')), 'none'],
    ['an alias with what is behind it', (name) => answers(cname(name, 'b.test'), a('b.test')), HERE],
    [
      'an alias to itself',
      (name) => answers(cname(name, name)),
      'failed: the aliases (CNAME) of the name run in a circle',
    ],
    ['nothing', (name) => answersWith({ authorities: [soa(name, 300, 300)] }), 'none'],
    ['no such name', () => fails('NXDOMAIN'), 'none'],
    ['SERVFAIL', () => fails('SERVFAIL'), 'failed: the name server answered SERVFAIL'],
    ['silence', () => silence, 'failed: no name server answered in time'],
    ['a truncated reply', (name) => overUdpAndTcp(truncated, answers(a(name))), HERE],
    [
      'a truncated reply for ever',
      () => truncated,
      'failed: the reply is truncated on a stream, where nothing limits it',
    ],
    [
      'another id',
      (name) => crafted({ answers: [a(name)] }, (reply) => reply.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0)),
      'failed: what came answers another question',
    ],
    [
      'from another port',
      (name) => (asked) => asked.sendFromElsewhere(replyTo(asked, { answers: [a(name)] })),
      'failed: no name server answered in time',
    ],
    ['an address of three octets', short, 'failed: the reply is malformed'],
  ];
  test.each(rows)('%s', async (title, behaviour, expected) => {
    const name = `${title.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.rows.test`;
    dns.on(name, behaviour(name));
    expect(await brief(lookupOf(), name)).toBe(expected);
  });

  test('an alias without what is behind it is followed', async () => {
    dns.on('alone.test', answers(cname('alone.test', 'target.test')));
    dns.on('target.test', answers(a('target.test')));
    expect(await brief(lookupOf(), 'alone.test')).toBe(HERE);
  });

  test('each family is asked by itself', async () => {
    dns.on('both.test', (asked) => {
      const isA = asked.query.questions![0]!.type === 'A';
      asked.send(replyTo(asked, { answers: [isA ? a('both.test') : aaaa('both.test')] }));
    });
    const addresses = lookupOf();
    expect(await brief(addresses, 'both.test', 4)).toBe(HERE);
    expect(await brief(addresses, 'both.test', 6)).toBe(HERE6);
  });
});

test.each<[string, 4 | 6, string]>([
  ['192.0.2.7', 4, '192.0.2.7'],
  ['192.0.2.7', 6, 'none'],
  ['2001:DB8::7', 6, '2001:db8::7'],
  ['localhost', 4, '127.0.0.1'],
  ['a.localhost.', 6, '::1'],
  ['a b.test', 4, 'none'],
  ['a..test', 4, 'none'],
  [`${'a'.repeat(64)}.test`, 4, 'none'],
  [`${'a.'.repeat(127)}test`, 4, 'none'],
  ['', 4, 'none'],
  ['intranet', 4, 'none'],
  ['intranet.', 6, 'none'],
  ['abcdef.onion', 4, 'none'],
  ['a.b.ONION.', 6, 'none'],
  ['x。onion', 4, 'none'],
  ['x.i2p', 4, 'none'],
  ['printer.local', 4, 'none'],
  ['x.alt', 4, 'none'],
])('no server is asked for %s', async (host, family, expected) => {
  const addresses = lookupOf({ servers: ['127.0.0.1:1'] }); // whom asking would be a failure
  expect(await brief(addresses, host, family)).toBe(expected);
});

test.each([
  ['Upper.ADDRESS.test', 'upper.address.test'],
  ['dot.address.test.', 'dot.address.test'],
  ['bücher.address.test', 'xn--bcher-kva.address.test'],
])('%s is asked as %s', async (host, name) => {
  dns.on(name, answers(a(name)));
  expect(await brief(lookupOf(), host)).toBe(HERE);
});

describe('over TLS and HTTPS', () => {
  test.each(['tls', 'https'] as const)(
    '%s: addresses of both families, on one connection',
    async (transport) => {
      const name = `${transport}.secure.test`;
      secure.on(name, (asked) => {
        const isA = asked.query.questions![0]!.type === 'A';
        asked.send(replyTo(asked, { answers: [isA ? a(name) : aaaa(name)] }));
      });
      const before = secure.connections();
      const addresses = lookupOf({
        servers: [secure[transport]],
        certificateAuthorities: [secure.certificate],
      });
      expect(await brief(addresses, name, 4)).toBe(HERE);
      expect(await brief(addresses, name, 6)).toBe(HERE6);
      expect(secure.connections() - before).toBe(1);
    },
  );

  test('a certificate that is not trusted is no way around', async () => {
    secure.on('stranger.secure.test', answers(a('stranger.secure.test')));
    expect(await brief(lookupOf({ servers: [secure.tls] }), 'stranger.secure.test')).toMatch(
      /^failed: the certificate of the name server is not trusted/,
    );
    expect(secure.asked('stranger.secure.test')).toBe(0);
  });

  test('where it does not answer, the next server does', async () => {
    dns.on('failover.test', answers(a('failover.test')));
    expect(await brief(lookupOf({ servers: ['tls://127.0.0.1:1', dns.server] }), 'failover.test')).toBe(HERE);
  });
});

describe('what is remembered', () => {
  test('an answer for its TTL, a family by itself', async () => {
    const clock = createManualClock();
    dns.on('ttl.test', answers(a('ttl.test', HERE, 300)));
    const addresses = lookupOf({ clock });
    for (let time = 0; time < 3; time++) await addresses.lookup('ttl.test', 4);
    expect(dns.asked('ttl.test')).toHaveLength(1);
    await clock.advance(301);
    await addresses.lookup('ttl.test', 4);
    expect(dns.asked('ttl.test')).toHaveLength(2);
  });

  test('that there is nothing, for as long as the SOA says', async () => {
    const clock = createManualClock();
    dns.on('negative.test', answersWith({ authorities: [soa('test', 900, 120)] }));
    const addresses = lookupOf({ clock });
    await addresses.lookup('negative.test', 6);
    await clock.advance(119);
    await addresses.lookup('negative.test', 6);
    expect(dns.asked('negative.test')).toHaveLength(1);
    await clock.advance(2);
    await addresses.lookup('negative.test', 6);
    expect(dns.asked('negative.test')).toHaveLength(2);
  });

  test('the last good answer while no new one can be had', async () => {
    const clock = createManualClock();
    dns.on('stale.test', inTurn(answers(a('stale.test')), fails('SERVFAIL')));
    const addresses = lookupOf({ clock });
    await addresses.lookup('stale.test', 4);
    await clock.advance(301);
    expect(await brief(addresses, 'stale.test')).toBe(HERE);
    expect(dns.asked('stale.test')).toHaveLength(2);
  });

  test('callers that come together share one query', async () => {
    dns.on('crowd.address.test', answers(a('crowd.address.test')));
    const addresses = lookupOf();
    const found = await Promise.all([1, 2, 3].map(() => brief(addresses, 'crowd.address.test')));
    expect(found).toEqual([HERE, HERE, HERE]);
    expect(dns.asked('crowd.address.test')).toHaveLength(1);
  });
});

describe('requireAuthenticated', () => {
  test.each([
    ['an answer that the server vouches for', AUTHENTIC, HERE],
    ['one that it does not', 0, 'failed: the answer is not authenticated (DNSSEC)'],
  ])('%s', async (_, flags, expected) => {
    const name = `ad-${flags}.test`;
    dns.on(name, answersWith({ flags, answers: [a(name)] }));
    expect(await brief(lookupOf({ requireAuthenticated: true }), name)).toBe(expected);
  });
});

test('closed, what is in flight ends as failed, and so does all that follows', async () => {
  const asked = new Promise<void>((resolve) => dns.on('closing.test', () => resolve()));
  const addresses = lookupOf({ timeoutMilliseconds: 10_000, tryMilliseconds: 10_000 });
  const waiting = brief(addresses, 'closing.test');
  await asked;
  addresses.close();
  expect(await waiting).toMatch(/^failed: /);
  expect(await brief(addresses, 'closing.test')).toBe('failed: the resolver is closed');
});

test('without servers the system answers, its hosts file included', async () => {
  const addresses = createAddressLookup();
  expect(await brief(addresses, 'localhost', 4)).toBe('127.0.0.1');
  addresses.close();
});
