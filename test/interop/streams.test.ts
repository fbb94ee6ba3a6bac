// Lists longer than memory wants, through real clients: curl and undici, in a hurry and slow, to the end and not.

import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { startPortolan, until } from './portolan-server.ts';
import { isInstalled, isMissing, type Running, run, start } from './programs.ts';

const LINES = 1_000_000;
const HOSTS = 200;
/** Of the server's memory while 40 MB go in and 170 MB come out; the young generation of V8 alone may take 100. */
const MAX_GROWTH_KILOBYTES = 200_000;
const NDJSON = 'application/x-ndjson';

const folder = createFolder();
const left = isMissing('curl is not installed', isInstalled('curl'));
let server: Running;
let url: string;
let path: string;
let expected: string;

const lineOf = (index: number): string => `http://h${index % HOSTS}.stream.example:1/announce?k=${index}`;
const answerTo = (index: number): string =>
  JSON.stringify({
    kind: 'url',
    line: index + 1,
    reason: 'replaced',
    urls: ['udp', 'http'].map(
      (scheme, at) => `${scheme}://h${index % HOSTS}.stream.example:${6969 + at}/announce?k=${index}`,
    ),
    host: `h${index % HOSTS}.stream.example`,
  });

/** A thousand lines at a time. */
function* linesInParts(): Generator<string> {
  for (let first = 0; first < LINES; first += 1000)
    yield Array.from({ length: 1000 }, (_, index) => `${lineOf(first + index)}\n`).join('');
}

beforeAll(async () => {
  const [dnsPort, adminPort] = (await findFreePorts(2)) as [number, number];
  const records = Array.from({ length: HOSTS }, (_, index) => `h${index} TXT "BITTORRENT UDP:6969 TCP:6970"`);
  const zone = `$ORIGIN stream.example.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 604800 60\n@ NS ns\nns A 127.0.0.1\n`;
  server = await startPortolan({
    folder: folder.path,
    dnsPort,
    adminPort,
    zones: { 'stream.example.zone': `${zone}${records.join('\n')}\n` },
    dns: `[rewriter]\nresolvers = ["127.0.0.1:${dnsPort}"]\n`,
  });
  url = `http://127.0.0.1:${adminPort}/v1/rewrite`;
  path = join(folder.path, 'lines');
  const file = createWriteStream(path);
  const hash = createHash('sha256');
  for (const part of linesInParts())
    if (!file.write(part)) await new Promise((resolve) => file.once('drain', resolve));
  file.end();
  await finished(file);
  for (let index = 0; index < LINES; index++) hash.update(`${answerTo(index)}\n`);
  expected = hash.digest('hex');
});

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

/** A member of Linux's /proc/PID/status, in kilobytes. */
function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]);
}

/** Of the server, all threads, in clock ticks. */
function processorTime(): number {
  const [, rest] = readFileSync(`/proc/${server.child.pid}/stat`, 'utf8').split(') ');
  const fields = rest!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const post = (...words: readonly string[]) =>
  ['curl', '-s', '-S', '-N', '-X', 'POST', '-H', `content-type: ${NDJSON}`, ...words, url] as const;

describe('a million lines', () => {
  it.skipIf(left)('through curl, in order, and the memory of the server stays', async () => {
    const before = memory('VmRSS');
    const output = join(folder.path, 'answers');
    const ended = await run(post('-T', path, '-o', output, '-w', '%{http_code}'), { seconds: 100 });
    expect(ended).toEqual({ code: 0, stdout: '200', stderr: '' });
    expect(createHash('sha256').update(readFileSync(output)).digest('hex')).toBe(expected);
    expect(memory('VmHWM') - before).toBeLessThan(MAX_GROWTH_KILOBYTES);
  });

  it('through undici, which reads while it sends', async () => {
    const before = memory('VmRSS');
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': NDJSON },
      body: Readable.from(linesInParts()),
    });
    expect(statusCode).toBe(200);
    const hash = createHash('sha256');
    for await (const chunk of body) hash.update(chunk as Uint8Array);
    expect(hash.digest('hex')).toBe(expected);
    expect(memory('VmRSS') - before).toBeLessThan(MAX_GROWTH_KILOBYTES);
  });
});

it.skipIf(left)('a client that reads slowly is waited for, and holds nothing up', async () => {
  const before = memory('VmRSS');
  const slow = start(post('-T', path, '--limit-rate', '200k'));
  let seen = 0;
  slow.child.stdout!.on('data', (chunk: Buffer) => (seen += chunk.length));
  await until('the first octets', async () => seen > 100_000);
  const used = processorTime();
  const start_ = performance.now();
  const quick = await run(post('--data-binary', `${lineOf(0)}\n`));
  expect(quick.stdout).toBe(`${answerTo(0)}\n`);
  expect(performance.now() - start_).toBeLessThan(2000);
  await until('more of them', async () => seen > 500_000);
  expect(slow.child.exitCode).toBeNull();
  // Some hundred thousand of 170 million octets: the rest has not been worked out ahead.
  expect(processorTime() - used).toBeLessThan(100);
  expect(memory('VmRSS') - before).toBeLessThan(MAX_GROWTH_KILOBYTES);
  await slow.stop();
});

it.skipIf(left)('a client that goes in the middle takes its work with it', async () => {
  const going = start(post('-T', path));
  const lines = createInterface(going.child.stdout!);
  for await (const line of lines) if (JSON.parse(line).line === 10_000) break;
  going.child.kill('SIGKILL');
  let used = processorTime();
  await until('the server rests', async () => {
    const now = processorTime();
    const rests = now - used <= 1;
    used = now;
    return rests;
  });
  expect((await run(post('--data-binary', `${lineOf(1)}\n`))).stdout).toBe(
    `${answerTo(1).replace('"line":2', '"line":1')}\n`,
  );
  expect(server.output()).not.toContain('please report this');
});
