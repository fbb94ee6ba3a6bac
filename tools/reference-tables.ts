// Writes the tables under docs/ that come from the code: `npm run docs`. A test says when they are behind.

import { readFileSync, writeFileSync } from 'node:fs';
import { describeMetrics, type MetricDescription } from '../src/app/admin/metrics.ts';
import { settings } from '../src/app/config/config-schema.ts';
import { CHECK_CODES, SERVE_CODES, SHARED_CODES } from '../src/app/finding.ts';
import { ACCESS_CODES } from '../src/core/access/access-codes.ts';
import type { ListenerCode } from '../src/core/preference/listener-codes.ts';
import { DIAGNOSTICS } from '../src/core/zone/diagnostic-codes.ts';

const ROOT = new URL('../', import.meta.url);

/** Found before anything is opened. */
const PLANNED: readonly ListenerCode[] = [
  'port-taken',
  'port-not-allowed',
  'port-reserved',
  'too-many-listeners',
];

const LISTENER_FINDINGS: Readonly<Record<ListenerCode, string>> = {
  'port-taken':
    'a declared port that another program holds (only `serve` finds that), or that a wildcard of this tracker takes',
  'port-not-permitted': 'a declared port that this user may not open (below 1024, most likely)',
  'port-not-allowed': 'a declared port outside `tracker.allowed_ports`',
  'port-reserved': 'a declared port that is one of our own, of DNS or of the admin address',
  'port-not-opened': 'a declared port that the system refuses for another reason, which is named',
  'too-many-listeners': 'more tracker sockets than `tracker.max_listeners`',
  'too-many-hosts': 'more preference hosts than one zone may have',
};

/** The tables by the page that has their place: `<!-- table: NAME -->` … `<!-- end -->`, NAME being the page's own. */
export function referenceTables(): Readonly<Record<string, string>> {
  return {
    'docs/configuration.md': configurationTables(),
    'docs/findings.md': findingTables(),
    'docs/metrics.md': tableOf(['metric', 'labels', 'what it is'], describeMetrics().map(metricRow)),
  };
}

/** A table for what stands outside of sections, and one for each section. */
function configurationTables(): string {
  const sections = Object.groupBy(settings(), ({ path }) => (path.length > 1 ? path[0]! : ''));
  return Object.entries(sections)
    .map(([name, members]) => {
      const rows = members!.map(({ path, default: value, comment }) => [
        `\`${path.join('.')}\``,
        `\`${JSON.stringify(value)}\``,
        comment,
      ]);
      return under(name === '' ? 'Folders' : `\`[${name}]\``, ['key', 'default', 'what it does'], rows);
    })
    .join('\n\n');
}

function findingTables(): string {
  const columns = ['code', 'severity', 'what it says'];
  const listeners = Object.entries(LISTENER_FINDINGS).map(([code, summary]) => {
    const isPlanned = PLANNED.includes(code as ListenerCode);
    return findingRow(code, { severity: 'error', summary }, isPlanned ? BOTH : 'by `serve`');
  });
  return [
    under('In a zone file', columns, findingRows(DIAGNOSTICS)),
    under('In what the zones declare', columns, [
      ...findingRows(CHECK_CODES, 'by `check`'),
      ...listeners,
      ...findingRows(SHARED_CODES, BOTH),
    ]),
    under('While it serves', columns, findingRows(SERVE_CODES, 'by `serve`')),
    under('In an access list', columns, findingRows(ACCESS_CODES, BOTH)),
  ].join('\n\n');
}

const BOTH = 'by `check` and `serve`';

interface CodeNotes {
  readonly severity: string;
  readonly summary: string;
}

/** Without `finder`, whoever reads the file has the finding. */
function findingRows(codes: Readonly<Record<string, CodeNotes>>, finder?: string): string[][] {
  return Object.entries(codes).map(([code, notes]) => findingRow(code, notes, finder));
}

function findingRow(code: string, { severity, summary }: CodeNotes, finder?: string): string[] {
  return [`\`${code}\``, finder === undefined ? severity : `${severity}, ${finder}`, summary];
}

function metricRow({ name, labels, help }: MetricDescription): string[] {
  const listed = labels.map(({ name: label, values }) => {
    return values.length === 0 ? `\`${label}\`` : `\`${label}\`: ${values.join(', ')}`;
  });
  return [`\`${name}\``, listed.length === 0 ? 'none' : listed.join('; '), help];
}

function under(heading: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return `## ${heading}\n\n${tableOf(columns, rows)}`;
}

function tableOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [lines[0], `|${columns.map(() => '---').join('|')}|`, ...lines.slice(1)].join('\n');
}

/** The text of `page` with its table replaced. Throws where the page has no table, or no place for it. */
export function insertTable(page: string, text: string): string {
  const name = /(\w+)\.md$/.exec(page)?.[1];
  const table = referenceTables()[page];
  const place = new RegExp(`(<!-- table: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  if (table === undefined || !place.test(text)) throw new Error(`${page} has no place for its table`);
  return text.replace(place, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`);
}

if (import.meta.main) {
  for (const page of Object.keys(referenceTables())) {
    const path = new URL(page, ROOT);
    writeFileSync(path, insertTable(page, readFileSync(path, 'utf8')));
  }
}
