// HARDENING 23: the rewriting service of a running server, whose resolver asks a name server that does what none should.
// What each reply means is for test/io/resolver; here many of them come at once, beside a clean client.

import type { Packet } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answers,
  type Behaviour,
  cname,
  createHostileDns,
  fails,
  type HostileDns,
  inTurn,
  overUdpAndTcp,
  replyTo,
  silence,
  truncated,
  txt,
} from '../support/hostile-dns.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer } from './server.ts';
import { endure } from './witness.ts';

/** Hosts of each kind, asked all at once. */
const HOSTS = 40;
const GOOD = 'BITTORRENT UDP:1337';

let dns: HostileDns;
let server: ServerProcess;
beforeAll(async () => {
  dns = await createHostileDns();
  const settings = ['--rewriter-resolvers', dns.server, '--rewriter-rate-limit', '0'];
  server = await startServer({ settings });
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
  await dns.close();
});

async function kindOf(host: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.adminPort}/v1/preference/${host}`);
  const { outcome } = (await response.json()) as { outcome: { kind: string; reason?: string } };
  return outcome.reason === undefined ? outcome.kind : `${outcome.kind}: ${outcome.reason}`;
}

const good = (name: string): Behaviour => answers(txt(name, GOOD));

/** A good reply with some octets changed. */
function spoiled(name: string, change: (reply: Buffer) => void, fields: Packet = {}): Behaviour {
  return (asked) => {
    const reply = replyTo(asked, { answers: [txt(name, GOOD)], ...fields });
    change(reply);
    asked.send(reply);
  };
}

/** What the reply to a TXT query has in its question section, at most. */
const QUESTION_LETTER = 13;
const LARGE = Array.from({ length: 200 }, (_, index) => `v=${index}`.padEnd(250));

describe('line 23', () => {
  const rows: [what: string, behaviour: (name: string) => Behaviour, kind: string][] = [
    ['is silent', () => silence, 'failed: no name server answered in time'],
    [
      'answers another question',
      (name) => spoiled(name, (reply) => (reply[QUESTION_LETTER] = reply[QUESTION_LETTER]! ^ 1)),
      'failed: what came answers another question',
    ],
    [
      'answers with another id',
      (name) => spoiled(name, (reply) => (reply[0] = reply[0]! ^ 1)),
      'failed: what came answers another question',
    ],
    [
      'answers from another address',
      (name) => (asked) => asked.sendFromElsewhere(replyTo(asked, { answers: [txt(name, GOOD)] })),
      'failed: no name server answered in time',
    ],
    [
      'truncates for ever',
      () => truncated,
      'failed: the reply is truncated on a stream, where nothing limits it',
    ],
    [
      'leads in a circle',
      (name) => answers(cname(name, `b.${name}`), cname(`b.${name}`, name)),
      'failed: the aliases (CNAME) of the name run in a circle',
    ],
    [
      'sends 64 kB',
      (name) => overUdpAndTcp(truncated, answers(...LARGE.map((text) => txt(name, text)))),
      'failed: the reply is too large to be an answer',
    ],
    [
      'hangs up in mid-answer',
      () => overUdpAndTcp(truncated, (asked) => asked.hangUp()),
      'failed: the name server cannot be reached',
    ],
    ['splits strings', (name) => answers(txt(name, 'BITTOR', 'RENT UDP:', '1337')), 'declared'],
    ['sends several records', (name) => answers(txt(name, GOOD), txt(name, 'BITTORRENT TCP:1')), 'conflict'],
    [
      'answers SERVFAIL now and then',
      (name) => inTurn(fails('SERVFAIL'), good(name)),
      'failed: the name server answered SERVFAIL',
    ],
  ];
  it.each(rows)('a name server that %s', (what, behaviour, kind) =>
    endure(server, TRAFFIC, async () => {
      const names = Array.from(
        { length: HOSTS },
        (_, index) => `n${index}.${what.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.test`,
      );
      for (const name of names) dns.on(name, behaviour(name));
      expect(new Set(await Promise.all(names.map(kindOf)))).toEqual(new Set([kind]));
    }),
  );

  it('all of them at once keep nobody else waiting', () =>
    endure(server, TRAFFIC, async () => {
      const names = rows.flatMap(([, behaviour], row) =>
        Array.from({ length: HOSTS }, (_, index) => {
          const name = `m${index}.row${row}.test`;
          dns.on(name, behaviour(name));
          return name;
        }),
      );
      dns.on('clean.test', good('clean.test'));
      const storm = Promise.all(names.slice(0, 200).map(kindOf));
      const start = performance.now();
      expect(await kindOf('clean.test')).toBe('declared');
      expect(performance.now() - start).toBeLessThan(2000);
      expect((await storm).filter((kind) => kind.startsWith('failed')).length).toBeGreaterThan(100);
    }));
});
