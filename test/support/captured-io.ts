// Stands in for a terminal: runs a command line and keeps what it wrote.

import { PassThrough, Readable, Writable } from 'node:stream';
import { type CliIo, type ExitCode, worseExitCode } from '../../src/cli/cli-io.ts';
import { runProgram } from '../../src/cli/program.ts';

export interface Captured {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The octets of stdout. */
  readonly octets: Buffer;
}

export interface CaptureOptions {
  readonly stdin?: string | Uint8Array;
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether stdout is a terminal. */
  readonly isTTY?: boolean;
  /** Whether stderr is one. */
  readonly isStderrTTY?: boolean;
}

export async function runCaptured(args: readonly string[], options: CaptureOptions = {}): Promise<Captured> {
  const stdout = createSink(options.isTTY ?? false);
  const stderr = createSink(options.isStderrTTY ?? false);
  let exitCode: ExitCode = 0;
  const io: CliIo = {
    stdin:
      options.stdin === undefined ? new PassThrough().end() : Readable.from([Buffer.from(options.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    workingDirectory: options.workingDirectory ?? process.cwd(),
    setExitCode(code) {
      exitCode = worseExitCode(exitCode, code);
    },
  };
  await runProgram(args, io);
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), octets: stdout.octets() };
}

function createSink(isTTY: boolean): {
  stream: Writable & { isTTY: boolean };
  text(): string;
  octets(): Buffer;
} {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const octets = (): Buffer => Buffer.concat(chunks);
  return { stream: Object.assign(stream, { isTTY }), octets, text: () => octets().toString('utf8') };
}
