// Processor time of running processes, from /proc: all threads, and all processes that they started.

import { readdirSync, readFileSync } from 'node:fs';

/** Seconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** USER_HZ: what /proc/PID/stat counts in, 100 on every machine that Linux runs on with its standard ABI (proc(5)). */
const TICKS_PER_SECOND = 100;

/** The process and its descendants at this moment. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>(); // at most one entry a process of the machine
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = Number(readStat(`/proc/${name}/stat`)?.[1] ?? 0);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(name)]);
    else siblings.push(Number(name));
  }
  const tree = [root];
  for (const process of tree) tree.push(...(children.get(process) ?? []));
  return tree;
}

/** A reading of what processes have used so far; see {@link cpuTimeBetween}. */
export interface CpuReading {
  readonly ticks: CpuTime;
  /** The scheduler's own sum, in seconds; 0 where the kernel does not count it. */
  readonly scheduled: number;
}

export function readCpu(processes: readonly number[]): CpuReading {
  let user = 0;
  let system = 0;
  let nanoseconds = 0;
  for (const process of processes) {
    const stat = readStat(`/proc/${process}/stat`);
    user += Number(stat?.[11] ?? 0);
    system += Number(stat?.[12] ?? 0);
    nanoseconds += readScheduled(process);
  }
  return {
    ticks: { user: user / TICKS_PER_SECOND, system: system / TICKS_PER_SECOND },
    scheduled: nanoseconds / 1e9,
  };
}

/** The total is exact to the nanosecond where the kernel says it; how it divides is known in ticks of 10 ms. */
export function cpuTimeBetween(before: CpuReading, after: CpuReading): CpuTime {
  const user = after.ticks.user - before.ticks.user;
  const system = after.ticks.system - before.ticks.system;
  const total = after.scheduled - before.scheduled;
  if (total <= 0) return { user, system };
  const share = user + system === 0 ? 0.5 : user / (user + system);
  return { user: total * share, system: total * (1 - share) };
}

/** Octets resident in memory, all processes together; shared pages count once a process. */
export function readResidentOctets(processes: readonly number[]): number {
  return processes.reduce((sum, process) => {
    const status = readText(`/proc/${process}/status`) ?? '';
    return sum + Number(/^VmRSS:\s*([0-9]+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }, 0);
}

/** Nanoseconds on a processor, all threads (kernel: Documentation/scheduler/sched-stats); 0 where it is not counted. */
function readScheduled(process: number): number {
  let sum = 0;
  for (const thread of listThreads(process)) {
    sum += Number(readText(`/proc/${process}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
  }
  return sum;
}

function listThreads(process: number): string[] {
  try {
    return readdirSync(`/proc/${process}/task`);
  } catch {
    return []; // it has ended
  }
}

/** The fields behind the command's name, which may hold anything: `[state, parent, …, user at 11, system at 12, …]`. */
function readStat(path: string): string[] | undefined {
  const text = readText(path);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it has ended
  }
}
