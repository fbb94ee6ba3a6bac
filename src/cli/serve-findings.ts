// What a reload of `portolan serve` has found in zone files, for whoever reads its standard error.

import type { Finding } from '../app/finding.ts';
import type { ReloadReport } from '../app/zones/reload.ts';
import type { Logger } from '../io/log.ts';
import { type CliIo, isColoured } from './cli-io.ts';
import { renderDiagnostic } from './render-diagnostic.ts';
import { shownPath } from './shown-path.ts';

/**
 * Lines of source with carets for a person at a terminal, files below the working directory by their relative path;
 * among the lines of a log, one line of the log a finding.
 */
export function reportFindings(
  report: ReloadReport,
  logger: Logger,
  io: Pick<CliIo, 'stderr' | 'env' | 'workingDirectory'>,
): void {
  for (const finding of newFindings(report)) {
    if (io.stderr.isTTY === true) {
      const shown = { ...finding, file: shownPath(finding.file, io.workingDirectory) };
      io.stderr.write(renderDiagnostic(shown, isColoured(io, io.stderr)));
    } else logFinding(finding, logger);
  }
}

/** Of zones that were touched: what has not changed was said before. */
function newFindings({ zones }: ReloadReport): Finding[] {
  return zones.filter(({ outcome }) => outcome !== 'unchanged').flatMap(({ findings }) => findings);
}

function logFinding({ code, severity, file, line, column, message }: Finding, logger: Logger): void {
  const level = severity === 'error' ? 'error' : 'warn';
  const fields = { code, severity, file, line, column, message };
  logger[level](`${file}:${line}:${column}: ${severity}[${code}]`, fields);
}
