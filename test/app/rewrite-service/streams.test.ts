import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Client } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  MAX_LINE_OCTETS,
  MAX_STREAM_LOOKUPS,
  MAX_STREAMS_OF_CLIENT,
} from '../../../src/app/rewrite-service/limits.ts';
import { type StreamAnswer, streamAnswerSchema } from '../../../src/app/rewrite-service/stream-schemas.ts';
import { createHostileDns, fails } from '../../support/hostile-dns.ts';
import { connectTcp } from '../../support/tcp-client.ts';
import { startService } from './service.ts';

const NDJSON = 'application/x-ndjson';
const REPLACED = 'http://two.example:1/announce';
const OF_REPLACED = ['udp://two.example:6969/announce', 'http://two.example:6970/announce'];

type Service = Awaited<ReturnType<typeof startService>>;

async function answersTo(
  { post }: Service,
  body: string | Uint8Array<ArrayBuffer>,
  query = '',
): Promise<StreamAnswer[]> {
  const response = await post(body, NDJSON, { path: `/v1/rewrite${query}` });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(NDJSON);
  const text = await response.text();
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => streamAnswerSchema.parse(JSON.parse(line)));
}

/** A request whose body is written by hand, and the answer line by line. */
function openStream({ address }: Service, headers: Record<string, string> = {}) {
  const { port } = address;
  const asked = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/v1/rewrite',
    headers: { 'content-type': NDJSON, ...headers },
  });
  asked.on('error', () => undefined);
  onTestFinished(() => void asked.destroy());
  const response = once(asked, 'response').then(([got]) => got as IncomingMessage);
  const lines = response.then((got) => createInterface(got)[Symbol.asyncIterator]());
  lines.catch(() => undefined); // of streams that are given up before they are answered
  return {
    asked,
    next: async (): Promise<unknown> => {
      const { value, done } = await (await lines).next();
      return done === true ? undefined : JSON.parse(value as string);
    },
  };
}

/** The server hears of a connection's end a moment after the client. */
async function firstNotBusy({ post }: Service): Promise<number> {
  for (;;) {
    const { status } = await post('udp://127.0.0.1:1', NDJSON);
    if (status !== 503) return status;
  }
}

describe('each line of a stream is answered by one', () => {
  it.each<[string, string, object]>([
    ['a bare URL', REPLACED, { kind: 'url', reason: 'replaced', urls: OF_REPLACED, host: 'two.example' }],
    ['a string', JSON.stringify(REPLACED), { kind: 'url', reason: 'replaced', urls: OF_REPLACED }],
    ['an object', JSON.stringify({ url: REPLACED }), { kind: 'url', reason: 'replaced', urls: OF_REPLACED }],
    [
      'a URL that goes',
      'udp://none.example:1',
      { kind: 'url', reason: 'denied', urls: [], host: 'none.example' },
    ],
    [
      'a URL that is none',
      'hello',
      { kind: 'url', reason: 'malformed', urls: ['hello'], fault: 'bad-scheme' },
    ],
    [
      'a passkey',
      'http://two.example:1/0123456789abcdef/announce',
      { urls: ['udp://two.example:6969/0123456789abcdef/announce', expect.any(String)] },
    ],
    [
      'a magnet link',
      'magnet:?xt=urn:btih:a&tr=udp%3A%2F%2Fplain.example%3A1',
      {
        kind: 'magnet',
        changed: true,
        magnet: 'magnet:?xt=urn:btih:a&tr=http%3A%2F%2Fplain.example%3A80',
        trackers: [{ reason: 'replaced', host: 'plain.example' }],
      },
    ],
    [
      'a magnet link in an object',
      '{"magnet":"magnet:?xt=1"}',
      { kind: 'magnet', changed: false, trackers: [] },
    ],
    ['no magnet link', '{"magnet":"http://a.b"}', { kind: 'problem', problem: { code: 'bad-magnet' } }],
    ['half an object', '{"url":"udp', { kind: 'problem', problem: { code: 'bad-line', status: 422 } }],
    ['an object of another kind', '{"torrent":"AAAA"}', { kind: 'problem', problem: { code: 'bad-line' } }],
    ['a member too many', '{"url":"a","b":1}', { kind: 'problem', problem: { code: 'bad-line' } }],
    ['a blank around it', `  ${REPLACED} \r`, { kind: 'url', reason: 'replaced', urls: OF_REPLACED }],
  ])('%s', async (_, line, expected) => {
    const service = await startService();
    const answers = await answersTo(service, `# a comment\n\n${line}\nudp://127.0.0.1:1\n`);
    expect(answers).toMatchObject([
      { line: 3, ...expected },
      { line: 4, kind: 'url', reason: 'literal' },
    ]);
  });

  it('what is not UTF-8 is told of, and the next line is answered', async () => {
    const body = new Uint8Array([0x75, 0xff, 0x0a, ...new TextEncoder().encode(REPLACED)]);
    expect(await answersTo(await startService(), body)).toMatchObject([
      { line: 1, problem: { code: 'bad-line' } },
      { line: 2, urls: OF_REPLACED },
    ]);
  });

  it('a line is told to be too long before it ends, and the next one is answered', async () => {
    const service = await startService();
    const longest = `udp://127.0.0.1:1/${'a'.repeat(MAX_LINE_OCTETS - 18)}`;
    const body = `${longest}\n${longest}b\n${'c'.repeat(5 * MAX_LINE_OCTETS)}\n${REPLACED}`;
    expect(await answersTo(service, body)).toMatchObject([
      { line: 1, reason: 'literal' },
      { line: 2, problem: { code: 'line-too-long', status: 413 } },
      { line: 3, problem: { code: 'line-too-long' } },
      { line: 4, urls: OF_REPLACED },
    ]);
    const stream = openStream(service);
    stream.asked.write('x'.repeat(MAX_LINE_OCTETS + 1));
    expect(await stream.next()).toMatchObject({ line: 1, problem: { code: 'line-too-long' } });
  });

  it('the query says how, as for anything else', async () => {
    const service = await startService();
    expect(await answersTo(service, 'udp://none.example:1', '?keep_denied=true')).toMatchObject([
      { reason: 'denied', urls: ['udp://none.example:1'] },
    ]);
    expect(await answersTo(service, REPLACED, '?mode=off')).toMatchObject([{ reason: 'off' }]);
    const wrong = await service.post(REPLACED, NDJSON, { path: '/v1/rewrite?mode=never' });
    expect(await wrong.json()).toMatchObject({ code: 'bad-parameter' });
  });

  it.each([
    ['an answer of another type', { accept: 'application/json' }, 'not-acceptable'],
    ['a body that is packed', { 'content-encoding': 'gzip' }, 'unsupported-media-type'],
  ])('%s is refused', async (_, headers, code) => {
    const { post } = await startService();
    expect(await (await post(REPLACED, NDJSON, { headers })).json()).toMatchObject({ code });
  });

  it('an empty stream has an empty answer', async () => {
    expect(await answersTo(await startService(), '\n')).toEqual([]);
  });
});

