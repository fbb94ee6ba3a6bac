import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../../src/app/http/problem.ts';
import { preferenceSchema, problemSchema, reportSchema } from '../../../src/app/rewrite-service/schemas.ts';
import { INFO, textOf, torrentFrom, torrentOf } from '../../core/torrent/torrents.ts';
import { connectTcp } from '../../support/tcp-client.ts';
import { startService } from './service.ts';

const TORRENT = 'application/x-bittorrent';
const JSON_TYPE = 'application/json';
const asJson = { headers: { accept: JSON_TYPE } };

async function reportOf(response: Response) {
  expect(response.status).toBe(200);
  return reportSchema.strict().parse(await response.json());
}

/** The code, after a check that the body is what it should be. */
async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.strict().parse(await response.json());
  expect(problem).toMatchObject({
    status: response.status,
    type: `/v1/problems/${problem.code}`,
    title: PROBLEMS[problem.code][1],
  });
  return problem;
}

describe('GET /v1/preference/{host}', () => {
  it.each([
    ['two.example', { kind: 'declared', record: 'BITTORRENT UDP:6969 TCP:6970', authenticated: false }],
    ['none.example', { kind: 'denied', probableTypo: false }],
    ['typo.example', { kind: 'denied', probableTypo: true }],
    ['mute.example', { kind: 'silent', reason: 'no-record' }],
    ['nobody.example', { kind: 'silent', reason: 'no-name' }],
    ['many.example', { kind: 'conflict', records: ['BITTORRENT UDP:1', 'BITTORRENT UDP:2'] }],
    ['127.0.0.1', { kind: 'silent', reason: 'not-asked' }],
    ['localhost', { kind: 'silent', reason: 'not-asked' }],
    ['[::1]', { kind: 'silent', reason: 'not-asked' }],
  ])('%s', async (host, outcome) => {
    const { ask } = await startService();
    const report = preferenceSchema.strict().parse(await (await ask(`/v1/preference/${host}`)).json());
    expect(report).toMatchObject({ host, outcome });
  });

  it('takes Unicode and any letter case', async () => {
    const { ask } = await startService();
    const report = await (await ask('/v1/preference/TWO.example')).json();
    expect(report).toMatchObject({ host: 'two.example', outcome: { kind: 'declared' } });
    const other = await (await ask(`/v1/preference/${encodeURIComponent('bücher.example')}`)).json();
    expect(other).toMatchObject({ host: 'xn--bcher-kva.example' });
  });

  it.each([
    'a%20b.example',
    'user@two.example',
    'two.example:80',
    'two.example%2Fannounce',
    '%0D%0A',
    '%E2%88%9E%20',
  ])('says that %s is no host', async (host) => {
    const { ask } = await startService();
    expect(await problemOf(await ask(`/v1/preference/${host}`))).toMatchObject({ code: 'bad-host' });
  });

  it('writes what could act on a terminal as text', async () => {
    const { ask } = await startService();
    const text = await (await ask('/v1/preference/xss.example')).text();
    expect(text).not.toContain('\\u001b');
    expect(JSON.parse(text).outcome.record).toContain('\\u{1b}[31m');
  });
});

