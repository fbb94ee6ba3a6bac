// Look-ups over TLS and HTTPS, against a server that misbehaves name by name.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createResolver, type Resolver, type ResolverOptions } from '../../../src/io/resolver/resolver.ts';
import {
  answers,
  answersWith,
  type Behaviour,
  cname,
  createHostileDns,
  fails,
  inTurn,
  RCODE,
  replyTo,
  silence,
  soa,
  truncated,
  txt,
} from '../../support/hostile-dns.ts';
import {
  createHostileSecureDns,
  type HostileSecureDns,
  respondsWith,
} from '../../support/hostile-secure-dns.ts';

const QUICK: ResolverOptions = { timeoutMilliseconds: 500, tryMilliseconds: 200 };

let dns: HostileSecureDns;
const open: Resolver[] = [];

beforeAll(async () => {
  dns = await createHostileSecureDns();
});

afterAll(async () => {
  for (const resolver of open) resolver.close();
  await dns.close();
});

function resolverOf(server: string, options: ResolverOptions = {}): Resolver {
  const resolver = createResolver({
    ...QUICK,
    servers: [server],
    certificateAuthorities: [dns.certificate],
    ...options,
  });
  open.push(resolver);
  return resolver;
}

/** Kind, and what else a row of a table names. */
async function brief(resolver: Resolver, name: string): Promise<string> {
  const outcome = await resolver.lookupPreference(name);
  if (outcome.kind === 'failed') return `failed: ${outcome.reason}`;
  const words =
    outcome.kind === 'declared' ? outcome.endpoints.map((each) => `${each.transport}:${each.port}`) : [];
  const authenticated = 'authenticated' in outcome && outcome.authenticated ? ['ad'] : [];
  return [outcome.kind, ...words, `ttl=${outcome.ttlSeconds}`, ...authenticated].join(' ');
}

const good = (name: string): Behaviour => answers(txt(name, 'BITTORRENT UDP:1337 TCP:80'));
const GOOD = 'declared udp:1337 tcp:80 ttl=300';
const AUTHENTIC = 0x20;

function both(first: Behaviour, second: Behaviour): Behaviour {
  return (asked) => {
    first(asked);
    second(asked);
  };
}

/** The good reply with the octet at `offset` changed. */
function spoiled(offset: number): Behaviour {
  return (asked) => {
    const reply = replyTo(asked, { answers: [txt(asked.query.questions![0]!.name, 'BITTORRENT DENY ALL')] });
    reply[offset] = reply[offset]! ^ 1;
    asked.send(reply);
  };
}

const large = (name: string): Behaviour =>
  answers(...Array.from({ length: 230 }, (_, index) => txt(name, `v=${index}`.padEnd(250))));

const NEVER = 'failed: no name server answered in time';
const TOO_LARGE = 'failed: the reply is too large to be an answer';
const ENDLESS = 'failed: the reply is truncated on a stream, where nothing limits it';

type Row = [title: string, behaviour: (name: string) => Behaviour, overTls: string, overHttps?: string];

