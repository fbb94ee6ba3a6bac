// The options that every command with look-ups shares.

import { type Command, Option } from 'commander';
import { createResolver, type Resolver } from '../io/resolver.ts';
import { parseServer } from '../io/system-resolvers.ts';
import { UsageError } from './usage-error.ts';

export interface ResolverFlags {
  readonly resolver?: readonly string[] | undefined;
}

export function addResolverOption(command: Command): Command {
  const option = new Option(
    '--resolver <address>',
    "name server to ask instead of the system's; repeat it for several, in order",
  ).argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), checkServer(value)]);
  return command.addOption(option);
}

/** Said once when a host could not be looked up. */
export const OTHER_RESOLVER_HINT =
  'Not every host could be looked up. Try: --resolver ADDRESS, for another name server\n';

/** The caller closes it. */
export function createResolverFromFlags({ resolver }: ResolverFlags): Resolver {
  return createResolver({ servers: resolver });
}

function checkServer(text: string): string {
  if (parseServer(text) !== undefined) return text;
  throw new UsageError(
    `--resolver takes an IP address with or without a port, not "${text}"`,
    'Try: --resolver 127.0.0.1:5300, or --resolver "[::1]:5300"',
  );
}
