// What a scenario may cost. NSD, Knot, BIND and PowerDNS spend at most 130 ms of processor time and 18 MB in each of
// those that can be run from outside. A young process of ours compiles its code and grows its heap in the same seconds,
// and the clean client's own questions are counted in: the bounds say "nothing runs away", on any machine.

import type { Budget } from './witness.ts';

/** Packets and connections. Seen: at most 0.3 s and 16 MiB, and 1 s and 104 MiB of pipeliners that never read. */
export const TRAFFIC: Budget = { cpuSeconds: 4, memoryMebibytes: 256 };

/** A zone file that is wrong and mended again. Seen: at most 0.3 s and 10 MiB. */
export const EDIT: Budget = { cpuSeconds: 5, memoryMebibytes: 256 };

/** Files of 100 MB: at most six times the file's size while it is read. Seen: at most 0.8 s and 200 MiB. */
export const HUGE_EDIT: Budget = { cpuSeconds: 30, memoryMebibytes: 600 };
