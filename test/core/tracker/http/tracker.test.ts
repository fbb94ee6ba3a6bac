import { describe, expect, it } from 'vitest';
import { Counter, createCounters } from '../../../../src/core/counters.ts';
import { FOREIGN_HOST } from '../../../../src/core/preference/host-rule.ts';
import { createSwarmTable, swarmTotals } from '../../../../src/core/swarm/table.ts';
import { createHttpTracker, MAX_HTTP_REPLY_OCTETS } from '../../../../src/core/tracker/http/tracker.ts';
import { DEFAULT_TRACKER_SETTINGS } from '../../../../src/core/tracker/settings.ts';
import { createTrafficCounts, NO_ROW } from '../../../../src/core/traffic.ts';
import {
  createTestTracker,
  decodeBencode,
  httpRequest,
  SECRET,
  type TestTracker,
} from '../../../contract/announce-clients.ts';

const HASH = 'info_hash=%01%02%03%04%05%06%07%08%09%0a%0B%0c%0d%0e%0f%10%11%12ab';
const PEER = 'peer_id=-XX0001-abcdefghijkl';
const REST = 'port=6881&uploaded=0&downloaded=0&left=1';
const ANNOUNCE = `${HASH}&${PEER}&${REST}`;

function get(tracker: TestTracker, target: string, fields = 'Host: 192.0.2.9:6969', address = '192.0.2.1') {
  return httpRequest(tracker, `GET ${target} HTTP/1.1\r\n${fields}\r\n\r\n`, { address });
}

function textOf({ body }: { body: Uint8Array }): string {
  return Buffer.from(body).toString('latin1');
}

function failureOf(reply: { body: Uint8Array }): string {
  const answer = decodeBencode(reply.body) as { 'failure reason'?: Uint8Array };
  return Buffer.from(answer['failure reason'] ?? '').toString();
}

