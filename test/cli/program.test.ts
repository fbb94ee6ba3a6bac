import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { CliIo } from '../../src/cli/cli-io.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCaptured } from '../support/captured-io.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const { commands } = await createProgram({} as CliIo);

test('--version prints the version of package.json', async () => {
  expect(await runCaptured(['--version'])).toMatchObject({ stdout: `${version}\n`, stderr: '', exitCode: 0 });
});

describe('--help has a sentence and examples, on stdout, with exit code 0', () => {
  test.each([[], ...commands.map((command) => [command.name()])])('portolan %s', async (...command) => {
    const { stdout, stderr, exitCode } = await runCaptured([...command, '--help']);
    expect(stdout).toMatch(/^Usage: portolan/);
    expect(stdout).toMatch(/\nExamples:\n {2}portolan /);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });
});

describe('wrong usage is one sentence, a hint, exit code 2 and no stack trace', () => {
  test.each([
    [['lokup', 'x'], "portolan: unknown command 'lokup'\n(Did you mean lookup?)\nTry: portolan --help\n"],
    [
      ['lookup', '--jsno', 'x'],
      "portolan: unknown option '--jsno'\n(Did you mean --json?)\nTry: portolan lookup --help\n",
    ],
    [['--frobnicate'], "portolan: unknown option '--frobnicate'\nTry: portolan --help\n"],
  ])('%j', async (args, message) => {
    expect(await runCaptured(args)).toMatchObject({ stdout: '', stderr: message, exitCode: 2 });
  });

  test('no command at all prints the help on stderr', async () => {
    const { stdout, stderr, exitCode } = await runCaptured([]);
    expect(stderr).toMatch(/^Usage: portolan/);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });

  test('--debug adds the stack trace', async () => {
    const args = ['lookup', 'a b'];
    expect((await runCaptured(args)).stderr).not.toMatch(/\n {4}at /);
    expect((await runCaptured([...args, '--debug'])).stderr).toMatch(/\n {4}at /);
  });
});
