// Writes the tables of README.md that come from the code: `npm run docs`. A test says when they are behind.

import { readFileSync, writeFileSync } from 'node:fs';
import { describeMetrics, type MetricDescription } from '../src/app/admin/metrics.ts';
import { settings } from '../src/app/config/config-schema.ts';
import { CHECK_CODES, SERVE_CODES, SHARED_CODES } from '../src/app/zones/finding.ts';
import { ACCESS_CODES } from '../src/core/access/access-codes.ts';
import type { ListenerCode } from '../src/core/preference/listener-codes.ts';
import { DIAGNOSTICS } from '../src/core/zone/diagnostic-codes.ts';

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

/** The tables by the name that marks their place: `<!-- table: NAME -->` … `<!-- end -->`. */
export function readmeTables(): Readonly<Record<string, string>> {
  const findings = Object.entries(DIAGNOSTICS).map(
    ([code, { severity, summary }]) => `| \`${code}\` | ${severity} | ${summary} |`,
  );
  const listenerFindings = Object.entries(LISTENER_FINDINGS).map(
    ([code, summary]) =>
      `| \`${code}\` | error, by ${PLANNED.includes(code as ListenerCode) ? '`check` and `serve`' : '`serve`'} | ${summary} |`,
  );
  const checkFindings = Object.entries(CHECK_CODES).map(
    ([code, { severity, summary }]) => `| \`${code}\` | ${severity}, by \`check\` | ${summary} |`,
  );
  const sharedFindings = Object.entries(SHARED_CODES).map(
    ([code, { severity, summary }]) =>
      `| \`${code}\` | ${severity}, by \`check\` and \`serve\` | ${summary} |`,
  );
  const serveFindings = Object.entries(SERVE_CODES).map(
    ([code, { severity, summary }]) => `| \`${code}\` | ${severity}, by \`serve\` | ${summary} |`,
  );
  const accessFindings = Object.entries(ACCESS_CODES).map(
    ([code, { severity, summary }]) =>
      `| \`${code}\` | ${severity}, by \`check\` and \`serve\` | ${summary} |`,
  );
  const configuration = settings().map(
    ({ path, default: value, comment }) =>
      `| \`${path.join('.')}\` | \`${JSON.stringify(value)}\` | ${comment} |`,
  );
  return {
    findings: [
      '| code | severity | what it says |',
      '|---|---|---|',
      ...findings,
      ...checkFindings,
      ...listenerFindings,
      ...sharedFindings,
      ...serveFindings,
      ...accessFindings,
    ].join('\n'),
    metrics: ['| metric | labels | what it is |', '|---|---|---|', ...describeMetrics().map(metricRow)].join(
      '\n',
    ),
    configuration: ['| key | default | what it does |', '|---|---|---|', ...configuration].join('\n'),
  };
}

function metricRow({ name, labels, help }: MetricDescription): string {
  const listed = labels.map(({ name: label, values }) => {
    return values.length === 0 ? `\`${label}\`` : `\`${label}\`: ${values.join(', ')}`;
  });
  return `| \`${name}\` | ${listed.length === 0 ? 'none' : listed.join('; ')} | ${help} |`;
}

/** `text` with every marked table replaced. Throws where a table has no place. */
export function insertTables(text: string): string {
  let result = text;
  for (const [name, table] of Object.entries(readmeTables())) {
    const place = new RegExp(`(<!-- table: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(result)) throw new Error(`README.md has no place for the table ${name}`);
    result = result.replace(place, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  }
  return result;
}

if (import.meta.main) {
  const path = new URL('../README.md', import.meta.url);
  writeFileSync(path, insertTables(readFileSync(path, 'utf8')));
}
