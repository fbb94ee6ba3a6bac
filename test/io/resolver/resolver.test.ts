import type { Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Outcome } from '../../../src/core/preference/outcome.ts';
import { createResolver, type Resolver, type ResolverOptions } from '../../../src/io/resolver/resolver.ts';
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
  RCODE,
  replyTo,
  silence,
  soa,
  truncated,
  txt,
} from '../../support/hostile-dns.ts';

const QUICK: ResolverOptions = { timeoutMilliseconds: 400, tryMilliseconds: 150 };
const ANSWER = 0x400;
const AUTHENTIC = 0x20;

let dns: HostileDns;
let resolver: Resolver;

beforeAll(async () => {
  dns = await createHostileDns();
  resolver = createResolver({ ...QUICK, servers: [dns.server] });
});

afterAll(async () => {
  resolver.close();
  await dns.close();
});

/** The parts of an outcome that a row of a table names. */
function brief(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'declared': {
      const endpoints = outcome.endpoints.map(({ transport, port }) => `${transport}:${port}`).join(' ');
      return `declared ${endpoints} ttl=${outcome.ttlSeconds}${outcome.authenticated ? ' ad' : ''}${outcome.stale ? ' stale' : ''}`;
    }
    case 'denied':
      return `denied ttl=${outcome.ttlSeconds}`;
    case 'silent':
      return `silent ${outcome.reason} ttl=${outcome.ttlSeconds}`;
    case 'conflict':
      return `conflict ${outcome.records.join(' | ')} ttl=${outcome.ttlSeconds}`;
    case 'failed':
      return `failed: ${outcome.reason}`;
  }
}

const good = (name: string): Behaviour => answers(txt(name, 'BITTORRENT UDP:1337 TCP:80'));
const GOOD = 'declared udp:1337 tcp:80 ttl=300';

/** The good reply with the octet at `offset` changed. */
function spoiled(offset: number, bits = 1): Behaviour {
  return (asked) => {
    const reply = replyTo(asked, { answers: [txt(asked.query.questions![0]!.name, 'BITTORRENT DENY ALL')] });
    reply[offset] = reply[offset]! ^ bits;
    asked.send(reply);
  };
}

function both(first: Behaviour, second: Behaviour): Behaviour {
  return (asked) => {
    first(asked);
    second(asked);
  };
}

/** Overwrites parts of a reply that dns-packet would not write. */
function crafted(fields: Packet, change: (reply: Buffer) => Buffer): Behaviour {
  return (asked) => asked.send(change(replyTo(asked, fields)));
}

/** 64 kB over TCP: `records` TXT records of 250 octets. */
function large(name: string, records: number): Behaviour {
  return overUdpAndTcp(
    truncated,
    answers(...Array.from({ length: records }, (_, index) => txt(name, `v=${index}`.padEnd(250)))),
  );
}

/** 16 kB in which every record's name is a pointer to the end of a chain of pointers. */
function pointerChain(asked: Parameters<Behaviour>[0]): void {
  const head = replyTo(asked);
  const chain = Buffer.alloc(8000);
  const start = head.length + 12;
  for (let offset = 0; offset < chain.length; offset += 2) {
    chain.writeUInt16BE(0xc000 | (offset === 0 ? 12 : start + offset - 2), offset);
  }
  const opaque = Buffer.concat([
    Buffer.from([0xc0, 12, 0xff, 0xfe, 0, 1, 0, 0, 0, 60]),
    Buffer.alloc(2),
    chain,
  ]);
  opaque.writeUInt16BE(chain.length, 10);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc000 | (start + chain.length - 2), 0);
  record.writeUInt16BE(16, 2);
  record.writeUInt16BE(1, 4);
  const count = 600;
  const reply = Buffer.concat([head, opaque, ...Array.from({ length: count }, () => record)]);
  reply.writeUInt16BE(count + 1, 6);
  asked.send(reply);
}