describe('GET /v1/rewrite', () => {
  const query = (url: string, rest = '') => `/v1/rewrite?url=${encodeURIComponent(url)}${rest}`;

  it('gives the URLs that are right, and why', async () => {
    const { ask } = await startService();
    const report = await reportOf(await ask(query('http://two.example:1/announce')));
    expect(report).toMatchObject({
      kind: 'url',
      changed: true,
      result: 'udp://two.example:6969/announce\nhttp://two.example:6970/announce\n',
      decisions: [
        {
          url: 'http://two.example:1/announce',
          reason: 'replaced',
          explanation: 'The tracker declares UDP:6969, then TCP:6970, in this order.',
          host: 'two.example',
          outcome: { kind: 'declared', record: 'BITTORRENT UDP:6969 TCP:6970' },
        },
      ],
      tiers: {
        before: [['http://two.example:1/announce']],
        after: [['udp://two.example:6969/announce', 'http://two.example:6970/announce']],
      },
    });
  });

  it.each([
    ['http://two.example:6970/announce', '&mode=prefer', 'replaced', 2],
    ['http://two.example:6970/announce', '', 'listed', 1],
    ['http://two.example:1/announce', '&mode=off', 'off', 1],
    ['udp://none.example:1', '', 'denied', 0],
    ['udp://none.example:1', '&keep_denied=true', 'denied', 1],
    ['https://plain.example/announce', '', 'downgrade-refused', 1],
    ['https://plain.example/announce', '&allow_downgrade=true', 'replaced', 1],
    ['udp://mute.example:1', '&spread=false', 'silent', 1],
    ['udp://nobody.example:1', '', 'silent', 1],
    ['udp://many.example:1', '', 'conflict', 1],
    ['udp://elsewhere.test:1', '', 'failed', 1],
    ['udp://127.0.0.1:1', '', 'literal', 1],
    ['udp://two.example:99999', '', 'malformed', 1],
    ['gopher://two.example', '', 'malformed', 1],
    ['ws://two.example/', '', 'replaced', 1],
  ])('%s%s: %s', async (url, rest, reason, count) => {
    const { ask } = await startService();
    const { decisions } = await reportOf(await ask(query(url, rest)));
    expect(decisions).toMatchObject([{ reason }]);
    expect(decisions[0]!.urls).toHaveLength(count);
    expect(decisions[0]!.explanation).toMatch(/^[A-Z].*\.$/);
  });

  it('takes a magnet link too', async () => {
    const { ask } = await startService();
    const magnet = 'magnet:?xt=urn:btih:0&dn=a+b%1b&tr=http%3A%2F%2Ftwo.example%3A1%2Fa';
    const report = await reportOf(await ask(query(magnet)));
    expect(report).toMatchObject({ kind: 'magnet', changed: true, name: 'a b\\u{1b}' });
    expect(report.result).toBe(
      'magnet:?xt=urn:btih:0&dn=a+b%1b&tr=udp%3A%2F%2Ftwo.example%3A6969%2Fa&tr=http%3A%2F%2Ftwo.example%3A6970%2Fa\n',
    );
  });

  it('gives bare text to whoever wants it', async () => {
    const { ask } = await startService();
    const response = await ask(query('http://two.example:1/a'), { headers: { accept: 'text/*' } });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('portolan-reasons')).toBe('replaced=1');
    expect(await response.text()).toBe('udp://two.example:6969/a\nhttp://two.example:6970/a\n');
  });

  it.each([
    ['/v1/rewrite', 'url: expected a tracker URL or a magnet link.'],
    ['/v1/rewrite?url=', 'url: expected a tracker URL or a magnet link.'],
    ['/v1/rewrite?url=udp://a.b:1&url=udp://c.d:1', 'url: expected a tracker URL or a magnet link.'],
    ['/v1/rewrite?url=udp://a.b:1&mode=best', 'mode: expected "fix", "prefer" or "off".'],
    ['/v1/rewrite?url=udp://a.b:1&spread=1', 'spread: expected "true" or "false".'],
    ['/v1/rewrite?url=udp://a.b:1&passkey=0123456789abcdef', 'a parameter is not known.'],
  ])('says what is wrong with %s', async (path, detail) => {
    const { ask } = await startService();
    expect(await problemOf(await ask(path))).toMatchObject({ code: 'bad-parameter', detail });
  });

  it('lets no octet of a URL become a header', async () => {
    const { ask } = await startService();
    const url = 'http://two.example:1/a\r\nset-cookie: a=b\r\n\r\n<script>';
    const response = await ask(query(url), { headers: { accept: 'text/plain' } });
    expect([...response.headers.keys()]).not.toContain('set-cookie');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('portolan-reasons')).toBe('malformed=1');
  });
});