describe('an HTTP announce', () => {
  it('is answered with sorted keys, peers always, and the address it came from (BEP 24)', () => {
    const reply = get(createTestTracker(), `/announce?${ANNOUNCE}`);
    expect(textOf(reply)).toMatch(
      /^d8:completei0e10:downloadedi0e11:external ip4:\xc0\x00\x02\x0110:incompletei1e8:intervali1[6-9][0-9]{2}e12:min intervali900e5:peers0:e$/s,
    );
    expect(reply.status).toBe(200);
    expect(reply.fields.get('Content-Type')).toBe('text/plain');
    expect(reply.fields.get('Content-Length')).toBe(String(reply.body.length));
    expect(reply.fields.has('Content-Encoding')).toBe(false);
  });

  it('over IPv6 has both lists, its own family first in number', () => {
    const tracker = createTestTracker();
    const other = (name: string, port: number) =>
      `/announce?${ANNOUNCE}`.replace('abcdef', name).replace('6881', `${port}`);
    get(tracker, other('111111', 1), undefined, '192.0.2.7');
    get(tracker, other('222222', 2), undefined, '2001:db8::7');
    const answer = decodeBencode(get(tracker, other('333333', 3), undefined, '2001:db8::8').body);
    expect(answer).toMatchObject({
      peers: Uint8Array.of(192, 0, 2, 7, 0, 1),
      peers6: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2),
      'external ip': Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8),
    });
  });

  it.each(['compact=0', 'compact=0&no_peer_id=1'])(
    'with %s gets dictionaries of both families, without peer ids',
    (parameter) => {
      const tracker = createTestTracker();
      get(tracker, `/announce?${ANNOUNCE}`, undefined, '192.0.2.7');
      const sixth = ANNOUNCE.replace('abcdef', 'ABCDEF');
      get(tracker, `/announce?${sixth}`, undefined, '2001:db8::7');
      const third = ANNOUNCE.replace('abcdef', '333333');
      const reply = get(tracker, `/announce?${third}&${parameter}`);
      expect(textOf(reply)).toContain(
        '5:peersld2:ip9:192.0.2.74:porti6881eed2:ip11:2001:db8::74:porti6881eeee',
      );
    },
  );

  it.each(['/announce', '/0123456789abcdef/announce', '/a/b/announce', 'http://192.0.2.9:6969/announce'])(
    'is taken at %s',
    (path) => {
      expect(failureOf(get(createTestTracker(), `${path}?${ANNOUNCE}`))).toBe('');
    },
  );

  it.each([
    ['no info_hash', `${PEER}&${REST}`, /info_hash/],
    ['19 octets of info_hash', `info_hash=abcdefghijklmnopqrs&${PEER}&${REST}`, /info_hash/],
    ['21 octets of info_hash', `info_hash=abcdefghijklmnopqrstu&${PEER}&${REST}`, /info_hash/],
    ['an escape cut short', `info_hash=abcdefghijklmnopqrs%4&${PEER}&${REST}`, /info_hash/],
    ['an escape that is none', `info_hash=abcdefghijklmnopqrs%4g&${PEER}&${REST}`, /info_hash/],
    ['no peer_id', `${HASH}&${REST}`, /peer_id/],
    ['a short peer_id', `${HASH}&peer_id=abc&${REST}`, /peer_id/],
    ['a doubled info_hash', `${ANNOUNCE}&${HASH}`, /info_hash is given twice/],
    ['a doubled port', `${ANNOUNCE}&port=1`, /port is given twice/],
    ['no port', `${HASH}&${PEER}&left=1`, /port/],
    ['port 0', `${HASH}&${PEER}&port=0`, /port/],
    ['port 65536', `${HASH}&${PEER}&port=65536`, /port/],
    ['a negative port', `${HASH}&${PEER}&port=-1`, /port/],
    ['a port in hexadecimal', `${HASH}&${PEER}&port=0x50`, /port/],
    ['left of 2⁶⁴', `${HASH}&${PEER}&port=1&left=18446744073709551616`, /left/],
    ['left of words', `${HASH}&${PEER}&port=1&left=many`, /left/],
    ['uploaded of −1', `${HASH}&${PEER}&port=1&uploaded=-1`, /uploaded/],
    ['an empty downloaded', `${HASH}&${PEER}&port=1&downloaded=`, /downloaded/],
    ['an unknown event', `${ANNOUNCE}&event=begun`, /event/],
    ['numwant of words', `${ANNOUNCE}&numwant=all`, /numwant/],
    ['nothing at all', '', /info_hash/],
  ])('with %s fails in bencode, and nothing is kept', (_, query, sentence) => {
    const tracker = createTestTracker();
    const reply = get(tracker, `/announce?${query}`);
    expect(reply.status).toBe(200);
    expect(failureOf(reply)).toMatch(sentence);
    expect(reply.keepAlive).toBe(true);
    expect(swarmTotals(tracker.table).torrents).toBe(0);
    expect(tracker.counters[Counter.httpErrors]).toBe(1);
  });

  it.each([
    ['left of 2⁶⁴ − 1', 'left=18446744073709551615', 'incompletei1e'],
    ['left of 0', 'left=0', 'completei1e'],
    ['left of many zeros', 'left=00000000000000000000', 'completei1e'],
    ['no left', '', 'incompletei1e'],
    ['an empty event', 'event=', 'incompletei1e'],
    ['parameters of others', 'supportcrypto=1&supportcrypto=1&ip=1.2.3.4&x=%', 'incompletei1e'],
    ['stray separators', '&&&=&', 'incompletei1e'],
  ])('with %s is counted', (_, more, expected) => {
    const reply = get(createTestTracker(), `/announce?${HASH}&${PEER}&port=65535&${more}`);
    expect(textOf(reply)).toContain(expected);
  });

  it('knows a key by its number, as UDP has it', () => {
    const tracker = createTestTracker();
    get(tracker, `/announce?${ANNOUNCE}&key=3735928559`);
    const reply = get(tracker, `/announce?${ANNOUNCE}&key=DEADBEEF`, undefined, '2001:db8::7');
    expect(textOf(reply)).toContain('10:incompletei1e');
  });

  it.each(['%', 'k'.repeat(65), '%6b'.repeat(64)])('takes any key as it is: %s', (key) => {
    const tracker = createTestTracker();
    get(tracker, `/announce?${ANNOUNCE}&key=${key}`);
    const both = get(tracker, `/announce?${ANNOUNCE}&key=${key}`, undefined, '2001:db8::7');
    expect(textOf(both)).toContain('10:incompletei1e');
  });

  it('of 200 peers fits the reply buffer in every form', () => {
    const tracker = createTestTracker();
    for (let port = 1; port <= 250; port++) {
      const query = ANNOUNCE.replace('abcdef', String(port).padStart(6, '0')).replace(
        '6881',
        `${port + 50000}`,
      );
      get(tracker, `/announce?${query}`, undefined, '2001:db8:1111:2222:3333:4444:5555:6666');
    }
    const reply = get(tracker, `/announce?${ANNOUNCE}&numwant=999&compact=0`, undefined, '2001:db8::1');
    const { peers } = decodeBencode(reply.body) as { peers: unknown[] };
    expect(peers).toHaveLength(200);
    expect(reply.body.length).toBeLessThan(MAX_HTTP_REPLY_OCTETS - 1024);
  });
});

