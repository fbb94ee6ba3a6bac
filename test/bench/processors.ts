// Which processor the servers run on and which one the load, so that neither takes the other's time.

import { readFileSync } from 'node:fs';

export interface Processors {
  readonly server: number;
  readonly load: number;
}

/** The first and the last processor that this process may use; the same one twice where there is only one. */
export function chooseProcessors(): Processors {
  const allowed = readAllowedProcessors();
  return { server: allowed[0]!, load: allowed.at(-1)! };
}

/** The words that start a program on these processors: taskset(1) becomes the program, so its process id is the same. */
export function pinnedTo(...processors: readonly number[]): readonly [string, string, string] {
  return ['taskset', '-c', processors.join(',')];
}

function readAllowedProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [first, last] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index);
  });
}
