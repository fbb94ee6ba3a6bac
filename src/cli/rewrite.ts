// `portolan rewrite`: tracker URLs put right, in URLs, magnets, torrents and lists.

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { RewrittenContent } from '../app/rewrite/rewrite-content.ts';
import { type InputResult, rewriteInputs } from '../app/rewrite/rewrite-files.ts';
import { printable } from '../core/octets/printable.ts';
import type { RewriteOptions } from '../core/rewrite/decide.ts';
import { createDecisionMemo } from '../core/rewrite/decision-memo.ts';
import { isMagnet } from '../core/torrent/magnet.ts';
import { systemClock } from '../io/clock.ts';
import { writeFileAtomic } from '../io/files/files.ts';
import { isTorrentName } from '../io/files/find-torrents.ts';
import { toAsciiHost } from '../io/resolver/idna.ts';
import { type CliIo, EXIT } from './cli-io.ts';
import {
  addCacheOption,
  addResolverOption,
  type CacheFlags,
  OTHER_RESOLVER_HINT,
  withResolver,
} from './resolver-option.ts';
import { type Inputs, listInputs, withoutBlanks } from './rewrite-inputs.ts';
import { NO_INTERRUPT, watchInterrupt } from './rewrite-interrupt.ts';
import { withEndpointOrder } from './rewrite-probe.ts';
import { createProgress } from './rewrite-progress.ts';
import {
  addToSummary,
  createSummary,
  formatDecisions,
  formatDiff,
  formatError,
  formatJson,
  formatSummary,
} from './rewrite-report.ts';
import { runUndo } from './rewrite-undo.ts';
import { UsageError } from './usage-error.ts';

interface RewriteFlags extends CacheFlags {
  readonly mode: 'fix' | 'prefer' | 'off';
  readonly prefer?: boolean;
  readonly allowDowngrade?: boolean;
  readonly keepDenied?: boolean;
  readonly spread?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly inPlace?: boolean;
  readonly backup?: string;
  readonly undo?: boolean;
  readonly fsync: boolean;
  readonly probe?: boolean;
  readonly output?: string;
}

const EXAMPLES = `
Examples:
  portolan rewrite http://tracker.example:8080/announce     print the URLs that are right
  portolan rewrite "magnet:?xt=urn:btih:…&tr=…"
  portolan rewrite --dry-run old.torrent                    show what would change, tier by tier
  portolan rewrite --in-place --backup .bak torrents/       every torrent in a folder, originals kept
  portolan rewrite --undo --backup .bak torrents/           and back again
  portolan rewrite --in-place --backup .bak ~/.local/share/qBittorrent/BT_backup
                                                            what a client that is stopped has loaded
  portolan rewrite - < trackers.txt > right.txt             a list, a magnet or a torrent through a pipe
  portolan rewrite --check torrents/                        exit code 3 if anything would change`;

