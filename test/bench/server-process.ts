// Servers as child processes: started on their processor, waited for, stopped by their process id.

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pinnedTo } from './processors.ts';

/** Where Debian, Go and Cargo put servers: not in the PATH of every user. */
const SERVER_FOLDERS = [
  ...['/usr/sbin', '/sbin', '/usr/local/sbin'],
  ...['go/bin', '.cargo/bin'].map((folder) => join(homedir(), folder)),
];
const POLL_MILLISECONDS = 50;
const STOP_MILLISECONDS = 10_000;
/** Octets of a program's messages that are kept for an error. */
const MAX_OUTPUT = 4000;

/** The path of an installed program. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ServerProcess {
  readonly pid: number;
  /** Throws when it has ended, or does not answer in time. */
  waitFor(isReady: () => Promise<boolean>, seconds: number): Promise<void>;
  /** What it said at last, when it has ended though nobody stopped it. */
  failure(): string | undefined;
  /** SIGTERM, and SIGKILL when that does not do; resolves when it has ended. */
  stop(): Promise<void>;
}

/** At most the servers of one run. */
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Ends `child` when this process ends for whatever reason. */
export function pairWithExit(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
}

export function startServer(
  processors: number | readonly number[],
  command: readonly string[],
): ServerProcess {
  const [program, ...words] = [...pinnedTo(...[processors].flat()), ...command] as [string, ...string[]];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  pairWithExit(child);
  let output = '';
  const keep = (octets: Buffer): void => {
    output = (output + octets.toString()).slice(-MAX_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    pid: child.pid ?? 0,
    async waitFor(isReady, seconds) {
      const limit = performance.now() + seconds * 1000;
      while (!(await isReady())) {
        if (child.exitCode !== null || child.pid === undefined)
          throw new Error(`${command[0]} ended with ${child.exitCode}:\n${output}`);
        if (performance.now() > limit)
          throw new Error(`${command[0]} did not answer in ${seconds} s:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
      }
    },
    failure: () =>
      child.exitCode === null && child.signalCode === null
        ? undefined
        : `ended with ${child.signalCode ?? child.exitCode}: ${output}`,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
      await ended;
      clearTimeout(timer);
    },
  };
}

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** Whether a datagram gets an answer that `isAnswer` accepts. */
export function answersDatagram(
  { address, port }: Address,
  request: Uint8Array,
  isAnswer: (reply: Uint8Array) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const settle = (answered: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => settle(false), 200);
    socket.once('message', (reply) => settle(isAnswer(reply)));
    socket.once('error', () => settle(false));
    socket.send(request, port, address);
  });
}

export function acceptsConnection({ address, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