describe('POST /v1/rewrite', () => {
  const OLD = 'http://two.example:1/announce';
  const RIGHT = 'udp://two.example:6969/announce';

  it('takes a torrent and gives a torrent, with the same info dictionary', async () => {
    const { post } = await startService();
    const octets = torrentOf({ announce: OLD });
    const response = await post(octets.slice(), TORRENT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': TORRENT,
      'content-disposition': 'attachment; filename="rewritten.torrent"',
      'portolan-changed': 'true',
      'portolan-reasons': 'replaced=1',
      'cache-control': 'no-store',
    });
    const text = textOf(new Uint8Array(await response.arrayBuffer()));
    expect(text).toContain(`8:announce${RIGHT.length}:${RIGHT}`);
    const info = textOf(octets).slice(textOf(octets).indexOf('4:info'), -1);
    expect(text.endsWith(`${info}e`)).toBe(true);
  });

  it.each([
    ['v1', INFO.v1, ['v1']],
    ['v2', INFO.v2, ['v2']],
    ['hybrid', INFO.hybrid, ['v1', 'v2']],
  ])('shows the info-hashes of a %s torrent', async (_, info, versions) => {
    const { post } = await startService();
    const octets = torrentOf({ announce: OLD, info });
    const report = await reportOf(await post(octets.slice(), TORRENT, asJson));
    expect(report).toMatchObject({ kind: 'torrent', name: 'n', changed: true });
    const result = Buffer.from(report.result, 'base64');
    expect(result.includes(RIGHT)).toBe(true);
    const start = octets.indexOf(0x64, textOf(octets).indexOf('4:info'));
    const end = textOf(octets).indexOf('5:nodes');
    const hash = (name: string) => createHash(name).update(octets.subarray(start, end)).digest('hex');
    const expected = { v1: hash('sha1'), v2: hash('sha256') };
    expect(report.infoHashes).toEqual(
      Object.fromEntries(Object.entries(expected).filter(([version]) => versions.includes(version))),
    );
  });

  it.each([
    [
      'beside its list',
      { announce: `${OLD}/SWORDFISH`, 'announce-list': [[OLD]] },
      { before: '/…', after: '/…' },
    ],
    ['that is alone', { announce: OLD }, { before: '', after: '' }],
    ['that is not there', { 'announce-list': [[OLD]] }, undefined],
  ])('says what becomes of an announce %s', async (_, fields, rest) => {
    const { post } = await startService();
    const report = await reportOf(await post(torrentOf(fields).slice(), TORRENT, asJson));
    const { before, after } = rest ?? {};
    expect(report.announce).toEqual(
      rest === undefined ? {} : { before: `${OLD}${before}`, after: `${RIGHT}${after}` },
    );
  });

  it('takes the resume file of a client, and computes no info-hash of it', async () => {
    const { post } = await startService();
    const resume = (...urls: readonly string[]): string =>
      `d11:file-format22:libtorrent resume file9:info-hash20:${'h'.repeat(20)}8:trackersll${urls.map((url) => `${url.length}:${url}`).join('')}eee`;
    const octets = new TextEncoder().encode(resume(OLD));
    const response = await post(new Blob([octets]), undefined);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="rewritten.fastresume"');
    expect(await response.text()).toBe(resume(RIGHT, 'http://two.example:6970/announce'));
    const report = await reportOf(await post(octets, TORRENT, asJson));
    expect(report).toMatchObject({ kind: 'torrent', changed: true, announce: {} });
    expect(report).not.toHaveProperty('infoHashes');
    expect(report).not.toHaveProperty('name');
  });

  it.each([
    ['nothing said', undefined],
    ['octets', 'application/octet-stream'],
  ])('tells by itself what came: %s', async (_, type) => {
    const { post } = await startService();
    const kinds: unknown[] = [];
    for (const body of [
      torrentOf({ announce: OLD }),
      `magnet:?tr=${OLD}`,
      `${OLD}\n\nudp://none.example:1\n`,
    ]) {
      const octets = typeof body === 'string' ? new TextEncoder().encode(body) : body.slice();
      kinds.push((await reportOf(await post(new Blob([octets]), type, asJson))).kind);
    }
    expect(kinds).toEqual(['torrent', 'magnet', 'list']);
  });

  it('takes a list and gives a list', async () => {
    const { post } = await startService();
    const response = await post(
      `# ours\r\n${OLD}\r\n\r\nudp://none.example:1\r\n`,
      'text/plain; charset=utf-8',
    );
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(`# ours\r\n${RIGHT}\r\nhttp://two.example:6970/announce\r\n`);
  });

  it.each([
    [{ url: OLD }, 'url', `${RIGHT}\nhttp://two.example:6970/announce\n`],
    [{ list: `${OLD}\n` }, 'list', `${RIGHT}\nhttp://two.example:6970/announce\n`],
    [
      { magnet: 'magnet:?tr=http://two.example:1/' },
      'magnet',
      'magnet:?tr=udp%3A%2F%2Ftwo.example%3A6969%2F&tr=http%3A%2F%2Ftwo.example%3A6970%2F\n',
    ],
    [
      { torrent: Buffer.from(torrentOf({ announce: 'udp://mute.example:1' })).toString('base64') },
      'torrent',
      Buffer.from(torrentOf({ announce: 'udp://mute.example:1' })).toString('base64'),
    ],
  ])('takes JSON and gives JSON: %o', async (body, kind, result) => {
    const { post } = await startService();
    expect(await reportOf(await post(JSON.stringify(body), JSON_TYPE))).toMatchObject({ kind, result });
  });

  it('takes its options from the query', async () => {
    const { post } = await startService();
    const path = '/v1/rewrite?spread=true&keep_denied=true';
    const response = await post(`${OLD}\nudp://none.example:1\n`, 'text/plain', { path });
    expect(await response.text()).toBe(
      `${RIGHT}\n\nhttp://two.example:6970/announce\n\nudp://none.example:1\n`,
    );
  });

  it.each([
    ['an empty body', '', 'text/plain', 'empty-body', 400],
    ['JSON that is none', '{"url":', JSON_TYPE, 'bad-json', 400],
    ['JSON of another form', '{"url":"udp://a.b:1","list":""}', JSON_TYPE, 'bad-json', 400],
    ['JSON with a prototype', '{"url":"udp://a.b:1","__proto__":{}}', JSON_TYPE, 'bad-json', 400],
    ['Base64 that is none', '{"torrent":"!!!!"}', JSON_TYPE, 'bad-json', 400],
    ['a magnet that is none', '{"magnet":"http://a.b"}', JSON_TYPE, 'bad-magnet', 422],
    ['a type that is no torrent', 'd4:infodee', 'image/png', 'unsupported-media-type', 415],
    ['a form', 'url=udp://a.b:1', 'application/x-www-form-urlencoded', 'unsupported-media-type', 415],
    ['a type that is no type', 'x', 'torrent', 'unsupported-media-type', 415],
    ['too many URLs', 'a\n'.repeat(10_001), 'text/plain', 'too-many-urls', 422],
    [
      'too many hosts',
      Array.from({ length: 501 }, (_, host) => `udp://${host}.a:1`).join('\n'),
      'text/plain',
      'too-many-hosts',
      422,
    ],
    ['too long a text', ' '.repeat(1024 * 1024 + 1), 'text/plain', 'body-too-large', 413],
    ['a list called a torrent', 'udp://two.example:1', TORRENT, 'bad-torrent', 422],
  ])('refuses %s', async (_, body, type, code, status) => {
    const { post } = await startService();
    expect(await problemOf(await post(body, type))).toMatchObject({ code, status });
  });

  it.each([
    ['d8:announce3:x', 11, 'truncated'],
    ['d4:infod4:name1:aee1', 19, 'trailing-octets'],
    ['d8:announce1:xe', 0, 'not-a-torrent'],
    [`${'l'.repeat(100_000)}`, 1, undefined],
  ])('names the offset at which %.20s is no torrent', async (text, offset, reason) => {
    const { post } = await startService();
    const problem = await problemOf(await post(torrentFrom(text).slice(), TORRENT));
    expect(problem.code).toBe('bad-torrent');
    expect(problem.offset).toBeGreaterThanOrEqual(0);
    expect(problem.detail).toContain(`At offset ${problem.offset}: `);
    if (reason !== undefined) expect(problem).toMatchObject({ offset, reason });
  });

  it('has a limit for torrents, which the operator sets', async () => {
    const { post } = await startService({ settings: { max_torrent_octets: '2000' } });
    const padded = torrentOf({ announce: OLD, comment: 'x'.repeat(2000) });
    expect(await problemOf(await post(padded.slice(), TORRENT))).toMatchObject({
      code: 'body-too-large',
      detail: 'A torrent has at most 2000 octets here.',
    });
    const huge = new Uint8Array(1024 * 1024 + 1);
    expect(await problemOf(await post(huge, TORRENT))).toMatchObject({ code: 'body-too-large' });
  });

  it('unpacks nothing', async () => {
    const { post } = await startService();
    const response = await post('x', 'text/plain', { headers: { 'content-encoding': 'gzip' } });
    expect(await problemOf(response)).toMatchObject({ code: 'unsupported-media-type' });
  });

  it.each([
    ['application/json;q=0.1, application/x-bittorrent', TORRENT],
    ['application/json, application/x-bittorrent;q=0.9', `${JSON_TYPE}; charset=utf-8`],
    ['*/*', TORRENT],
    ['application/*, application/x-bittorrent;q=0', `${JSON_TYPE}; charset=utf-8`],
    ['text/html', undefined],
  ])('answers Accept: %s', async (accept, type) => {
    const { post } = await startService();
    const response = await post(torrentOf({ announce: OLD }).slice(), TORRENT, { headers: { accept } });
    if (type === undefined) expect(await problemOf(response)).toMatchObject({ code: 'not-acceptable' });
    else expect(response.headers.get('content-type')).toBe(type);
  });
});

