// `portolan init`: a complete zone file to start from, whose comments say what each record does.

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parseName } from '../core/dns/name.ts';
import { createZoneText } from '../core/zone/language/zone-template.ts';
import { toAsciiHost } from '../io/resolver/idna.ts';
import { type CliIo, EXIT } from './cli-io.ts';
import { UsageError } from './usage-error.ts';

interface InitFlags {
  readonly output?: string;
}

const EXAMPLES = `
Examples:
  portolan init tracker.example.org > zones/tracker.example.org.zone
  portolan init tracker.example.org --output zones/tracker.example.org.zone`;

export function registerInit(program: Command, io: CliIo): void {
  program
    .command('init')
    .summary('write a zone file to start from')
    .description(
      'Writes a complete, commented zone file for ZONE, with names for both IP families and for each one.',
    )
    .argument('<zone>', 'name of the zone: the domain, or the part of it that is delegated to this server')
    .option('--output <file>', 'write to a new file instead of the standard output')
    .addHelpText('after', EXAMPLES)
    .action((zone: string, flags: InitFlags) => runInit(zone, flags, io));
}

async function runInit(zone: string, flags: InitFlags, io: CliIo): Promise<void> {
  const written = zone.toLowerCase().replace(/\.$/, '');
  const name = /^[\x20-\x7e]*$/.test(written) ? written : (toAsciiHost(written) ?? '');
  const isName = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
  // Names that the template puts before it must fit too.
  if (!isName || typeof parseName(`hostmaster.${name}.`) === 'string') {
    throw new UsageError(`not the name of a zone: ${zone}`, 'Try: portolan init tracker.example.org');
  }
  const text = createZoneText(name);
  if (flags.output === undefined) {
    io.stdout.write(text);
    return;
  }
  try {
    await writeFile(resolve(io.workingDirectory, flags.output), text, { flag: 'wx' });
    io.stdout.write(`wrote ${flags.output}; next: portolan check ${flags.output}\n`);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    io.stderr.write(
      exists
        ? `portolan: ${flags.output} is there already: name another file, or take it away first.\n`
        : `portolan: cannot write ${flags.output} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).\n`,
    );
    io.setExitCode(EXIT.failed);
  }
}
