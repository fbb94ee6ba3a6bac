// HARDENING 24: torrents that no program should write, sent to the rewriting service of a running server and given to the
// command. What each is refused for is for test/core/torrent; here is what it costs.

import { spawn } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../support/source-tree.ts';
import { TRAFFIC } from './budgets.ts';
import { type ServerProcess, startServer } from './server.ts';
import { endure } from './witness.ts';

const INFO = '4:infod6:lengthi5e4:name1:f12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae';
const text = (value: string): string => `${value.length}:${value}`;
const URL_ = 'udp://192.0.2.1:1/announce';
const SMALL = `d8:announce${text(URL_)}13:announce-listll${text(URL_)}ee${INFO}e`;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({
    settings: ['--rewriter-rate-limit', '0', '--rewriter-resolvers', '127.0.0.1:1'],
  });
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

interface Answer {
  readonly status: number;
  /** Of a refusal: `code reason offset`. */
  readonly problem: string;
  readonly octets: Buffer;
}

async function rewrite(body: Buffer): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.adminPort}/v1/rewrite`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-bittorrent' },
    body: new Uint8Array(body),
  });
  const octets = Buffer.from(await response.arrayBuffer());
  if (response.status === 200) return { status: 200, problem: '', octets };
  const { code, reason, offset } = JSON.parse(octets.toString());
  return {
    status: response.status,
    problem: [code, reason, offset].filter((part) => part !== undefined).join(' '),
    octets,
  };
}

const octetsOf = (content: string): Buffer => Buffer.from(content, 'latin1');

describe('line 24', () => {
  it('a torrent cut at every octet is refused at the cut', () =>
    endure(server, TRAFFIC, async () => {
      for (let length = 1; length < SMALL.length; length++) {
        const { status, problem } = await rewrite(octetsOf(SMALL.slice(0, length)));
        expect([status, problem]).toEqual([422, expect.stringMatching(/^bad-torrent truncated \d+$/)]);
      }
      expect((await rewrite(octetsOf(SMALL))).octets.toString('latin1')).toBe(SMALL);
    }));

  const rows: [what: string, content: () => string, problem: RegExp][] = [
    ['a depth of 100,000', () => `d4:info${'d1:a'.repeat(100_000)}`, /^bad-torrent too-deep /],
    [
      'lists 100,000 deep',
      () => `d4:info${'l'.repeat(100_000)}${'e'.repeat(100_000)}e`,
      /^bad-torrent too-deep /,
    ],
    ['a string of 2⁶³ octets', () => `d4:info9223372036854775808:ae`, /^bad-torrent /],
    ['a number of 100,000 digits', () => `d1:ai${'9'.repeat(100_000)}e${INFO}e`, /^$/],
    ['a length of 2⁶³ in it', () => SMALL.replace('i5e', 'i9223372036854775808e'), /^$/],
    [
      'a key twice',
      () => `d8:announce${text(URL_)}8:announce${text(URL_)}${INFO}e`,
      /^bad-torrent duplicate-key 40$/,
    ],
    ['keys out of order', () => `d4:zeta1:x${INFO}8:announce${text(URL_)}e`, /^$/],
    [
      'a list of a million tiers',
      () => `d13:announce-listl${'l1:ae'.repeat(1_000_000)}e${INFO}e`,
      /^bad-torrent bad-announce-list /,
    ],
    [
      'a million URLs in a tier',
      () => `d13:announce-listll${'1:a'.repeat(1_000_000)}ee${INFO}e`,
      /^bad-torrent bad-announce-list /,
    ],
    [
      'strings where lists belong',
      () => `d13:announce-listl${text(URL_)}e${INFO}e`,
      /^(?:bad-torrent bad-announce-list \d+)?$/,
    ],
    ['a string for the list', () => `d13:announce-list3:abc${INFO}e`, /^bad-torrent bad-announce-list 17$/],
    ['URLs that are not UTF-8', () => `d8:announce${text('udp://\xff\xfe.example:1/\x80')}${INFO}e`, /^$/],
    ['10 MB of zeros', () => '\0'.repeat(10_000_000), /^bad-torrent bad-value 0$/],
    ['more than is taken', () => '\0'.repeat(10 * 1024 * 1024 + 1), /^body-too-large$/],
  ];
  it.each(rows)('%s', (_what, content, problem) =>
    endure(server, TRAFFIC, async () => {
      const body = octetsOf(content());
      for (let round = 0; round < 3; round++) {
        const answer = await rewrite(body);
        expect(answer.problem).toMatch(problem);
        // What is taken stays as it is: nobody could be asked about it.
        if (answer.status === 200) expect(answer.octets.equals(body)).toBe(true);
      }
    }),
  );

  it('a file of 1 GB of zeros among others: the command says so at once, and does the rest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portolan-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'a.torrent'), SMALL, 'latin1');
    writeFileSync(join(folder, 'huge.torrent'), '');
    truncateSync(join(folder, 'huge.torrent'), 1_000_000_000); // a hole: no disk is filled
    writeFileSync(join(folder, 'z.torrent'), `d4:info${'d1:a'.repeat(100_000)}`);
    const words = [
      join(projectRoot, 'src', 'main.ts'),
      'rewrite',
      '--in-place',
      '--resolver',
      '127.0.0.1:1',
      folder,
    ];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let mostResident = 0;
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        mostResident = Math.max(mostResident, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      } catch {
        // It has ended, or the system is not Linux.
      }
    }, 20);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    clearInterval(look);
    expect(code).toBe(1);
    expect(said).toContain('huge.torrent');
    expect(said).toContain('z.torrent');
    expect(mostResident).toBeLessThan(400_000); // kilobytes
    expect(readFileSync(join(folder, 'a.torrent'), 'latin1')).toBe(SMALL);
    expect(statSync(join(folder, 'huge.torrent')).size).toBe(1_000_000_000);
    expect(readdirSync(folder).sort()).toEqual(['a.torrent', 'huge.torrent', 'z.torrent']);
  });
});
