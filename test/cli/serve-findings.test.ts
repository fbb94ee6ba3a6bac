import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/app/finding.ts';
import type { ReloadReport, ZoneReport } from '../../src/app/zones/reload.ts';
import { reportFindings } from '../../src/cli/serve-findings.ts';
import { createLogger } from '../../src/io/log.ts';

const ERROR = {
  severity: 'error',
  code: 'port-taken',
  message: 't.example declares TCP:80: it is taken',
  file: '/srv/zones/t.zone',
  line: 7,
  column: 3,
  length: 3,
  source: 't TXT "BITTORRENT TCP:80"',
} as const;

const WARNING = { ...ERROR, severity: 'warning', code: 'serial-not-advanced' } as const;

function reportOf(zones: readonly (readonly [ZoneReport['outcome'], readonly Finding[]])[]): ReloadReport {
  const touched = zones.map(([outcome, findings]) => ({
    path: '/srv/zones/t.zone',
    name: 'example',
    outcome,
    findings,
  }));
  return { trigger: 'watch', zones: touched, opened: [], draining: [], closed: [] };
}

interface Terminal {
  readonly isTTY: boolean;
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What stands on standard error after a reload. */
function written(report: ReloadReport, { isTTY, workingDirectory = '/srv', env = {} }: Terminal): string {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const stderr = Object.assign(sink, { isTTY });
  reportFindings(report, createLogger({ pretty: isTTY, stream: stderr }), { stderr, env, workingDirectory });
  return text;
}

describe('the findings of a reload on a terminal', () => {
  const env = { NO_COLOR: '1' };

  it('are lines of source with a caret, by the path from here', () => {
    const text = written(reportOf([['kept', [ERROR]]]), { isTTY: true, env });
    expect(text).toBe(`zones/t.zone:7:3: error[port-taken]: ${ERROR.message}
  t TXT "BITTORRENT TCP:80"
    ^^^
`);
  });

  it('name a file elsewhere by its whole path', () => {
    const terminal = { isTTY: true, env, workingDirectory: '/elsewhere' };
    expect(written(reportOf([['kept', [ERROR]]]), terminal)).toMatch(/^\/srv\/zones\/t\.zone:7:3: /);
  });

  it('are coloured', () => {
    expect(written(reportOf([['kept', [ERROR]]]), { isTTY: true })).toContain('\x1b[31merror[port-taken]');
  });
});

describe('the findings of a reload in a log', () => {
  it('are one JSON object each, by severity', () => {
    const text = written(reportOf([['published', [ERROR, WARNING]]]), { isTTY: false });
    const { length: _length, source: _source, ...fields } = ERROR;
    const time = expect.any(String);
    const place = '/srv/zones/t.zone:7:3:';
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { level: 'error', time, msg: `${place} error[port-taken]`, ...fields },
      {
        ...{ level: 'warn', time, msg: `${place} warning[serial-not-advanced]`, ...fields },
        code: 'serial-not-advanced',
        severity: 'warning',
      },
    ]);
  });
});

it.each([true, false])('says nothing again of a zone that has not changed (terminal: %s)', (isTTY) => {
  expect(written(reportOf([['unchanged', [ERROR]]]), { isTTY })).toBe('');
});