describe('what a stranger sends', () => {
  it('is refused when its body has no end', async () => {
    const { address, ask } = await startService({ settings: { max_torrent_octets: '2000' } });
    const client = await connectTcp(address);
    client.send(
      `POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sent = 0;
    const pump = (): void => {
      while (!client.socket.destroyed && client.socket.writableLength < chunk.length * 4) {
        client.send(chunk);
        sent += 0x10000;
      }
    };
    client.socket.on('drain', pump).on('error', () => undefined);
    pump();
    const answer = (await client.ended()).toString();
    // The answer may be lost: octets that nobody reads any more end the connection with a reset.
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"body-too-large"/);
    expect(sent).toBeGreaterThan(1024 * 1024);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    expect((await ask('/v1/preference/two.example')).status).toBe(200);
  });

  it('is refused when it does not come in time', async () => {
    const { address } = await startService({ requestMilliseconds: 300 });
    const client = await connectTcp(address);
    client.send(
      'POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nudp',
    );
    const answer = (await client.ended()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request-timeout"');
  });

  it.each([
    ['octets that are no request', 'hello\r\n\r\n', 400],
    ['a header without end', `GET / HTTP/1.1\r\nhost: localhost\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST /v1/rewrite HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      400,
    ],
    [
      'a length and chunks',
      'POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('is refused when it is %s', async (_, request, status) => {
    const { address } = await startService();
    const client = await connectTcp(address);
    client.send(request);
    expect((await client.ended()).toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it.each([
    '/../../etc/passwd',
    '/rewrite/../../../package.json',
    '/rewrite/..%2f..%2fpackage.json',
    '/rewrite/%2e%2e%2f%2e%2e%2fpackage.json',
    '/rewrite/..\\..\\package.json',
    '/rewrite/report.ts',
    '/rewrite/rewrite.html',
    '/rewrite/%00',
    '/v1/problems/..',
    '/v1/problems/constructor',
    '//evil.example/',
  ])('finds nothing at %s', async (path) => {
    const { address } = await startService();
    const client = await connectTcp(address);
    client.send(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    const answer = (await client.ended()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 (404|400) /);
    expect(answer).not.toContain('portolan"');
  });

  it('is counted: who asks too often waits', async () => {
    const { ask, post } = await startService({ settings: { rate_limit: '3' } });
    for (let count = 0; count < 3; count++) expect((await ask('/v1/preference/127.0.0.1')).status).toBe(200);
    const refused = await post('udp://127.0.0.1:1', 'text/plain');
    expect(await problemOf(refused)).toMatchObject({ code: 'rate-limited', status: 429 });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('/rewrite')).status).toBe(200);
  });

  it('counts the clients of a trusted proxy apart, and nobody else’s word', async () => {
    const trusting = await startService({ settings: { rate_limit: '1', trusted_proxies: ['127.0.0.1'] } });
    const from = (client: string) => ({ headers: { 'x-forwarded-for': client } });
    const path = '/v1/preference/127.0.0.1';
    const statuses = [];
    for (const client of [
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.1',
      '2001:db8::1',
      '2001:db8::2',
      'fe80::1%eth0',
      'x',
    ])
      statuses.push((await trusting.ask(path, from(client))).status);
    expect(statuses).toEqual([200, 200, 429, 200, 429, 200, 200]);
    const wary = await startService({ settings: { rate_limit: '1' } });
    expect((await wary.ask(path, from('192.0.2.1'))).status).toBe(200);
    expect((await wary.ask(path, from('192.0.2.2'))).status).toBe(429);
  });
});

describe('the form without scripts', () => {
  it.each(['text=udp%3A%2F%2Fa.example&foo=1', 'text=udp%3A%2F%2Fa.example&mode=bad'])(
    'says what is wrong with %s',
    async (body) => {
      const { ask, log } = await startService();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await ask('/rewrite', { method: 'POST', body, headers });
      expect(answer.status).toBe(400);
      expect(log).toEqual([]);
    },
  );
});

describe('passkeys', () => {
  const PASSKEY = '0123456789abcdef0123456789abcdef';

  it('are whole in the result, and hidden everywhere else', async () => {
    const { post, log } = await startService();
    const url = `http://two.example:1/${PASSKEY}/announce?k=${PASSKEY}`;
    const { result, ...rest } = await reportOf(await post(url, 'text/plain', asJson));
    expect(result).toContain(PASSKEY);
    expect(JSON.stringify(rest)).not.toContain(PASSKEY);
    expect(rest.decisions[0]!.url).toBe('http://two.example:1/…/announce?k=…');
    expect(log).toEqual([]);
  });

  it.each([
    ['a broken torrent', `d8:announce${PASSKEY}`, TORRENT, '/v1/rewrite'],
    ['broken JSON', `{"url":"http://two.example/${PASSKEY}"`, JSON_TYPE, '/v1/rewrite'],
    [
      'a wrong option',
      `http://two.example/${PASSKEY}`,
      'text/plain',
      `/v1/rewrite?mode=${PASSKEY}&${PASSKEY}=1`,
    ],
    ['a wrong type', PASSKEY, `text/${PASSKEY}`, '/v1/rewrite'],
    ['a wrong path', PASSKEY, 'text/plain', `/${PASSKEY}`],
  ])('are not in the answer to %s, nor in the log', async (_, body, type, path) => {
    const { post, log } = await startService();
    const response = await post(body, type, { path });
    expect(response.status).toBeGreaterThanOrEqual(400);
    const answer = await response.text();
    expect(answer + JSON.stringify([...response.headers])).not.toContain(PASSKEY);
    expect(log).toEqual([]);
  });
});

describe('the paths', () => {
  const allowed = [
    ['/v1/rewrite', 'GET, HEAD, OPTIONS, POST'],
    ['/v1/preference/plain.example', 'GET, HEAD, OPTIONS'],
    ['/v1/openapi.json', 'GET, HEAD, OPTIONS'],
    ['/v1/problems/busy', 'GET, HEAD, OPTIONS'],
    ['/rewrite', 'GET, HEAD, OPTIONS, POST'],
    ['/', 'GET, HEAD, OPTIONS'],
  ] as const;

  it.each(allowed)('%s: say that they take %s, and no other method', async (path, allow) => {
    const { ask } = await startService();
    const told = await ask(path, { method: 'OPTIONS' });
    expect({ status: told.status, allow: told.headers.get('allow') }).toEqual({ status: 204, allow });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      if (allow.includes(method)) continue;
      const body = new Uint8Array(2048); // of no type, and nobody reads it
      const refused = await ask(path, { method, body });
      expect(refused.headers.get('allow')).toBe(allow);
      expect(await problemOf(refused)).toMatchObject({ code: 'wrong-method' });
    }
  });

  it('that are not there say so to every method', async () => {
    const { ask } = await startService();
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await problemOf(await ask('/v1/nothing', { method }))).toMatchObject({ code: 'not-found' });
    }
  });

  it('explain every code where its type leads', async () => {
    const { ask } = await startService();
    for (const [code, [status, title]] of Object.entries(PROBLEMS)) {
      const shown = await (await ask(`/v1/problems/${code}`)).json();
      expect(problemSchema.parse(shown)).toMatchObject({ code, status, title });
    }
  });
});
