import { expect, test } from 'vitest';
import { parseProbeTarget, planProbe } from '../../../src/app/probe/probe-plan.ts';
import type { Outcome } from '../../../src/core/preference/outcome.ts';
import { parsePreference } from '../../../src/core/preference/preference.ts';

const SILENT: Outcome = { kind: 'silent', reason: 'no-record', ttlSeconds: 60 };

function outcomeOf(record: string): Outcome {
  if (record === '') return SILENT;
  const { endpoints } = parsePreference(record)!;
  const from = { record, ttlSeconds: 60, authenticated: false, stale: false, ignored: [] };
  return endpoints.length === 0
    ? { kind: 'denied', ...from, probableTypo: false }
    : { kind: 'declared', ...from, endpoints };
}

test.each([
  [
    'tracker.test',
    'BITTORRENT UDP:1 TCP:2 TCP:443',
    ['udp 1 /announce', 'http 2 /announce', 'https 443 /announce'],
  ],
  ['Tracker.TEST.', 'BITTORRENT UDP:1', ['udp 1 /announce']],
  ['tracker.test', '', []],
  ['tracker.test', 'BITTORRENT DENY ALL', []],
  ['udp://tracker.test:7/a?k=v', '', ['udp 7 /a?k=v']],
  ['udp://tracker.test:7/a', 'BITTORRENT TCP:8', ['http 8 /a']],
  ['http://tracker.test/a', '', ['http 80 /a']],
  ['http://tracker.test/a', 'BITTORRENT DENY ALL', []],
  ['udp://tracker.test/announce', '', []],
  ['http://tracker.test', '', ['http 80 /']],
  ['http://tracker.test/a#b', '', ['http 80 /a']],
  ['http://tracker.test/ä', '', ['http 80 /%C3%A4']],
  // A passkey of https is not shown to the network in clear text.
  [
    'https://tracker.test/secret/announce',
    'BITTORRENT UDP:1 TCP:80 TCP:8443 TCP:443',
    ['udp 1 /announce', 'http 80 /announce', 'https 8443 /secret/announce', 'https 443 /secret/announce'],
  ],
])('%s with "%s" is announced to at %j', (argument, record, expected) => {
  const target = parseProbeTarget(argument)!;
  expect(target.host).toBe('tracker.test');
  const { endpoints } = planProbe(target, outcomeOf(record));
  expect(endpoints.map(({ scheme, port, path }) => `${scheme} ${port} ${path}`)).toEqual(expected);
});

test.each([
  ['http://[::1]:80/announce', '::1'],
  ['udp://127.0.0.1:80', '127.0.0.1'],
  ['http://bücher.test/announce', 'xn--bcher-kva.test'],
])('%s is asked for at %s', (argument, host) => {
  expect(parseProbeTarget(argument)).toMatchObject({ host });
});

test.each([
  '',
  'a b',
  'ftp://tracker.test/',
  'wss://tracker.test/',
  'tracker.test:80',
  'user@tracker.test',
  'http://127.1/announce',
])('%s is no argument', (argument) => {
  expect(parseProbeTarget(argument)).toBeUndefined();
});
