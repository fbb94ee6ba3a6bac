// Which answers count, and which server is asked first.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/io/clock.ts';
import { createResolver } from '../../../src/io/resolver/resolver.ts';
import {
  answers,
  answersWith,
  cname,
  createHostileDns,
  type HostileDns,
  RCODE,
  silence,
  soa,
  txt,
} from '../../support/hostile-dns.ts';

const AUTHENTIC = 0x20;

let dns: HostileDns;
let other: HostileDns;

beforeAll(async () => {
  [dns, other] = await Promise.all([createHostileDns(), createHostileDns()]);
});

afterAll(() => Promise.all([dns.close(), other.close()]));

describe('requireAuthenticated', () => {
  const record = (name: string) => txt(name, 'BITTORRENT TCP:80');
  const FAILED = { kind: 'failed', reason: 'the answer is not authenticated (DNSSEC)' };

  beforeAll(() => {
    dns.on('signed.test', answersWith({ flags: AUTHENTIC, answers: [record('signed.test')] }));
    dns.on('plain.test', answers(record('plain.test')));
    const nothing = { authorities: [soa('test', 300, 300)] };
    dns.on('signed-nothing.test', answersWith({ flags: AUTHENTIC | RCODE.NXDOMAIN, ...nothing }));
    dns.on('plain-nothing.test', answersWith({ flags: RCODE.NXDOMAIN, ...nothing }));
    // The alias is signed, what it leads to is not: two answers, one of them without AD.
    dns.on('alias.test', answersWith({ flags: AUTHENTIC, answers: [cname('alias.test', 'plain.test')] }));
  });

  test.each([
    ['signed.test', { kind: 'declared', authenticated: true }],
    ['plain.test', FAILED],
    ['signed-nothing.test', { kind: 'silent', reason: 'no-name' }],
    ['plain-nothing.test', FAILED],
    ['alias.test', FAILED],
  ])('%s', async (name, expected) => {
    const resolver = createResolver({ servers: [dns.server], requireAuthenticated: true });
    expect(await resolver.lookupPreference(name)).toMatchObject(expected);
  });

  test('a server that does not vouch for its answer leaves the question to the next one', async () => {
    dns.on('two.test', answers(record('two.test')));
    other.on('two.test', answersWith({ flags: AUTHENTIC, answers: [record('two.test')] }));
    const resolver = createResolver({ servers: [dns.server, other.server], requireAuthenticated: true });
    expect(await resolver.lookupPreference('two.test')).toMatchObject({
      kind: 'declared',
      authenticated: true,
    });
  });

  test('without it, AD of an alias and of its target must both be set for an answer to count as authentic', async () => {
    const resolver = createResolver({ servers: [dns.server] });
    expect(await resolver.lookupPreference('alias.test')).toMatchObject({
      kind: 'declared',
      authenticated: false,
    });
  });
});

describe('a server that does not answer', () => {
  test('comes last for thirty seconds, and costs its patience once', async () => {
    let elapsed = 0;
    const clock = { ...systemClock, nowMilliseconds: () => systemClock.nowMilliseconds() + elapsed };
    const names = ['first.test', 'second.test', 'third.test'];
    for (const name of names) {
      dns.on(name, silence);
      other.on(name, answers(txt(name, 'BITTORRENT TCP:80')));
    }
    const resolver = createResolver({ servers: [dns.server, other.server], tryMilliseconds: 100, clock });
    const look = async (name: string): Promise<string> => (await resolver.lookupPreference(name)).kind;
    expect([await look('first.test'), await look('second.test')]).toEqual(['declared', 'declared']);
    elapsed = 30_000;
    expect(await look('third.test')).toBe('declared');
    expect(names.map((name) => dns.asked(name).length)).toEqual([1, 0, 1]);
  });
});
