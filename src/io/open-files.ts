import { readFileSync } from 'node:fs';

/**
 * How many descriptors this process may have open (RLIMIT_NOFILE; Node has raised the soft limit to the hard one), as
 * Linux says it; undefined elsewhere.
 */
export function maxOpenFiles(read: () => string = readLimits): number | undefined {
  try {
    const soft = /^Max open files +([0-9]+) /m.exec(read())?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'latin1');
}