export function registerRewrite(program: Command, io: CliIo): void {
  const command = program
    .command('rewrite')
    .summary('put wrong tracker URLs right')
    .description(
      'Looks up the BITTORRENT record of each tracker (BEP 34) and puts its URLs right: in URLs, magnet links, ' +
        'torrents, folders of torrents, and lists with one URL a line. The info-hash of a torrent stays what it was. ' +
        'Of the files that qBittorrent keeps of its torrents (*.fastresume) the trackers are put right, too; stop the client first. ' +
        'A symbolic link stays, and the file that it leads to is rewritten; links to folders are not followed in a folder.',
    )
    .argument('<input...>', 'URL, magnet link, file, folder, pipe, or - for standard input')
    .addOption(
      new Option(
        '--mode <mode>',
        'fix: only URLs that are wrong; prefer: always the declared ones; off: none',
      )
        .choices(['fix', 'prefer', 'off'])
        .default('fix'),
    )
    .option('--prefer', 'the same as --mode prefer')
    .option('--allow-downgrade', 'let https become clear text, passkeys included')
    .option('--keep-denied', 'report trackers that are denied, but keep them')
    .option('--spread', 'put the candidates of one URL in tiers of their own')
    .option('--dry-run', 'write nothing; show what would change, tier by tier')
    .option('--check', `write nothing; exit code ${EXIT.changes} if anything would change`)
    .option('--json', 'one JSON object a line for each input, on standard output')
    .option('--in-place', 'write changed files back')
    .option('--backup <suffix>', 'with --in-place: keep the original beside it, with this suffix')
    .option('--undo', 'put back the originals that --backup kept, where only tracker URLs have changed since')
    .option(
      '--no-fsync',
      'do not wait until the disk has what is written: quicker, for files that are copies',
    )
    .option('--probe', 'try the declared endpoints, and put those that answer first')
    .option('--output <file>', 'write the result of the only input to a file')
    .addHelpText('after', EXAMPLES);
  addCacheOption(addResolverOption(command)).action((args: string[], flags: RewriteFlags) =>
    runRewrite(args, flags, io),
  );
}

async function runRewrite(args: readonly string[], flags: RewriteFlags, io: CliIo): Promise<void> {
  checkFlags(args, flags);
  const inputs = await listInputs(args, flags.inPlace === true || flags.undo === true, io);
  if (flags.undo === true) return await undo(inputs, flags, io);
  if (flags.output !== undefined && inputs.hasFolders) throw new UsageError(...ONE_OUTPUT);
  if (inputs.hasTorrents) checkTorrentTarget(args.length > 1 || inputs.hasFolders, flags, io);
  const summary = createSummary();
  const writes = flags.inPlace === true && flags.dryRun !== true && flags.check !== true;
  const inPlace = writes ? { inPlace: { backup: flags.backup, fsync: flags.fsync } } : {};
  const progress = await createProgress(io, inputs.count, systemClock.nowMilliseconds);
  const interrupt = writes && inputs.hasFiles ? watchInterrupt(progress.io) : NO_INTERRUPT;
  try {
    await withResolver(flags, io, (resolver) =>
      withEndpointOrder(flags, async (refine) => {
        const run = { resolver, refine, options: toOptions(flags), ...inPlace };
        for await (const result of rewriteInputs(interrupt.until(inputs.all), run)) {
          addToSummary(summary, result.result);
          await report(result, flags, progress.io);
          progress.advance();
        }
      }),
    );
  } finally {
    interrupt.release();
    progress.stop();
  }
  if (flags.json !== true) {
    if (inputs.hasFiles) io.stderr.write(formatSummary(summary));
    if (summary.reasons.has('failed')) io.stderr.write(OTHER_RESOLVER_HINT);
  }
  await interrupt.end();
}

async function undo(inputs: Inputs, flags: RewriteFlags, io: CliIo): Promise<void> {
  const { backup = '', fsync, dryRun = false, check = false, json = false } = flags;
  await runUndo(inputs, { backup, fsync, dryRun, check, json }, io);
}

const ONE_OUTPUT = ['--output takes the result of one input', 'Try: --in-place for several files'] as const;

function checkFlags(args: readonly string[], flags: RewriteFlags): void {
  if (flags.undo === true) checkUndo(args, flags);
  else if (flags.backup !== undefined) checkBackup(flags.backup, flags);
  if (flags.output !== undefined && (flags.inPlace === true || args.length !== 1)) {
    throw new UsageError(...ONE_OUTPUT);
  }
  if (args.filter((argument) => argument === '-').length > 1) {
    throw new UsageError('standard input can be read once', 'Try: portolan rewrite - < trackers.txt');
  }
}

function checkBackup(suffix: string, { inPlace }: RewriteFlags): void {
  const hint = 'Try: --in-place --backup .bak';
  if (inPlace !== true || suffix === '' || /[/\\]/.test(suffix)) {
    throw new UsageError('--backup takes a suffix, and goes with --in-place', hint);
  }
  if (isTorrentName(suffix)) {
    throw new UsageError(
      'originals named *.torrent or *.fastresume would be rewritten by the next run',
      hint,
    );
  }
}

