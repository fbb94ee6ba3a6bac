// The complete, commented portolan.toml with the values in effect. Reading it back gives the same configuration.

import { type Setting, settings } from './config-schema.ts';
import type { SettingTable, SettingValue } from './setting.ts';

/** Columns that a comment is wrapped to. */
const COMMENT_COLUMNS = 100;

/** `input`: the tables as a file would hold them; what is missing shows its default. */
export function formatSample(input: Readonly<Record<string, unknown>>): string {
  const lines: string[] = [];
  let section = '';
  for (const setting of settings()) {
    const table = setting.path.slice(0, -1).join('.');
    if (table !== section) lines.push('', `[${table}]`);
    section = table;
    lines.push(...wrapComment(setting.comment));
    lines.push(`${setting.path.at(-1)} = ${formatValue(valueAt(input, setting))}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Keys (`dns.listen`) whose values differ between two samples. */
export function changedKeys(before: string, after: string): string[] {
  const [left, right] = [before, after].map(valueLines) as [Map<string, string>, Map<string, string>];
  return [...left.keys()].filter((key) => left.get(key) !== right.get(key));
}

/** By dotted key; as many as there are settings. */
function valueLines(sample: string): Map<string, string> {
  const lines = new Map<string, string>();
  let section = '';
  for (const line of sample.split('\n')) {
    section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^([a-z_]+) = (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined)
      lines.set(section === '' ? key : `${section}.${key}`, value);
  }
  return lines;
}

function valueAt(input: Readonly<Record<string, unknown>>, setting: Setting): SettingValue {
  let value: unknown = input;
  for (const key of setting.path) value = (value as Record<string, unknown> | undefined)?.[key];
  return (value as SettingValue | undefined) ?? setting.default;
}

/** JSON's strings are basic strings of TOML 1.0: both escape quotes, backslashes and control characters alike. */
function formatValue(value: SettingValue | SettingTable): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, cell]) => `${key} = ${formatValue(cell)}`)
    .join(', ')} }`;
}

function wrapComment(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const extended = `${lines.at(-1)} ${word}`;
    if (extended.length > COMMENT_COLUMNS && lines.at(-1) !== '#') lines.push(`# ${word}`);
    else lines[lines.length - 1] = extended;
  }
  return lines;
}