const rows: Row[] = [
  ['a record', good, GOOD],
  ['a record in split strings', (name) => answers(txt(name, 'BITTOR', 'RENT UDP:13', '37 TCP:80')), GOOD],
  [
    'several records',
    (name) => answers(txt(name, 'v=spf1'), txt(name, 'BITTORRENT TCP:80')),
    'declared tcp:80 ttl=300',
  ],
  [
    'records that differ',
    (name) => answers(txt(name, 'BITTORRENT UDP:1'), txt(name, 'BITTORRENT UDP:2')),
    'conflict ttl=300',
  ],
  ['a denial', (name) => answers(txt(name, 'BITTORRENT DENY ALL')), 'denied ttl=300'],
  [
    'an authenticated answer',
    (name) => answersWith({ flags: AUTHENTIC, answers: [txt(name, 'BITTORRENT TCP:80')] }),
    'declared tcp:80 ttl=300 ad',
  ],
  [
    'NXDOMAIN',
    () => answersWith({ flags: RCODE.NXDOMAIN, authorities: [soa('test', 900, 600)] }),
    'silent ttl=600',
  ],
  ['SERVFAIL', () => fails('SERVFAIL'), 'failed: the name server answered SERVFAIL'],
  [
    'FORMERR to EDNS, and an answer without it',
    (name) => (asked) => (asked.query.additionals!.length > 0 ? fails('FORMERR') : good(name))(asked),
    GOOD,
  ],
  ['silence', () => silence, NEVER],
  ['one lost reply', (name) => inTurn(silence, good(name)), GOOD],
  [
    'another id',
    () => spoiled(1),
    'failed: what came answers another question',
    'failed: the reply answers another question',
  ],
  [
    'another question',
    () => spoiled(13),
    'failed: what came answers another question',
    'failed: the reply answers another question',
  ],
  ['truncated for ever', () => truncated, ENDLESS],
  ['64 kB', large, TOO_LARGE],
  [
    'garbage',
    () => (asked) => asked.send(Buffer.alloc(40, 0xa5)),
    'failed: what came answers another question',
    'failed: the reply answers another question',
  ],
  ['CNAME only', (name) => answers(cname(name, 'target.test')), GOOD],
  [
    'a circle of CNAME-only answers',
    (name) => answers(cname(name, 'circle.test')),
    'failed: the aliases (CNAME) of the name run in a circle',
  ],
  [
    'a connection that is closed at the query',
    () => (asked) => asked.hangUp(),
    'failed: the name server cannot be reached',
  ],
];

