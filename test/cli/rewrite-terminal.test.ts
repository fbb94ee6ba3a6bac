// What `portolan rewrite` shows while it works, and `--probe`, which works longest.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgress } from '../../src/cli/rewrite-progress.ts';
import { runCaptured } from '../support/captured-io.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';

let dns: HostileDns;

beforeAll(async () => {
  dns = await createHostileDns();
});

afterAll(() => dns.close());

describe('the progress bar', () => {
  /** A terminal, or what is none, and what was written to it. */
  function createTerminal(isTTY: boolean, env = {}) {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
    let shown = '';
    stream.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const stdin = new PassThrough();
    const io = { stdin, stdout: stream, stderr: stream, env, workingDirectory: '.', setExitCode() {} };
    return { io, shown: () => shown };
  }

  test('shows how far, how fast and how long still, once a second has gone by', async () => {
    const { io, shown } = createTerminal(true);
    let now = 0;
    const progress = await createProgress(
      io,
      async () => 2000,
      () => now,
    );
    progress.advance();
    expect(shown()).toBe('');
    for (let done = 1; done < 500; done++) {
      now += 4;
      progress.advance();
    }
    progress.stop();
    expect(shown()).toMatch(/\d+ % \| \d+ of 2000 \| [0-9]{3} a second \| .* left/);
  });

  test('makes room for what is printed meanwhile', async () => {
    const { io, shown } = createTerminal(true);
    let now = 0;
    const progress = await createProgress(
      io,
      async () => 100,
      () => now,
    );
    now = 2000;
    progress.advance();
    progress.io.stdout.write('a line\n');
    progress.stop();
    expect(shown()).toMatch(/of 100[^\n]*\r\u001b\[Ka line\n[\s\S]*of 100/);
  });

  test.each([
    ['no terminal', false, {}],
    ['a terminal that cannot move its cursor', true, { TERM: 'dumb' }],
  ])('is not shown on %s, and then nothing is counted', async (_what, isTTY, env) => {
    const { io, shown } = createTerminal(isTTY, env);
    let now = 0;
    const progress = await createProgress(
      io,
      () => Promise.reject(new Error('counted')),
      () => now,
    );
    now = 10_000;
    progress.advance();
    progress.stop();
    expect(shown()).toBe('');
  });

  test('short work shows none, on a terminal too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portolan-terminal-'));
    await writeFile(join(folder, 'a.txt'), 'udp://192.0.2.1:1/a\n');
    const { stderr } = await runCaptured(['rewrite', '--in-place', 'a.txt'], {
      workingDirectory: folder,
      isStderrTTY: true,
    });
    expect(stderr).toBe('0 changed, 1 unchanged, 0 failed; URLs: 1 literal\n');
    await rm(folder, { recursive: true });
  });
});

describe('--probe', () => {
  let tracker: Server;
  let alive = 0;
  let dead = 0;
  const paths: string[] = [];

  beforeAll(async () => {
    tracker = createHttpServer((request, response) => {
      paths.push(request.url ?? '');
      response.end('d8:intervali1800e5:peers0:e');
    });
    await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
    alive = (tracker.address() as AddressInfo).port;
    [dead] = (await findFreePorts(1)) as [number];
    dns.on('h.test', (asked) => {
      const [question] = asked.query.questions!;
      if (question!.type === 'A') answers({ name: 'h.test', type: 'A', ttl: 60, data: '127.0.0.1' })(asked);
      else if (question!.type === 'TXT')
        answers(txt('h.test', `BITTORRENT TCP:${dead} UDP:${dead} TCP:${alive}`))(asked);
      else answers()(asked);
    });
  });

  afterAll(() => new Promise((resolve) => tracker.close(resolve)));

  test('puts the endpoints that answer first, the others behind in their order', async () => {
    const url = 'http://h.test:1/0123456789abcdef0123456789abcdef/announce';
    const rest = url.slice('http://h.test:1'.length);
    const asDeclared = `http://h.test:${dead}${rest}\nudp://h.test:${dead}${rest}\nhttp://h.test:${alive}${rest}\n`;
    const asProbed = `http://h.test:${alive}${rest}\nhttp://h.test:${dead}${rest}\nudp://h.test:${dead}${rest}\n`;
    const rewrite = (...flags: string[]) => runCaptured(['rewrite', '--resolver', dns.server, ...flags, url]);
    expect((await rewrite()).stdout).toBe(asDeclared);
    expect((await rewrite('--probe')).stdout).toBe(asProbed);
  });

  test('takes no passkey along', () => {
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !path.startsWith('/announce?'))).toEqual([]);
  });
});
