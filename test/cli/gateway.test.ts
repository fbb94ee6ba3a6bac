// `portolan gateway` as a process: what it prints, what it logs, its exit codes.

import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCaptured } from '../support/captured-io.ts';

const HASH = 'h'.repeat(20);
const PATH = `http://127.0.0.1:9/0123456789abcdef/announce?info_hash=${HASH}&peer_id=${'p'.repeat(20)}&port=6881`;

function get(port: number, path: string): Promise<string> {
  return new Promise((done, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => done(body));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('says where it listens, refuses what it must, ends with 0 at SIGTERM, and logs counts and nothing else', async () => {
  const words = ['gateway', '--listen', '127.0.0.1:0', '--log-level', 'debug', '--json'];
  const child = spawn(process.execPath, [resolve('src/main.ts'), ...words]);
  const ended = new Promise<number | null>((done) => child.once('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const texts = { out: '', log: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.log += chunk.toString();
  });
  await expect.poll(() => texts.out, { timeout: 20_000 }).toContain('\n');
  const { listen } = JSON.parse(texts.out) as { listen: { address: string; port: number }[] };
  expect(listen).toEqual([{ address: '127.0.0.1', port: expect.any(Number) }]);
  expect(await get(listen[0]!.port, PATH)).toContain('failure reason');
  expect(await get(listen[0]!.port, '/')).toContain('failure reason');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(texts.log).toMatch(/"requests":1,.*"refused":1/);
  expect(texts.log).not.toMatch(/hhhh|pppp|0123456789abcdef|127\.0\.0\.1/);
});

test('an address that is not of this machine is a failure that says so', async () => {
  const { stderr, exitCode } = await runCaptured([
    'gateway',
    '--listen',
    '192.0.2.1:8118',
    '--require-authenticated',
  ]);
  expect(stderr).toContain('this machine does not have that address');
  expect(exitCode).toBe(1);
});

test('all that is wrong with the flags is said at once', async () => {
  const wrong = ['--listen', 'here', '--allow', '10.0.0.1/8', '--timeout', '5', '--log-level', 'loud'];
  const { stderr, exitCode } = await runCaptured(['gateway', ...wrong]);
  expect(exitCode).toBe(2);
  for (const flag of ['--listen', '--allow', '--timeout', '--log-level'])
    expect(stderr).toContain(`portolan: ${flag}: `);
  expect(stderr).toContain('"10.0.0.1/8" is not an address or a network');
});
