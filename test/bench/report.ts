// A whole run: on which machine, when, by which command, and its tables.

import { arch, availableParallelism, cpus, release, type } from 'node:os';
import { formatTable, type Table } from './table.ts';

export interface Report {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly command: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly tables: readonly Table[];
}

export function createReport(
  tables: readonly Table[],
  { rounds, seconds, command }: { rounds: number; seconds: number; command: string },
): Report {
  const model = cpus()[0]?.model ?? arch();
  return {
    date: new Date().toISOString(),
    machine: `${model}, ${availableParallelism()} processors, ${type()} ${release()}`,
    node: process.version,
    command,
    rounds,
    seconds,
    tables,
  };
}

export function formatReport({ date, machine, node, command, rounds, seconds, tables }: Report): string {
  const head = `${date}, ${machine}, Node ${node}\n${command}: ${rounds} rounds of ${seconds} s; median (least–most)`;
  return [head, ...tables.map(formatTable)].join('\n\n');
}
