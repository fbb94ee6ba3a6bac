// What dig, kdig and drill print, as data. The three agree on everything that matters here.

export interface PrintedMessage {
  /** `NOERROR`, `NXDOMAIN`, … */
  readonly status: string;
  readonly flags: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly hasEdns: boolean;
}

/** Records come back as `name TTL class type rdata` with single blanks and names in lower case. */
export function parsePrintedMessage(text: string): PrintedMessage {
  const header = /->>HEADER<<-.*?(?:status|rcode): (\w+)/.exec(text);
  const flags = /;; flags: ([a-z ]*?) *;/i.exec(text);
  if (header === null || flags === null) throw new Error(`no DNS message in:\n${text}`);
  return {
    status: header[1]!,
    flags: flags[1]!.split(' '),
    answer: sectionOf(text, 'ANSWER'),
    authority: sectionOf(text, 'AUTHORITY'),
    additional: sectionOf(text, 'ADDITIONAL'),
    hasEdns: /EDNS/.test(text),
  };
}

function sectionOf(text: string, name: string): string[] {
  const start = text.indexOf(`;; ${name} SECTION:`);
  if (start === -1) return [];
  const lines = text.slice(start).split('\n').slice(1);
  const end = lines.findIndex((line) => line === '' || line.startsWith(';;'));
  return lines
    .slice(0, end === -1 ? undefined : end)
    .filter((line) => !line.startsWith(';'))
    .map(formatRecord);
}

function formatRecord(line: string): string {
  const [owner, ttl, recordClass, type, ...rdata] = line.trim().split(/[ \t]+/);
  return [owner!.toLowerCase(), ttl, recordClass, type, ...rdata].join(' ');
}
