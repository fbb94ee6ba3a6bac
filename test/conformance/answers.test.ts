// Answers that NSD, Knot and PowerDNS agree on (FerretDataset), and the wildcards of RFC 4592.

import { describe, expect, test } from 'vitest';
import { ask, authorityOf, imageOf } from '../support/authority-of.ts';
import type { ReplyLines } from '../support/dns-message.ts';
import { hasSharedData, readSharedJsonLines, readSharedText } from '../support/shared-data.ts';

interface FerretCase {
  readonly id: number;
  readonly tag: string;
  readonly origin: string;
  readonly zone: string;
  readonly qname: string;
  readonly qtype: string;
  readonly expected: Pick<ReplyLines, 'rcode' | 'flags' | 'answer' | 'authority' | 'additional'>;
}

const withData = describe.skipIf(!hasSharedData());

withData('answers of the Ferret data set', () => {
  test('are those that three servers agree on', () => {
    const cases = readSharedJsonLines<FerretCase>('ferret/cases.jsonl.gz');
    expect(cases.length).toBeGreaterThan(4000);
    const wrong = cases.flatMap((entry) => compare(entry));
    expect(wrong).toEqual([]);
  });
});

function compare(entry: FerretCase): string[] {
  const authority = authorityOf(imageOf(entry.zone, entry.origin));
  const reply = ask(authority, { name: entry.qname, type: entry.qtype });
  const { expected } = entry;
  const bothSpeak = expected.answer.length > 0 && reply.answer.length > 0;
  const same =
    reply.rcode === expected.rcode &&
    isSameSet(reply.flags, expected.flags) &&
    isSameSet(reply.answer, expected.answer) &&
    (bothSpeak || isSameSet(reply.authority, expected.authority)) &&
    isSameSet(reply.additional, expected.additional);
  return same ? [] : [JSON.stringify({ ...entry, got: reply }, undefined, 1)];
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  const fold = (lines: readonly string[]) =>
    [...new Set(lines.map((line) => line.toLowerCase()))].sort().join('\n');
  return fold(left) === fold(right);
}

withData('answers to the questions of RFC 4592', () => {
  const rows = readTable();
  test.each(rows)('$qname $qtype: $why', ({ qname, qtype, rcode, authoritative, answer }) => {
    const authority = authorityOf(imageOf(readSharedText('rfc4592/example.zone'), 'example.'));
    const reply = ask(authority, { name: qname, type: qtype });
    expect(reply.rcode).toBe(rcode);
    expect(reply.flags.includes('AA')).toBe(authoritative);
    expect(reply.answer.map((line) => line.replace(/ [0-9]+ IN /, ' '))).toEqual(answer);
  });
});

function readTable() {
  if (!hasSharedData()) return [];
  const lines = readSharedText('rfc4592/expected.tsv').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [qname = '', qtype = '', rcode = '', aa, answer = '-', why = ''] = line.split('\t');
      return { qname, qtype, rcode, authoritative: aa === '1', answer: answer === '-' ? [] : [answer], why };
    });
}
