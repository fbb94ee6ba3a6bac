import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The program as a process of its own. */
async function run(
  args: readonly string[],
  stdin: string,
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args]);
  const exited = once(child, 'exit');
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await exited) as unknown[];
  return { code, stdout, stderr };
}

test('reads standard input, writes standard output, and ends with the exit code', async () => {
  const list = 'http://192.0.2.1/a\n';
  expect(await run(['rewrite', '-'], list)).toMatchObject({ code: 0, stdout: list });
  expect(await run(['rewrite'], '')).toMatchObject({ code: 2, stdout: '' });
});

test('a pipe that is closed early is no error', async () => {
  const child = spawn(process.execPath, [MAIN, 'rewrite', '-']);
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  child.stdout.destroy();
  child.stdin.end('http://192.0.2.1/a\n'.repeat(5000));
  const [code] = (await exited) as unknown[];
  expect(await stderr).not.toContain('EPIPE');
  expect(code).toBe(0);
});

test.skipIf(!existsSync('/dev/full'))('a full disk behind the output is one sentence', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, 'rewrite', 'http://192.0.2.1/a'], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const exited = once(child, 'exit');
  const stderr = await text(child.stderr!);
  expect(stderr).toMatch(/portolan: cannot write the output: ENOSPC.*\n$/);
  expect(stderr).not.toContain('    at ');
  expect(await exited).toEqual([1, null]);
});

test('ends with a sentence where threads cannot be started', async () => {
  const script = `ulimit -n 30; exec "$0" "$1" serve --dns-listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --workers-count 8`;
  const child = spawn('/bin/sh', ['-c', script, process.execPath, MAIN], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const stderr = await text(child.stderr);
  expect(await exited).toEqual([1, null]);
  expect(stderr).toMatch(/^portolan: .*(?:could not be started|too many).*$/m);
  expect(stderr).not.toContain('    at ');
});