function checkUndo(args: readonly string[], { backup = '', inPlace, output }: RewriteFlags): void {
  const hint = 'Try: portolan rewrite --undo --backup .bak torrents/';
  if (backup === '' || /[/\\]/.test(backup)) {
    throw new UsageError('--undo takes the suffix of the originals with --backup', hint);
  }
  if (inPlace === true || output !== undefined) {
    throw new UsageError('--undo puts files back in place, and writes nothing else', hint);
  }
  if (args.map(withoutBlanks).some((given) => given === '-' || given.includes('://') || isMagnet(given))) {
    throw new UsageError('--undo takes files and folders', hint);
  }
}

function toOptions(flags: RewriteFlags): RewriteOptions {
  return {
    mode: flags.prefer === true ? 'prefer' : flags.mode,
    allowDowngrade: flags.allowDowngrade === true,
    keepDenied: flags.keepDenied === true,
    spread: flags.spread === true,
    memo: createDecisionMemo(),
    toAscii: toAsciiHost,
  };
}

const TORRENT_HINT = 'Try: --dry-run to see it, --in-place --backup .bak, or --output FILE';

/** Before anything is looked up, where the names of the inputs say it already. */
function checkTorrentTarget(areSeveral: boolean, flags: RewriteFlags, io: CliIo): void {
  const hasTarget = [flags.inPlace, flags.dryRun, flags.check, flags.json].includes(true);
  if (hasTarget || flags.output !== undefined) return;
  if (areSeveral) throw new UsageError('several torrents cannot go to one standard output', TORRENT_HINT);
  if (io.stdout.isTTY === true) throw new UsageError('a torrent is nothing for a terminal', TORRENT_HINT);
}

async function report({ input, result }: InputResult, flags: RewriteFlags, io: CliIo): Promise<void> {
  if (flags.json === true) io.stdout.write(formatJson({ input, result }));
  if (result.kind === 'error') {
    if (flags.json !== true) io.stderr.write(formatError(input, result));
    io.setExitCode(EXIT.failed);
    return;
  }
  if (result.decisions.some(({ reason }) => reason === 'failed')) io.setExitCode(EXIT.failed);
  if (flags.check === true && result.changed) io.setExitCode(EXIT.changes);
  if (flags.output !== undefined && flags.dryRun !== true && flags.check !== true) {
    await writeFileAtomic(resolve(io.workingDirectory, flags.output), result.octets);
  }
  if (flags.json !== true) reportText({ input, result }, flags, io);
}

function reportText(
  { input, result }: InputResult & { readonly result: RewrittenContent },
  flags: RewriteFlags,
  io: CliIo,
): void {
  if (flags.dryRun === true) {
    io.stdout.write(formatDiff(input.label, result));
  } else {
    const isWritten =
      flags.check === true || flags.output !== undefined || (flags.inPlace === true && 'path' in input);
    if (!isWritten && result.kind === 'torrent' && io.stdout.isTTY === true) {
      throw new UsageError('a torrent is nothing for a terminal', TORRENT_HINT);
    }
    if (!isWritten) io.stdout.write(result.octets);
    // Of many files, those that change; of anything else, everything that was decided.
    if (!('path' in input)) io.stderr.write(formatDecisions(result));
    else if (result.changed)
      io.stderr.write(`${printable(input.label)}\n${formatDecisions(result).replaceAll(/^(?=.)/gm, '  ')}`);
  }
  if (result.keptLastTracker) {
    const why = result.form === 'resume' ? 'this file does not say whether' : 'and';
    io.stderr.write(
      `portolan: ${printable(input.label)}: every tracker is denied, ${why} the torrent is private: the first stays\n`,
    );
  }
}
