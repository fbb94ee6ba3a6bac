#!/usr/bin/env node
// The program's entry: gives the command line what it may touch of this process.

import { type CliIo, EXIT, type ExitCode, worseExitCode } from './cli/cli-io.ts';
import { runProgram } from './cli/program.ts';

const io: CliIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  workingDirectory: process.cwd(),
  setExitCode(code) {
    process.exitCode = worseExitCode((process.exitCode ?? 0) as ExitCode, code);
  },
};

// `portolan … | head` closes the pipe early, which is no failure of ours; a full disk behind the output is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`portolan: cannot write the output: ${error.message}\n`);
  process.exit(EXIT.failed);
});
process.stderr.on('error', () => process.exit(EXIT.failed));

await runProgram(process.argv.slice(2), io);