describe('an HTTP scrape', () => {
  it('lists the hashes asked for, sorted and once, unknown ones as zeros (BEP 48)', () => {
    const tracker = createTestTracker();
    get(tracker, `/announce?${ANNOUNCE}`.replace('left=1', 'left=0&event=completed'));
    const [a, b] = ['a'.repeat(20), 'b'.repeat(20)];
    const reply = get(tracker, `/x/scrape?info_hash=${b}&info_hash=${a}&info_hash=${b}&${HASH}`);
    const zeros = 'd8:completei0e10:downloadedi0e11:downloadersi0e10:incompletei0ee';
    const known = '\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12ab';
    expect(textOf(reply)).toBe(
      `d5:filesd20:${known}d8:completei1e10:downloadedi1e11:downloadersi0e10:incompletei0ee` +
        `20:${a}${zeros}20:${b}${zeros}e5:flagsd20:min_request_intervali900eee`,
    );
  });

  it.each([
    ['without info_hash', '', /all torrents/],
    ['with a short info_hash', 'info_hash=abc', /20 octets/],
    [
      'with 75 of them',
      Array(75)
        .fill(`info_hash=${'a'.repeat(20)}`)
        .join('&'),
      /at most 74/,
    ],
  ])('%s fails', (_, query, sentence) => {
    expect(failureOf(get(createTestTracker(), `/scrape?${query}`))).toMatch(sentence);
  });

  it('of 74 different hashes fits', () => {
    const hashes = Array.from({ length: 74 }, (_, index) => `info_hash=${String(index).padStart(20, '0')}`);
    const reply = get(createTestTracker(), `/scrape?${hashes.join('&')}`);
    expect(textOf(reply).match(/downloaders/g)).toHaveLength(74);
  });
});

