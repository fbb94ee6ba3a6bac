import { describe, expect, it } from 'vitest';
import { COOKIE_OCTETS, CookieState, ServerCookies } from '../../../src/core/dns/cookie.ts';
import { createPacketSource, type PacketSource } from '../../../src/core/net/packet-handler.ts';
import { formatHex, parseHex } from '../../../src/core/octets/text.ts';
import { readSource } from '../../../src/io/source-address.ts';

function sourceOf(address: string): PacketSource {
  const source = createPacketSource();
  readSource(address, 5353, source);
  return source;
}

interface Exchange {
  readonly secrets: readonly string[];
  readonly from: string;
  readonly cookie: string;
  readonly at: number;
}

function exchange({ secrets, from, cookie, at }: Exchange): { state: number; reply: string } {
  const cookies = new ServerCookies(secrets.map((secret) => parseHex(secret)!));
  const octets = parseHex(`ffff${cookie}`)!;
  const state = cookies.read(octets, 2, octets.length - 2, sourceOf(from), at);
  const reply = new Uint8Array(COOKIE_OCTETS);
  cookies.write(reply, 0);
  return { state, reply: formatHex(reply) };
}

// RFC 9018 Appendix A.
const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const A1 = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
const A3 = 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5';
const ROLLED = ['445536bcd2513298075a5d379663c962', 'dd3bdf9344b678b185a6f5cb60fca715'];
const A4 = '22681ab97d52c298010000005cf7c57926556bd0934c72f8';

describe('the vectors of RFC 9018', () => {
  it('A.1: a client learns a server cookie', () => {
    const asked = { secrets: [SECRET], from: '198.51.100.100', cookie: '2464c4abcf10c957', at: 1559731985 };
    expect(exchange(asked)).toEqual({ state: CookieState.clientOnly, reply: A1 });
  });

  it('A.2: forty minutes later it learns a fresh one', () => {
    const asked = { secrets: [SECRET], from: '198.51.100.100', cookie: A1, at: 1559734385 };
    const reply = '2464c4abcf10c957010000005cf7a871d4a564a1442aca77';
    expect(exchange(asked)).toEqual({ state: CookieState.good, reply });
  });

  it('A.3: reserved octets are hashed as they came, and a fresh cookie has none', () => {
    const asked = { secrets: [SECRET], from: '203.0.113.203', cookie: A3, at: 1559727985 };
    // However young: the same as to a client that shows its own part alone.
    const fresh = exchange({ ...asked, cookie: A3.slice(0, 16) }).reply;
    expect(exchange(asked)).toEqual({ state: CookieState.good, reply: fresh });
    const reply = 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e';
    expect(exchange({ ...asked, at: 1559734700 })).toEqual({ state: CookieState.bad, reply });
  });

  it('A.4: a cookie of the secret before is good, and answered with one of the new', () => {
    const from = '2001:db8:220:1:59de:d0f4:8769:82b8';
    const reply = '22681ab97d52c298010000005cf7c609a6bb79d16625507a';
    const asked = { secrets: ROLLED, from, cookie: A4, at: 1559741961 };
    expect(exchange(asked)).toEqual({ state: CookieState.good, reply });
    expect(exchange({ ...asked, secrets: ROLLED.slice(0, 1) })).toEqual({ state: CookieState.bad, reply });
  });
});

describe('a server cookie', () => {
  const BORN = 1559731985;
  const good = { secrets: [SECRET], from: '198.51.100.100', cookie: A1, at: BORN };

  it.each([
    ['at once', 0, CookieState.good, true],
    ['after half an hour', 1800, CookieState.good, true],
    ['a second later', 1801, CookieState.good, false],
    ['after an hour', 3600, CookieState.good, false],
    ['a second later', 3601, CookieState.bad, false],
    ['from a clock five minutes ahead', -300, CookieState.good, false],
    ['from one further ahead', -301, CookieState.bad, false],
  ])('%s (%i s)', (_when, age, state, isEchoed) => {
    const { state: found, reply } = exchange({ ...good, at: BORN + age });
    expect(found).toBe(state);
    expect(reply === A1).toBe(isEchoed);
  });

  it('outlives the moment at which 32 bits of seconds start again', () => {
    const late = { ...good, cookie: '2464c4abcf10c957', at: 2 ** 32 - 10 };
    const { reply } = exchange(late);
    expect(exchange({ ...good, cookie: reply, at: 2 ** 32 + 10 })).toMatchObject({ state: CookieState.good });
  });

  it.each([
    ['another address', { from: '198.51.100.101' }],
    ['an address of the other family', { from: '::ffff:198.51.100.100' }],
    ['another secret', { secrets: ['00'.repeat(16)] }],
    ['another client cookie', { cookie: `ff${A1.slice(2)}` }],
    ['another version', { cookie: `${A1.slice(0, 16)}02${A1.slice(18)}` }],
    ['another hash', { cookie: `${A1.slice(0, -2)}81` }],
    ['a shorter one', { cookie: A1.slice(0, 32) }],
    ['a longer one', { cookie: `${A1}00` }],
  ])('is bad with %s', (_why, change) => {
    expect(exchange({ ...good, ...change }).state).toBe(CookieState.bad);
  });

  it('is the answer to every bad one', () => {
    expect(exchange({ ...good, cookie: `${A1.slice(0, -2)}81` }).reply).toBe(A1);
  });
});