describe.each([
  ['tls', () => dns.tls],
  ['https', () => dns.https],
] as const)('over %s', (transport, server) => {
  beforeAll(() => {
    dns.on('target.test', good('target.test'));
    dns.on('circle.test', answers(cname('circle.test', 'circle.test')));
  });

  test.concurrent.for(rows.map((row, index) => [`${transport}${index}.test`, ...row] as const))(
    '$1',
    async ([name, , behaviour, overTls, overHttps], { expect }) => {
      dns.on(name, behaviour(name));
      // A resolver each: what one row does to its connection is no business of the others.
      const resolver = resolverOf(server());
      expect(await brief(resolver, name)).toBe(transport === 'tls' ? overTls : (overHttps ?? overTls));
    },
  );

  test('many queries share one connection, and their replies come in any order', async () => {
    const resolver = resolverOf(server());
    const names = Array.from({ length: 60 }, (_, index) => `${transport}-many${index}.test`);
    const held: (() => void)[] = [];
    for (const name of names) {
      dns.on(name, (asked) => {
        held.push(() => good(name)(asked));
        if (held.length === names.length) for (const send of held.reverse()) send();
      });
    }
    const before = dns.connections();
    const outcomes = await Promise.all(names.map((name) => brief(resolver, name)));
    expect(new Set(outcomes)).toEqual(new Set([GOOD]));
    expect(dns.connections() - before).toBe(1);
  });

  test('a connection that the server has closed since is opened again, and no look-up fails', async () => {
    const resolver = resolverOf(server());
    for (const name of ['one', 'two']) dns.on(`${transport}-${name}.test`, good(`${transport}-${name}.test`));
    expect(await brief(resolver, `${transport}-one.test`)).toBe(GOOD);
    await dns.hangUp();
    expect(await brief(resolver, `${transport}-two.test`)).toBe(GOOD);
  });

  test('queries are padded to a multiple of 128 octets', async () => {
    const sizes: number[] = [];
    for (const name of ['a', 'a-name-that-is-much-longer-than-the-other']) {
      dns.on(`${name}.${transport}.test`, (asked) => {
        sizes.push(asked.octets.length);
        good(`${name}.${transport}.test`)(asked);
      });
      await brief(resolverOf(server()), `${name}.${transport}.test`);
    }
    expect(sizes).toEqual([128, 128]);
  });

  test.each([
    ['a certificate that nobody vouches for', {}, undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['a certificate for another name', {}, 'other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const)('%s is not trusted', async (_title, options, kind, code) => {
    const other = await createHostileSecureDns();
    const url = transport === 'tls' ? other.tls : other.https;
    const named = kind === 'other' ? url.replace('127.0.0.1', 'localhost') : url;
    const resolver = resolverOf(named, {
      ...options,
      timeoutMilliseconds: 3000,
      certificateAuthorities: kind === 'other' ? [other.certificate] : undefined,
    });
    expect(await brief(resolver, 'x.test')).toBe(
      `failed: the certificate of the name server is not trusted (${code})`,
    );
    expect(other.asked('x.test')).toBe(0);
    await other.close();
  });

  test('where nothing listens, the next server is asked at once', async () => {
    const plain = await createHostileDns();
    plain.on('next.test', good('next.test'));
    const gone = await createHostileSecureDns();
    await gone.close();
    const servers = [transport === 'tls' ? gone.tls : gone.https, plain.server];
    expect(await brief(resolverOf('', { servers }), 'next.test')).toBe(GOOD);
    await plain.close();
  });
});

describe('over tls only', () => {
  test('the name of the certificate may be given apart from the address', async () => {
    dns.on('pinned.test', good('pinned.test'));
    expect(await brief(resolverOf(`${dns.tls}#ns.test`), 'pinned.test')).toBe(GOOD);
    expect(await brief(resolverOf(`${dns.tls}#other.test`), 'pinned.test')).toBe(
      'failed: the certificate of the name server is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
  });

  test('another id, then the right one', async () => {
    dns.on('then.test', both(spoiled(1), good('then.test')));
    expect(await brief(resolverOf(dns.tls), 'then.test')).toBe(GOOD);
  });

  test('a message that never ends keeps its look-up waiting, and no other', async () => {
    dns.on('endless.test', (asked) => asked.sendRaw(Buffer.from([0, 200, 1])));
    dns.on('after.test', good('after.test'));
    const resolver = resolverOf(dns.tls);
    expect(await brief(resolver, 'endless.test')).toBe(NEVER);
    expect(await brief(resolver, 'after.test')).toBe(GOOD);
  });

  test('a server that talks to itself is left', async () => {
    dns.on('talk.test', (asked) => {
      const reply = replyTo(asked);
      reply[0] = reply[0]! ^ 0xff;
      for (let count = 0; count < 100; count++) asked.send(reply);
    });
    expect(await brief(resolverOf(dns.tls), 'talk.test')).toBe('failed: the name server cannot be reached');
  });
});

describe('over https only', () => {
  const message =
    (name: string, ...strings: string[]): Behaviour =>
    (asked) =>
      respondsWith({ age: '200' }, replyTo(asked, { answers: [txt(name, ...strings)] }))(asked);

  test.each([
    [
      'a status that is not 200',
      respondsWith({ ':status': 403 }),
      'failed: the name server answered with HTTP status 403',
    ],
    [
      'a redirect',
      respondsWith({ ':status': 302, location: 'https://192.0.2.1/' }),
      'failed: the name server answered with HTTP status 302',
    ],
    [
      'a web page',
      respondsWith({ 'content-type': 'text/html' }, Buffer.from('<h1>')),
      'failed: what the URL of the name server gives is not DNS',
    ],
    ['no body', respondsWith({}), 'failed: the name server cannot be reached'],
    ['a body without end', (asked) => asked.send(Buffer.alloc(1_000_000)), TOO_LARGE],
    [
      'an answer that was in a cache for 200 s',
      message('web5.test', 'BITTORRENT TCP:80'),
      'declared tcp:80 ttl=100',
    ],
  ] as [string, Behaviour, string][])('%s', async (title, behaviour, expected) => {
    const name = title.startsWith('an answer')
      ? 'web5.test'
      : `${title.replaceAll(' ', '-')}.test`.slice(0, 60);
    dns.on(name, behaviour);
    expect(await brief(resolverOf(dns.https), name)).toBe(expected);
  });
});
