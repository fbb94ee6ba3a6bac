// The command line: its commands, and what becomes of wrong usage and of errors.

import { Command, CommanderError } from 'commander';
import { printable } from '../core/octets/printable.ts';
import { readPackageVersion } from '../io/package-version.ts';
import { type CliIo, EXIT } from './cli-io.ts';
import { UsageError } from './usage-error.ts';

const EXAMPLES = `
Examples:
  portolan serve                                       serve the zones of portolan.toml
  portolan check zones                                 say what is wrong with zone files
  portolan lookup tracker.example                      which ports a tracker has, by its TXT record (BEP 34)
  portolan rewrite --in-place *.torrent                put the tracker URLs of torrents right

Exit codes: 0 fine, 1 something failed, 2 wrong usage, 3 --check found changes to make.`;

/** In the order of the help. Each is loaded when it is needed: `serve` brings the whole server along. */
const COMMANDS: { readonly [name: string]: () => Promise<(program: Command, io: CliIo) => void> } = {
  init: async () => (await import('./init.ts')).registerInit,
  check: async () => (await import('./check.ts')).registerCheck,
  serve: async () => (await import('./serve.ts')).registerServe,
  zones: async () => (await import('./zones.ts')).registerZones,
  lookup: async () => (await import('./lookup.ts')).registerLookup,
  probe: async () => (await import('./probe.ts')).registerProbe,
  rewrite: async () => (await import('./rewrite.ts')).registerRewrite,
  gateway: async () => (await import('./gateway.ts')).registerGateway,
  delegation: async () => (await import('./delegation.ts')).registerDelegation,
};

/**
 * The program with all its commands, or with `only` one of them. It prints to `io` alone, and throws a CommanderError
 * where commander would end the process.
 */
export async function createProgram(io: CliIo, only?: string): Promise<Command> {
  const program = new Command('portolan')
    .description(
      'Says in DNS which ports a BitTorrent tracker has, serves it there, and puts wrong tracker URLs right.',
    )
    .version(readPackageVersion())
    .option('--debug', 'print stack traces of errors')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, 'portolan: ')),
    });
  program.showHelpAfterError('Try: portolan --help');
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (only === undefined || only === name) (await load())(program, io);
  }
  for (const command of program.commands)
    command.showHelpAfterError(`Try: portolan ${command.name()} --help`);
  return program;
}

/** Runs one command line (without the program's name). Never rejects: what goes wrong is printed, and an exit code set. */
export async function runProgram(args: readonly string[], io: CliIo): Promise<void> {
  const [named] = args.filter((argument) => !argument.startsWith('-'));
  const isKnown = named !== undefined && Object.hasOwn(COMMANDS, named);
  const program = await createProgram(io, isKnown ? named : undefined);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed what it had to say; `--help` and `--version` come this way too, with 0.
      if (error.exitCode !== 0) io.setExitCode(EXIT.usage);
      return;
    }
    report(error, io, program.opts<{ debug?: boolean }>().debug === true);
  }
}

function report(error: unknown, io: CliIo, debug: boolean): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  io.stderr.write(`portolan: ${printable(message)}\n`);
  if (error instanceof UsageError) io.stderr.write(`${error.hint}\n`);
  if (debug && stack !== undefined) io.stderr.write(`${stack}\n`);
  io.setExitCode(error instanceof UsageError ? EXIT.usage : EXIT.failed);
}