describe('the Host of a request', () => {
  function respond(fields: string, target = `/announce?${ANNOUNCE}`) {
    const asked: [string, number][] = [];
    const counters = createCounters();
    const table = createSwarmTable({ secret: SECRET, counters, limits: { torrents: 10, heapOctets: 65536 } });
    const hostRule = (host: string, port: number) => {
      asked.push([host, port]);
      if (host !== 'wrong.example') return FOREIGN_HOST;
      const refusal = 'The tracker of wrong.example is at http://wrong.example:80/announce';
      return { ...FOREIGN_HOST, standing: 'elsewhere' as const, refusal };
    };
    const settings = DEFAULT_TRACKER_SETTINGS;
    const traffic = createTrafficCounts(1);
    const http = createHttpTracker({ table, settings, counters, traffic, hostRule });
    const reply = httpRequest(
      { ...createTestTracker(), http },
      `GET ${target} HTTP/1.1\r\n${fields}\r\n\r\n`,
      { localPort: 8080 },
    );
    return { asked, reply, refused: counters[Counter.httpWrongHost], torrents: swarmTotals(table).torrents };
  }

  it.each([
    ['Host: Tracker.Example', 'tracker.example'],
    ['host:tracker.example.:8080', 'tracker.example'],
    ['HOST: \t xn--bcher-kva.example:99 ', 'xn--bcher-kva.example'],
    ['Host: localhost', 'localhost'],
  ])('%s is asked about as %s', (field, host) => {
    expect(respond(field).asked).toEqual([[host, 8080]]);
  });

  it.each([
    '192.0.2.1',
    '192.0.2.1:80',
    '[2001:db8::1]',
    '[2001:db8::1]:80',
    '2001:db8::1:80', // as libtorrent writes it
    '127.1',
    '0x7f.1',
    '2130706433',
    '',
  ])('%j is served without asking', (host) => {
    const { asked, reply } = respond(`Host: ${host}`);
    expect(asked).toEqual([]);
    expect(failureOf(reply)).toBe('');
  });

  it('that is refused gets the sentence, and is told not to come back (BEP 31)', () => {
    const { reply, refused, torrents } = respond('Host: wrong.example');
    const sentence = 'The tracker of wrong.example is at http://wrong.example:80/announce';
    expect(textOf(reply)).toBe(`d14:failure reason${sentence.length}:${sentence}8:retry in5:nevere`);
    expect([reply.status, refused, torrents]).toEqual([200, 1, 0]);
  });

  it('is that of an absolute target, where there is one (RFC 9112 §3.2.2)', () => {
    const { asked } = respond('Host: b.example', `http://a.example:1/announce?${ANNOUNCE}`);
    expect(asked).toEqual([['a.example', 8080]]);
  });

  it.each([
    ['none', 'X: y'],
    ['two', 'Host: a.example\r\nHost: a.example'],
    ['a path', 'Host: a.example/b'],
    ['userinfo', 'Host: me@a.example'],
    ['a port too large', 'Host: a.example:65536'],
    ['half a bracket', 'Host: [2001:db8::1'],
    ['what no name is long enough for', `Host: ${'a'.repeat(300)}`],
  ])('is a bad request when it is %s', (_, fields) => {
    const { reply, torrents } = respond(fields);
    expect([reply.status, reply.keepAlive, torrents]).toEqual([400, false, 0]);
  });
});

