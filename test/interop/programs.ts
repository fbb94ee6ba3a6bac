// Running real programs: those of others, and Portolan itself as a user starts it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectRoot } from '../support/source-tree.ts';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// Debian keeps some of them where only root looks.
process.env['PATH'] += `${delimiter}/usr/sbin`;

/** A command line, so that a network can put its own words before it. */
export type CommandLine = readonly [program: string, ...words: string[]];

export const portolan: CommandLine = [process.execPath, join(projectRoot, 'src', 'main.ts')];

/** Runs to the end, whatever the exit code; `input` is written to its standard input. */
export function run(
  [program, ...words]: CommandLine,
  options: { seconds?: number; input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      words,
      { timeout: (options.seconds ?? 30) * 1000, maxBuffer: 16 * 1024 * 1024, cwd: projectRoot },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : (child.exitCode ?? 1), stdout, stderr }),
    );
    // A program that reads no input may have ended before this.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far, both streams. */
  output(): string;
  /** Settles when a line of standard output fits, with that line; throws when it ends or the time is over. */
  line(pattern: RegExp, seconds: number): Promise<string>;
  /** Asks it to end, waits, and returns its exit code; kills it after ten seconds. */
  stop(): Promise<number | null>;
}

export function start([program, ...words]: CommandLine): Running {
  const child = spawn(program, words, { cwd: projectRoot, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code));
    child.on('error', () => resolve(null));
  });
  let output = '';
  let over = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  const note = (octets: Buffer): void => {
    output += octets.toString();
    wake();
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  void ended.then(() => {
    over = true;
    wake();
  });
  return {
    child,
    output: () => output,
    line: (pattern, seconds) =>
      new Promise((resolve, reject) => {
        const settle = (look: () => void): void => {
          watchers.delete(check);
          clearTimeout(timer);
          look();
        };
        const check = (): void => {
          const found = output.split('\n').find((line) => pattern.test(line));
          if (found !== undefined) settle(() => resolve(found));
          else if (over) settle(() => reject(new Error(`${program} ended without ${pattern}:\n${output}`)));
        };
        const timer = setTimeout(
          () =>
            settle(() => reject(new Error(`${program} printed no ${pattern} in ${seconds} s:\n${output}`))),
          seconds * 1000,
        );
        watchers.add(check);
        check();
      }),
    stop: async () => {
      child.stdin.end();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
  };
}

/** Waits until the server answers 200 on its admin address; `within` is the network to ask from. */
export async function waitUntilReady(
  server: Running,
  admin: string,
  within: CommandLine | [] = [],
): Promise<void> {
  const poll = `
    const end = Date.now() + 20_000;
    for (;;) {
      const reply = await fetch('http://${admin}/readyz').catch(() => undefined);
      if (reply?.status === 200) process.exit(0);
      if (Date.now() > end) process.exit(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }`;
  const words = [
    ...within,
    process.execPath,
    '--input-type=module',
    '--eval',
    poll,
  ] as unknown as CommandLine;
  const { code } = await run(words, { seconds: 30 });
  if (code !== 0) throw new Error(`the server did not get ready:\n${server.output()}`);
}

export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * True when a suite must be left out because something is missing. In CI nothing may be: there the suite runs, and
 * fails where it is.
 */
export function isMissing(what: string, present: boolean): boolean {
  if (present || process.env['CI'] === 'true') return false;
  console.log(`left out: ${what}`);
  return true;
}
