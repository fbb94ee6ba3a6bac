// Names that are looked for beside a record: found once, and only where they count.

import { expect, it } from 'vitest';
import { findingsOf, HEAD, readZone } from '../zone-text.ts';

/** Findings below the first three lines, which are SOA, NS and the server's address; line 1 is the line below. */
function below(text: string): string[] {
  return findingsOf(readZone(HEAD + text)).map((finding) =>
    finding.replace(/^\d+/, (line) => String(Number(line) - 3)),
  );
}

it('tells once of a name for one family that has no preference, however many addresses it has', () => {
  const addresses = 'ipv4.t A 127.0.0.1\nipv4.t A 127.0.0.2\nipv4.t AAAA ::1';
  expect(below(`t A 127.0.0.1\nt TXT "BITTORRENT UDP:1"\n${addresses}`)).toEqual(['3:8 preference-missing']);
});

it.each([
  ['*.m A 127.0.0.1', ['1:3 target-without-address']],
  ['*.m CNAME ns', ['1:3 target-without-address']],
  ['* A 127.0.0.1', []],
  ['* CNAME ns', []],
])(
  'a wildcard gives names below it an address, and not the name that it stands below: %s',
  (line, findings) => {
    expect(below(`@ MX 10 m\n${line}`)).toEqual(findings);
  },
);