describe('the HTTP tracker', () => {
  it.each([
    ['GET / HTTP/1.1\r\nHost: tracker.example:6969\r\n\r\n', 200, /http:\/\/tracker\.example:6969\/announce/],
    ['GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n', 200, /http:\/\/\[2001:db8::1\]:80\/announce/],
    ['GET /?a=b HTTP/1.0\r\n\r\n', 200, /BitTorrent tracker/],
    ['GET http://tracker.example HTTP/1.1\r\nHost: x\r\n\r\n', 200, /tracker\.example:80/],
    ['GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n', 200, /Disallow: \//],
    ['GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n', 404, /Not Found/],
    ['GET /announced HTTP/1.1\r\nHost: x\r\n\r\n', 404, /Not Found/],
    ['GET /stats HTTP/1.1\r\nHost: x\r\n\r\n', 404, /Not Found/],
    ['POST /announce HTTP/1.1\r\nHost: x\r\n\r\n', 405, /Method/],
    ['HEAD /announce HTTP/1.1\r\nHost: x\r\n\r\n', 405, /^$/],
    ['OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 405, /Method/],
    ['CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, /Method/],
    ['get / HTTP/1.1\r\nHost: x\r\n\r\n', 405, /Method/],
    ['PRI * HTTP/2.0\r\n\r\n', 505, /Version/],
    ['GET / HTTP/1.2\r\nHost: x\r\n\r\n', 200, /BitTorrent tracker/],
    ['GET / HTTP/2.1\r\nHost: x\r\n\r\n', 505, /Version/],
    ['GET / HTTP/1.1\r\nHost: ::1:6969\r\n\r\n', 200, /BitTorrent tracker/],
    ['GET /\r\n\r\n', 400, /Bad/],
    ['GET  / HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Bad/],
    ['GET example.com/announce HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Bad/],
    ['GET https://example.com/announce HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Bad/],
    ['GET http:///announce HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Bad/],
    ['GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\nHost: x\n\n', 200, /BitTorrent tracker/],
    ['GET / HTTP/1.1\r\nHost: x\n\r\n', 200, /BitTorrent tracker/],
    ['GET / HTTP/1.1\nHost: x\r', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0 5\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0 x\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\t5\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \t 0 \t 0 \r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 5\r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \t \r\n\r\n', 400, /Bad/],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \t 00 \t\r\n\r\n', 200, /BitTorrent tracker/],
    ['GET / HTTP/1.1\r\nHost: x\r\n', 400, /Bad/],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, /Bad/],
    ['', 400, /Bad/],
  ])('answers %j with %i', (head, status, body) => {
    const reply = httpRequest(createTestTracker(), head);
    expect(reply.status).toBe(status);
    expect(textOf(reply)).toMatch(body);
  });

  it.each([
    ['HTTP/1.1', 'Host: x', true, undefined],
    ['HTTP/1.1', 'Host: x\r\nConnection: close', false, 'close'],
    ['HTTP/1.1', 'Host: x\r\nconnection: foo, CLOSE', false, 'close'],
    ['HTTP/1.0', 'Host: x', false, 'close'],
    ['HTTP/1.0', 'Connection: Keep-Alive', true, 'keep-alive'],
    ['HTTP/1.1', 'Host: x\r\nContent-Length: 0', true, undefined],
    ['HTTP/1.1', 'Host: x\r\nContent-Length: 0 \t', true, undefined],
    ['HTTP/1.1', 'Host: x\r\nContent-Length: 0 5', false, 'close'],
    ['HTTP/1.1', 'Host: x\r\nContent-Length: 5', false, 'close'],
    ['HTTP/1.1', 'Host: x\r\nTransfer-Encoding: chunked', false, 'close'],
    ['HTTP/1.0', 'Content-Length: 5\r\nConnection: keep-alive', false, 'close'],
  ])('keeps the connection of %s with %j: %s', (version, fields, keepAlive, field) => {
    const reply = httpRequest(createTestTracker(), `GET /x ${version}\r\n${fields}\r\n\r\n`);
    expect(reply.keepAlive).toBe(keepAlive);
    expect(reply.fields.get('Connection')).toBe(field);
  });

  it('answers HEAD of a page with the head of its GET', () => {
    const request = (method: string) =>
      httpRequest(createTestTracker(), `${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(request('HEAD').body).toHaveLength(0);
    expect(request('HEAD').fields).toEqual(request('GET').fields);
  });

  it('reads the request where it lies and nothing behind it', () => {
    const tracker = createTestTracker();
    const head = `GET /announce?${ANNOUNCE} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const octets = Buffer.from(`GARBAGE${head}GET /next HTTP/1.1\r\n`, 'latin1');
    const source = { family: 4 as const, octets: new Uint8Array(16), port: 1, row: NO_ROW };
    const reply = new Uint8Array(MAX_HTTP_REPLY_OCTETS);
    const result = tracker.http.respond(octets, 7, 7 + head.length, source, 80, reply, 0);
    expect(Buffer.from(reply.subarray(0, result.length)).toString('latin1')).toContain('5:peers0:');
  });
});
