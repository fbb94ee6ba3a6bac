// The options that every command with look-ups shares.

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { parseServer } from '../io/dns-client/name-server.ts';
import { readCacheFile, writeCacheFile } from '../io/resolver/cache-file.ts';
import type { RememberedHost } from '../io/resolver/remembered.ts';
import { createResolver, type Resolver } from '../io/resolver/resolver.ts';
import type { CliIo } from './cli-io.ts';
import { UsageError } from './usage-error.ts';

export interface ResolverFlags {
  readonly resolver?: readonly string[] | undefined;
  readonly requireAuthenticated?: boolean | undefined;
}

export interface CacheFlags extends ResolverFlags {
  readonly cache?: string | undefined;
}

export function addResolverOption(command: Command): Command {
  return addServerOption(command).option(
    '--require-authenticated',
    'take no answer that the name server does not call authentic (DNSSEC)',
  );
}

/** For commands that ask for something else than a preference. */
export function addServerOption(command: Command): Command {
  const option = new Option(
    '--resolver <server>',
    "name server to ask instead of the system's: an address, tls://NAME or https://NAME/PATH; repeat it for several, in order",
  ).argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), checkServer(value)]);
  return command.addOption(option);
}

/** For commands that look up much, and run often. */
export function addCacheOption(command: Command): Command {
  return command.option('--cache <file>', 'keep what was looked up in a file, for the next time');
}

/** Said once when a host could not be looked up. */
export const OTHER_RESOLVER_HINT =
  'Not every host could be looked up. Try: --resolver ADDRESS, for another name server\n';

/** The caller closes it. */
export function createResolverFromFlags(
  { resolver, requireAuthenticated }: ResolverFlags,
  remembered: Iterable<RememberedHost> = [],
): Resolver {
  return createResolver({ servers: resolver, requireAuthenticated, remembered });
}

/** Runs `task` with a resolver that remembers what `--cache` holds; what it has learnt then is kept there, in any case. */
export async function withResolver(
  flags: CacheFlags,
  io: Pick<CliIo, 'workingDirectory'>,
  task: (resolver: Resolver) => Promise<void>,
): Promise<void> {
  const path = flags.cache === undefined ? undefined : resolve(io.workingDirectory, flags.cache);
  const trust = flags.requireAuthenticated === true ? 'authenticated' : 'any';
  const remembered = path === undefined ? [] : await readCacheFile(path, trust);
  const resolver = createResolverFromFlags(flags, remembered);
  try {
    await task(resolver);
  } finally {
    resolver.close();
    if (path !== undefined) await writeCacheFile(path, resolver.remembered(), trust);
  }
}

function checkServer(text: string): string {
  if (parseServer(text) !== undefined) return text;
  throw new UsageError(
    `--resolver takes an IP address with or without a port, tls://NAME or https://NAME/PATH, not "${text}"`,
    'Try: --resolver 127.0.0.1:5300, --resolver "[::1]:5300", or --resolver tls://dns.example',
  );
}
