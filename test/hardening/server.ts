// The program as an operator starts it: a process of its own, on loopback and on ports that the system picks.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zoneText } from '../support/serving.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { getHttp } from '../support/tracker-clients.ts';

/** One line of its log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  /** Of a finding in a zone. */
  readonly code?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
}

export interface ServerProcess {
  readonly pid: number;
  readonly folder: string;
  /** Over IPv4 at 127.0.0.1, UDP and TCP. */
  readonly dnsPort: number;
  /** Over IPv4 at 127.0.0.1. */
  readonly adminPort: number;
  /** Of the zone folder. */
  path(file: string): string;
  log(): readonly LogLine[];
  /** Resolves with the first line behind the first `after` ones that fits. */
  logged(fits: (line: LogLine) => boolean, after?: number): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** The sum of a family of counters. */
  metric(name: string): Promise<number>;
  isAlive(): boolean;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

export interface ServerProcessOptions {
  readonly zones?: Readonly<Record<string, string>>;
  /** Words before the program's own: `unshare`, `setpriv`; `folder` is where zones and state lie. */
  readonly within?: (folder: string) => readonly string[];
  readonly settings?: readonly string[];
}

/** Longer than any reload takes on a busy machine: only a line that never comes waits for it. */
const LOG_MILLISECONDS = 30_000;

/** What clean queries ask for. No scenario touches its file. */
export const CLEAN_FILE = 'clean.example.zone';
export const CLEAN_ZONE = zoneText('clean.example', 't TXT "clean"');

/** For all tests of a file: `stop` it in `afterAll`. */
export async function startServer(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const folder = createFolder();
  const zones = join(folder.path, 'zones');
  mkdirSync(zones);
  const files = { [CLEAN_FILE]: CLEAN_ZONE, ...options.zones };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(zones, name), text, 'latin1');
  const [program, ...words] = [
    ...(options.within?.(folder.path) ?? []),
    process.execPath,
    join(projectRoot, 'src', 'main.ts'),
    ...['serve', '--json', '--dns-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
    ...['--workers-count', '2', ...(options.settings ?? [])],
  ] as [string, ...string[]];
  const child = spawn(program, words, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  await waitUntil(() => output.stdout.endsWith('}\n') || !isAlive(), LOG_MILLISECONDS);
  if (!output.stdout.endsWith('}\n')) {
    child.kill('SIGKILL');
    await ended;
    folder.remove();
    throw new Error(`the server did not start:\n${output.stderr}`);
  }
  const status: Status = JSON.parse(output.stdout);

  const log = (): LogLine[] =>
    output.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  return {
    pid: child.pid!,
    folder: folder.path,
    dnsPort: status.dns[0]!.port,
    adminPort: status.admin.port,
    path: (file) => join(zones, file),
    log,
    async logged(fits, after = 0) {
      const find = (): LogLine | undefined => log().slice(after).find(fits);
      await waitUntil(() => find() !== undefined, LOG_MILLISECONDS);
      const found = find();
      if (found === undefined) throw new Error(`the server did not say it:\n${output.stderr.slice(-2000)}`);
      return found;
    },
    signal: (name) => void process.kill(child.pid!, name),
    async metric(name) {
      const { body } = (await getHttp('127.0.0.1', status.admin.port, '/metrics'))!;
      const lines = body.split('\n').filter((line) => line.replace(/[{ ].*/, '') === name);
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    isAlive,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const code = await ended;
      clearTimeout(timer);
      folder.remove();
      return code;
    },
  };
}

const POLL_MILLISECONDS = 20;

/** Whether it came true in time. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  return true;
}

interface Status {
  readonly dns: readonly { readonly port: number }[];
  readonly admin: { readonly port: number };
}