describe('a stream', () => {
  it('is answered while it comes, however its octets are parted', async () => {
    const stream = openStream(await startService());
    for (const part of ['http://two.exa', 'mple:1/announce', '\nudp://127.0.0.1:1\nudp:'])
      stream.asked.write(part);
    expect(await stream.next()).toMatchObject({ line: 1, urls: OF_REPLACED });
    expect(await stream.next()).toMatchObject({ line: 2, reason: 'literal' });
    stream.asked.end('//none.example:1');
    expect(await stream.next()).toMatchObject({ line: 3, reason: 'denied' });
    expect(await stream.next()).toBeUndefined();
  });

  it('keeps its order, whichever host answers first', async () => {
    const service = await startService();
    const hosts = ['silent.elsewhere.test', 'two.example', 'nobody.example', 'none.example', '127.0.0.1'];
    const urls = Array.from(
      { length: 1000 },
      (_, index) => `udp://${hosts[index % hosts.length]}:${index + 1}`,
    );
    const answers = await answersTo(service, urls.join('\n'));
    expect(answers.map(({ line }) => line)).toEqual(urls.map((_, index) => index + 1));
    expect(answers.map((answer) => 'host' in answer && answer.host)).toEqual(
      urls.map((_, index) => (index % 5 === 4 ? false : hosts[index % 5])),
    );
  });

  it('is not read further than its answers are', async () => {
    const service = await startService();
    const client = new Client(service.origin);
    onTestFinished(() => client.destroy());
    let sent = 0;
    const line = `${REPLACED}?${'k'.repeat(1000)}\n`.repeat(64);
    const body = new Readable({
      read() {
        sent += line.length;
        this.push(line);
      },
    });
    const response = await client.request({
      method: 'POST',
      path: '/v1/rewrite',
      headers: { 'content-type': NDJSON },
      body,
    });
    response.body.on('error', () => undefined);
    let before = -1;
    // Nobody reads: what is sent comes to a stop where the buffers of both ends are full.
    while (before !== sent) {
      before = sent;
      for (let turn = 0; turn < 2000; turn++) await setImmediate();
    }
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    body.destroy();
  });

  it('whose client is gone leaves its place to another', async () => {
    const { log, ...service } = await startService();
    const stream = openStream({ log, ...service });
    stream.asked.write(`${REPLACED}\n`);
    await stream.next();
    stream.asked.destroy();
    const others = Array.from({ length: MAX_STREAMS_OF_CLIENT - 1 }, () => openStream({ log, ...service }));
    for (const other of others) other.asked.write(`${REPLACED}\n`);
    for (const other of others) expect(await other.next()).toMatchObject({ line: 1 });
    // Its place is free again.
    expect(await firstNotBusy({ log, ...service })).toBe(200);
    expect(log).toEqual([]);
  });

  it('that stands still is ended with a line that says so', async () => {
    const service = await startService({ idleMilliseconds: 100 });
    const stream = openStream(service);
    stream.asked.write(`${REPLACED}\nudp:`);
    expect(await stream.next()).toMatchObject({ line: 1 });
    const last = await stream.next();
    expect(last).toMatchObject({ kind: 'problem', problem: { code: 'request-timeout', status: 408 } });
    expect(last).not.toHaveProperty('line');
    expect(await stream.next()).toBeUndefined();
  });

  it('may take longer than a body that is held', async () => {
    const service = await startService({ requestMilliseconds: 100, idleMilliseconds: 10_000 });
    const stream = openStream(service);
    const start = performance.now();
    for (let line = 1; performance.now() - start < 300; line++) {
      stream.asked.write(`${REPLACED}\n`);
      expect(await stream.next()).toMatchObject({ line });
    }
  });

  it('whose client does not read is ended', async () => {
    const service = await startService({ idleMilliseconds: 200 });
    const client = await connectTcp(service.address);
    client.socket.pause();
    client.send(
      `POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${NDJSON}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const line = `${REPLACED}?${'k'.repeat(1000)}\n`.repeat(64);
    const chunk = `${line.length.toString(16)}\r\n${line}\r\n`;
    const pump = (): void => {
      while (!client.socket.destroyed && client.socket.write(chunk));
    };
    client.socket.on('drain', pump);
    const closed = new Promise<void>((resolve) => client.socket.once('close', () => resolve()));
    client.socket.on('error', () => client.socket.destroy());
    pump();
    await closed;
    expect((await service.ask('/v1/preference/two.example')).status).toBe(200);
  });

  it('of broken chunks is cut, with nothing that could be taken for answers', async () => {
    const service = await startService();
    const client = await connectTcp(service.address);
    const line = `${REPLACED}\n`;
    client.send(
      `POST /v1/rewrite HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${NDJSON}\r\ntransfer-encoding: chunked\r\n\r\n` +
        `${line.length.toString(16)}\r\n${line}\r\n`,
    );
    await once(client.socket, 'data');
    client.send('what?\r\n');
    expect((await client.ended()).toString().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

it('of a client that is gone, nothing more is looked up', async () => {
  const dns = await createHostileDns();
  onTestFinished(() => dns.close());
  const service = await startService({ settings: { resolvers: [dns.server] } });
  const held: (() => void)[] = [];
  const full = Promise.withResolvers<void>();
  const names = Array.from({ length: 400 }, (_, index) => `n${index}.example`);
  for (const name of names) {
    dns.on(name, (asked) => {
      held.push(() => fails('SERVFAIL')(asked));
      if (held.length === MAX_STREAM_LOOKUPS) full.resolve();
    });
  }
  dns.on('after.example', fails('NXDOMAIN'));
  const stream = openStream(service);
  stream.asked.write(`${names.map((name) => `udp://${name}:1`).join('\n')}\n`);
  await full.promise;
  const others = Array.from({ length: MAX_STREAMS_OF_CLIENT - 1 }, () => openStream(service));
  for (const other of others) other.asked.write('udp://127.0.0.1:1\n');
  for (const other of others) expect(await other.next()).toMatchObject({ line: 1 });
  stream.asked.destroy();
  expect(await firstNotBusy(service)).toBe(200);
  for (const answer of held) answer();
  expect((await service.ask('/v1/preference/after.example')).status).toBe(200);
  expect(held).toHaveLength(MAX_STREAM_LOOKUPS);
});

describe('streams share what there is', () => {
  it('a client has a few at once', async () => {
    const service = await startService();
    const streams = Array.from({ length: MAX_STREAMS_OF_CLIENT }, () => openStream(service));
    for (const { asked } of streams) asked.write(`${REPLACED}\n`);
    for (const stream of streams) await stream.next();
    const response = await service.post(REPLACED, NDJSON);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    streams[0]!.asked.end();
    expect(await streams[0]!.next()).toBeUndefined();
    expect(await firstNotBusy(service)).toBe(200);
  });

  it('many hosts count as many requests, and those beyond are told so', async () => {
    const service = await startService({ settings: { rate_limit: '3' } });
    const names = Array.from({ length: 2000 }, (_, index) => `udp://n${index}.example:1`);
    const answers = await answersTo(
      service,
      [...names, 'udp://127.0.0.1:1', 'udp://n0.example:1'].join('\n'),
    );
    const kinds = answers.map((answer) => {
      if (answer.kind === 'problem') return answer.problem.code;
      return answer.kind === 'url' ? answer.reason : answer.kind;
    });
    expect(kinds.slice(0, 1500)).toEqual(Array.from({ length: 1500 }, () => 'silent'));
    expect(kinds.slice(1500, 2000)).toEqual(Array.from({ length: 500 }, () => 'rate-limited'));
    expect(kinds.slice(2000)).toEqual(['literal', 'silent']);
  });
});
