// What a leaf of the configuration is made of: a notation with its default and the sentence that explains it.

import { z } from 'zod';

/** `switch` is true or false. `tables` is a list of tables in the file, and of strings of words on the command line. */
export type SettingKind = 'text' | 'number' | 'switch' | 'list' | 'tables';

export interface SettingNotes {
  /** Sentences for the sample: what it does, in which unit. */
  readonly comment: string;
  /** Placeholder of the flag's value: `path`, `duration`. */
  readonly argument: string;
  readonly kind: SettingKind;
  /** As it would stand in the file. */
  readonly default: SettingValue;
  /** What a table of `tables` may hold. */
  readonly columns?: readonly string[];
  /** Which of them is a path. */
  readonly pathColumn?: string;
}

/** A table of a list of tables, as the file holds it. */
export interface SettingTable {
  readonly [key: string]: string | boolean | readonly string[];
}

export type SettingValue = string | number | boolean | readonly (string | SettingTable)[];

/** What is known of each leaf of the schema, which bounds it. */
export const settingNotes = z.registry<SettingNotes>();

/** A leaf: `schema` reads what the file or a flag holds, the default included. */
export function setting<S extends z.ZodType>(schema: S, notes: SettingNotes): z.ZodPrefault<S> {
  const leaf = schema.prefault(notes.default as never);
  settingNotes.add(leaf, notes);
  return leaf;
}

/** A string that `parse` reads; `wanted` completes "expected …". */
export function notation<T>(parse: (text: string) => T | undefined, wanted: string) {
  return z.string(`expected ${wanted}`).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not ${wanted}`, input: text });
    return z.NEVER;
  });
}

/** A list, or one entry without brackets. */
export function listOf<S extends z.ZodType>(item: S, wanted: string) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(item, `expected ${wanted}, or a list of them`),
  );
}

/** A whole number, both bounds included. */
export function integer(minimum: number, maximum: number) {
  const message = `expected a whole number from ${minimum} to ${maximum}`;
  return z.int(message).min(minimum, message).max(maximum, message);
}