const NEVER = 'failed: no name server answered in time';
const FOREIGN = 'failed: what came answers another question';
const MALFORMED = 'failed: the reply is malformed';
const TOO_LARGE = 'failed: the reply is too large to be an answer';

describe('what a server does, and what a look-up makes of it', () => {
  const rows: [title: string, behaviour: (name: string) => Behaviour, expected: string][] = [
    ['a record', good, GOOD],
    ['a denial', (name) => answers(txt(name, 'BITTORRENT DENY ALL')), 'denied ttl=300'],
    ['a record in split strings', (name) => answers(txt(name, 'BITTOR', 'RENT UDP:13', '37 TCP:80')), GOOD],
    [
      'a record longer than one string',
      (name) => answers(txt(name, `BITTORRENT ${'x'.repeat(244)}`, ` ${'y'.repeat(200)} UDP:1337 TCP:80`)),
      GOOD,
    ],
    [
      'octets that are not UTF-8 beside the endpoints',
      (name) => answers(txt(name, Buffer.from('BITTORRENT \xff\xfe UDP:1337 TCP:80', 'latin1'))),
      GOOD,
    ],
    [
      'identical records',
      (name) => answers(txt(name, 'BITTORRENT TCP:80'), txt(name, 'BITTORRENT TCP:80')),
      'declared tcp:80 ttl=300',
    ],
    [
      'differing records',
      (name) => answers(txt(name, 'BITTORRENT UDP:1'), txt(name, 'BITTORRENT TCP:2')),
      'conflict BITTORRENT TCP:2 | BITTORRENT UDP:1 ttl=300',
    ],
    [
      'records that differ in one octet that is not UTF-8',
      (name) =>
        answers(
          txt(name, Buffer.from('BITTORRENT UDP:1 \xfe', 'latin1')),
          txt(name, Buffer.from('BITTORRENT UDP:1 \xff', 'latin1')),
        ),
      'conflict BITTORRENT UDP:1 \xfe | BITTORRENT UDP:1 \xff ttl=300',
    ],
    [
      'records of other programs',
      (name) => answers(txt(name, 'v=spf1 -all'), txt(name, 'BITTORRENT UDP:1337 TCP:80')),
      GOOD,
    ],
    [
      'only records of other programs',
      (name) => answers(txt(name, 'v=spf1 -all')),
      'silent no-record ttl=300',
    ],
    ['an empty TXT record', (name) => answers(txt(name, '')), 'silent no-record ttl=300'],
    [
      'a TTL of zero',
      (name) => answers({ ...txt(name, 'BITTORRENT TCP:80'), ttl: 0 }),
      'declared tcp:80 ttl=60',
    ],
    [
      'a TTL of 68 years',
      (name) => answers({ ...txt(name, 'BITTORRENT TCP:80'), ttl: 2 ** 31 - 1 }),
      'declared tcp:80 ttl=86400',
    ],
    [
      'an authenticated answer',
      (name) => answersWith({ flags: AUTHENTIC, answers: [txt(name, 'BITTORRENT TCP:80')] }),
      'declared tcp:80 ttl=300 ad',
    ],
    [
      'a name in other letter case',
      (name) => answers(txt(name.toUpperCase(), 'BITTORRENT UDP:1337 TCP:80')),
      GOOD,
    ],
    ['NODATA', () => answersWith({ authorities: [soa('test', 900, 200)] }), 'silent no-record ttl=200'],
    [
      'NODATA with an SOA of a short TTL',
      () => answersWith({ authorities: [soa('test', 120, 900)] }),
      'silent no-record ttl=120',
    ],
    ['NODATA without SOA', () => answers(), 'silent no-record ttl=60'],
    [
      'NXDOMAIN',
      () => answersWith({ flags: RCODE.NXDOMAIN, authorities: [soa('test', 900, 600)] }),
      'silent no-name ttl=600',
    ],
    [
      'a record of another name only',
      () => answers(txt('other.test', 'BITTORRENT TCP:80')),
      'silent no-record ttl=60',
    ],
    [
      'a class that is not IN',
      (name) => answers({ ...txt(name, 'BITTORRENT TCP:80'), class: 'CH' }),
      'silent no-record ttl=60',
    ],
    [
      'a referral',
      () => answersWith({ authorities: [{ name: 'test', type: 'NS', ttl: 60, data: 'ns.test' }] }),
      'failed: the name server names other servers instead of asking them',
    ],
    [
      'an authoritative NODATA that names its servers',
      () =>
        answersWith({ flags: ANSWER, authorities: [{ name: 'test', type: 'NS', ttl: 60, data: 'ns.test' }] }),
      'silent no-record ttl=60',
    ],
    ['SERVFAIL', () => fails('SERVFAIL'), 'failed: the name server answered SERVFAIL'],
    ['REFUSED', () => fails('REFUSED'), 'failed: the name server answered REFUSED'],
    [
      'FORMERR to EDNS, and an answer without it',
      (name) => (asked) => (asked.query.additionals!.length > 0 ? fails('FORMERR') : good(name))(asked),
      GOOD,
    ],
    ['silence', () => silence, NEVER],
    ['one lost datagram', (name) => inTurn(silence, good(name)), GOOD],
    ['another id', () => spoiled(1), FOREIGN],
    ['another id, then the right one', (name) => both(spoiled(1), good(name)), GOOD],
    ['another question', () => spoiled(13), FOREIGN],
    ['another question, then the right one', (name) => both(spoiled(13), good(name)), GOOD],
    ['a query for a reply', () => spoiled(2, 0x80), FOREIGN],
    [
      'a reply from another port',
      (name) => (asked) =>
        asked.sendFromElsewhere(replyTo(asked, { answers: [txt(name, 'BITTORRENT TCP:9')] })),
      NEVER,
    ],
    [
      'a reply from another port, then from the right one',
      (name) =>
        both(
          (asked) => asked.sendFromElsewhere(replyTo(asked, { answers: [txt(name, 'BITTORRENT TCP:9')] })),
          good(name),
        ),
      GOOD,
    ],
    ['garbage', () => (asked) => asked.send(Buffer.alloc(40, 0xa5)), FOREIGN],
    ['no octets', () => (asked) => asked.send(Buffer.alloc(0)), FOREIGN],
    [
      'a reply cut in the middle',
      (name) =>
        crafted({ answers: [txt(name, 'BITTORRENT TCP:80')] }, (reply) =>
          reply.subarray(0, reply.length - 3),
        ),
      MALFORMED,
    ],
    [
      'a string that overruns its record',
      (name) =>
        crafted({ answers: [txt(name, 'BITTORRENT TCP:80')] }, (reply) => {
          reply[reply.length - 18] = 200;
          return reply;
        }),
      MALFORMED,
    ],
    [
      'a name that points to itself',
      (name) =>
        crafted({ answers: [txt(name, 'BITTORRENT TCP:80')] }, (reply) => {
          reply.writeUInt16BE(0xc000 | (reply.length - 30), reply.length - 30);
          return reply;
        }),
      MALFORMED,
    ],
    ['a chain of 4,000 pointers, read 600 times', () => pointerChain, MALFORMED],
    [
      '65,535 answers announced, none given',
      () =>
        crafted({}, (reply) => {
          reply.writeUInt16BE(0xffff, 6);
          return reply;
        }),
      MALFORMED,
    ],
    ['TC, and the answer over TCP', (name) => overUdpAndTcp(truncated, good(name)), GOOD],
    [
      'TC over TCP too',
      () => truncated,
      'failed: the reply is truncated on a stream, where nothing limits it',
    ],
    ['TC, and silence over TCP', () => overUdpAndTcp(truncated, silence), NEVER],
    [
      'TC, and a closed connection',
      () => overUdpAndTcp(truncated, (asked) => asked.hangUp()),
      'failed: the name server cannot be reached',
    ],
    [
      'TC, and another id over TCP, then the right one',
      (name) => overUdpAndTcp(truncated, both(spoiled(1), good(name))),
      GOOD,
    ],
    [
      'TC, and a length without a message',
      () => overUdpAndTcp(truncated, (asked) => asked.sendRaw(Buffer.from([0, 200, 1]))),
      NEVER,
    ],
    [
      'TC, and records of 4 kB',
      (name) =>
        overUdpAndTcp(
          truncated,
          answers(
            ...Array.from({ length: 16 }, () => txt(name, 'x'.repeat(250))),
            txt(name, 'BITTORRENT UDP:1337 TCP:80'),
          ),
        ),
      GOOD,
    ],
    ['TC, and 64 kB', (name) => large(name, 240), TOO_LARGE],
    [
      'CNAME and the record',
      (name) => answers(cname(name, 'a.test', 100), txt('a.test', 'BITTORRENT UDP:1337 TCP:80')),
      'declared udp:1337 tcp:80 ttl=100',
    ],
    [
      'CNAME in the wrong order',
      (name) => answers(txt('a.test', 'BITTORRENT TCP:80'), cname('b.test', 'a.test'), cname(name, 'b.test')),
      'declared tcp:80 ttl=300',
    ],
    ['CNAME only', (name) => answers(cname(name, 'target.test')), GOOD],
    [
      'CNAME to nothing',
      (name) => answersWith({ answers: [cname(name, 'a.test')], authorities: [soa('test', 90, 90)] }),
      'silent no-record ttl=90',
    ],
    [
      'CNAME to a name that is not there',
      (name) =>
        answersWith({
          flags: RCODE.NXDOMAIN,
          answers: [cname(name, 'a.test')],
          authorities: [soa('test', 90, 90)],
        }),
      'silent no-name ttl=90',
    ],
    [
      'CNAME to itself',
      (name) => answers(cname(name, name)),
      'failed: the aliases (CNAME) of the name run in a circle',
    ],
    [
      'a circle of CNAME-only answers',
      (name) => answers(cname(name, 'circle.test')),
      'failed: the aliases (CNAME) of the name run in a circle',
    ],
    [
      'nine CNAMEs',
      (name) =>
        answers(
          ...Array.from({ length: 9 }, (_, index) =>
            cname(index === 0 ? name : `c${index}.test`, `c${index + 1}.test`),
          ),
        ),
      'failed: more than 8 aliases (CNAME) follow one another',
    ],
    [
      'eight CNAMEs',
      (name) =>
        answers(
          ...Array.from({ length: 8 }, (_, index) =>
            cname(index === 0 ? name : `c${index}.test`, `c${index + 1}.test`),
          ),
          txt('c8.test', 'BITTORRENT UDP:1337 TCP:80'),
        ),
      GOOD,
    ],
    [
      'CNAME-only answers without end',
      (name) => answers(cname(name, 'chain1.test')),
      'failed: more than 8 aliases (CNAME) follow one another',
    ],
    ['CNAME to the root', (name) => answers(cname(name, '.')), 'silent no-record ttl=60'],
  ];

  beforeAll(() => {
    dns.on('.', answers());
    dns.on('target.test', good('target.test'));
    dns.on('circle.test', answers(cname('circle.test', 'circle2.test')));
    dns.on('circle2.test', answers(cname('circle2.test', 'circle.test')));
    for (let link = 1; link < 20; link++)
      dns.on(`chain${link}.test`, answers(cname(`chain${link}.test`, `chain${link + 1}.test`)));
  });

  test.concurrent.for(rows.map((row, index) => [`n${index}.test`, ...row] as const))(
    '$1',
    async ([name, , behaviour, expected], { expect }) => {
      dns.on(name, behaviour(name));
      expect(brief(await resolver.lookupPreference(name))).toBe(expected);
    },
  );
});
