// Replies from signed zones in few words: `www A`, `www RRSIG A`, `www NSEC`, hashed owners by the name behind them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Authority } from '../../../src/core/zone/answer/authority.ts';
import { Nsec3Hash } from '../../../src/core/zone/nsec3-hash.ts';
import { ask, authorityOf, imageOf } from '../../support/authority-of.ts';
import type { QuerySpec, ReplyLines } from '../../support/dns-message.ts';
import { nameOf } from './zone-text.ts';

export type SignedZoneName = 'nsec' | 'optout';

/** A zone `example.` of test/vectors/signed. */
export function signedText(name: SignedZoneName): string {
  return readFileSync(fileURLToPath(new URL(`../../vectors/signed/${name}.zone`, import.meta.url)), 'latin1');
}

export function signedAuthority(text: string): Authority {
  return authorityOf(imageOf(text, 'example.'));
}

export interface BriefReply {
  readonly rcode: string;
  readonly flags: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** `question` is `name type`, the name below `example.`, `@` the apex. */
export function askBriefly(
  authority: Authority,
  question: string,
  options: Partial<QuerySpec> & { readonly over?: 'udp' | 'tcp' } = {},
): BriefReply {
  const [label, type] = question.split(' ') as [string, string];
  const { over = 'tcp', ...query } = options;
  const name = label === '@' ? 'example.' : `${label}.example.`;
  const reply = ask(authority, { name, type, edns: 1232, dnssecOk: true, ...query }, over);
  return briefly(reply);
}

function briefly({ rcode, flags, answer, authority, additional }: ReplyLines): BriefReply {
  const sorted = (lines: readonly string[]): string[] => lines.map(briefLine).sort();
  return {
    rcode,
    flags,
    answer: sorted(answer),
    authority: sorted(authority),
    additional: sorted(additional),
  };
}

function briefLine(line: string): string {
  const [owner, , , type, ...rdata] = line.split(' ') as [string, string, string, string, ...string[]];
  const covered = type === 'RRSIG' ? ` ${JSON.parse(rdata.join(' ')).typeCovered}` : '';
  return `${briefName(owner)} ${type}${covered}`;
}

function briefName(name: string): string {
  if (name === 'example.') return '@';
  const label = name.replace(/\.example\.$/, '').toLowerCase();
  const hashed = HASHES.get(label);
  return hashed === undefined ? label : `#${hashed}`;
}

/** Of the names of optout.zone that have an NSEC3: 2 iterations, salt AABBCCDD. */
const HASHES = new Map<string, string>(
  [
    ...['@', 'ns', 'mail', 'www', 'ent', 'a.ent', 'wild', '*.wild', 'host.wild', 'alias', 'gone', 'far'],
    ...['cwild', '*.cwild', 'cfar', '*.cfar', 'cwildno', '*.cwildno', 'red', 'secure'],
  ].map((label) => [hashOf(label), label]),
);

export function hashOf(label: string): string {
  const hash = new Nsec3Hash();
  hash.configure(2, Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd), 0, 4);
  hash.hash(nameOf(label === '@' ? 'example.' : `${label}.example.`), 0);
  return String.fromCharCode(...hash.label);
}

/** The name whose NSEC3 covers that of `label`. */
export function covering(label: string): string {
  const wanted = hashOf(label);
  const sorted = [...HASHES.keys()].sort();
  const before = sorted.filter((hash) => hash < wanted).at(-1) ?? sorted.at(-1)!;
  return `#${HASHES.get(before)}`;
}
