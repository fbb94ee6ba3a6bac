// A changed zone whose serial did not grow: it is served, and secondaries will not fetch it.

import { isNewerSerial, nextSerial } from '../../core/transfer/serial.ts';
import { createFinding, type Finding } from '../finding.ts';
import type { ZoneVersion } from './zone-version.ts';

/** Content decides whether a zone is reloaded, not the serial; comments and layout are no change. */
export function serialWarnings(before: ZoneVersion, after: ZoneVersion): Finding[] {
  if (before.name !== after.name || isNewerSerial(after.serial, before.serial)) return [];
  if (Buffer.compare(before.image.content, after.image.content) === 0) return [];
  const said =
    after.serial === before.serial
      ? `is still ${after.serial}`
      : `went from ${before.serial} to ${after.serial}`;
  const message = `the serial ${said}, so that secondaries will not fetch this version; write ${nextSerial(before.serial)}`;
  return [
    createFinding(
      { code: 'serial-not-advanced', severity: 'warning', message, position: after.soa },
      after.texts,
    ),
  ];
}
