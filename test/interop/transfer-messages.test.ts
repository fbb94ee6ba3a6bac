// Transfers between our messages and other programs: what NSD, Knot and BIND send is the zone that they have read, and
// dig and kdig read the same zone out of what we send.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyChanges } from '../../src/core/transfer/apply-changes.ts';
import { diffImages } from '../../src/core/transfer/changes.ts';
import { createTransferReader, type TransferReading } from '../../src/core/transfer/incoming.ts';
import { createIncrementalTransfer, createZoneTransfer } from '../../src/core/transfer/outgoing.ts';
import { readTransferRequest } from '../../src/core/transfer/request.ts';
import { encodeZoneQuery } from '../../src/core/transfer/zone-query.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { systemClock } from '../../src/io/clock.ts';
import { readTransfer } from '../../src/io/dns-client/transfer-client.ts';
import { compileText, linesOf, messagesOf, nameOf } from '../core/transfer/transfer-zones.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createPrimary } from '../support/hostile-primary.ts';
import { imageToRecords } from '../support/image-records.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PRIMARIES, reload } from './primaries.ts';
import { isInstalled, isMissing, run } from './programs.ts';

const ID = 4711;
const HASH = '01'.repeat(32);

/**
 * Types with names in every place, a large record, and enough of them for several messages. NSD 4.6 sends empty messages
 * without end where a record is larger than its messages of 16 kB.
 */
function zoneText(serial: number, edit: string): string {
  const many = Array.from({ length: 3000 }, (_, n) => `host${n} A 10.0.${n >> 8}.${n & 255}\n`).join('');
  return `$ORIGIN Example.
$TTL 1h
@ SOA ns Hostmaster ${serial} 1h 15m 1w 60
@ NS ns
@ NS ns.example.net.
ns A 192.0.2.1
ns AAAA 2001:db8::1
Alias.Sub CNAME ns
old DNAME example.org.
mail 60 MX 10 ns
mail 60 MX 20 Mail.Sub
srv SRV 1 2 6969 ns
host RP a .
naptr NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" ns
*.wild TXT "BITTORRENT UDP:6969 TCP:80" "x"
large TXT ${'"0123456789012345678901234567890123456789" '.repeat(300)}
cut NS ns.cut
ns.cut A 192.0.2.2
cut DS 60485 8 2 ${HASH}
svc HTTPS 1 . alpn=h2
generic TYPE65534 \\# 3 010203
${edit}${many}`;
}

const FIRST = zoneText(1, 'edited A 192.0.2.7\nedited A 192.0.2.8\ngone TXT "x"\n');
const SECOND = zoneText(
  3,
  'edited A 192.0.2.7\nedited A 192.0.2.9\nfresh.deep TXT "y"\nfresh.deep MX 1 ns\n',
);

/** The records of text as a set, for dig prints the SOA twice. */
function linesOfText(text: string): string[] {
  const zone = parseZone({ path: 'zone', octets: Buffer.from(text, 'latin1') }, { origin: nameOf('.') });
  expect(zone.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return [...new Set(linesOf(zone.records))];
}

/** Names in rdata in lower case too: not every server keeps their letters. */
function folded(lines: readonly string[]): string[] {
  return lines.map((line) => line.toLowerCase()).sort();
}

/** Asks the primary; `serial` is for IXFR. */
async function fetchZone(port: number, serial?: number): Promise<TransferReading> {
  const apex = nameOf('example.');
  const query =
    serial === undefined
      ? ({ id: ID, apex, kind: 'axfr' } as const)
      : ({ id: ID, apex, kind: 'ixfr', serial } as const);
  const reader = createTransferReader(query);
  let reading: TransferReading = { kind: 'more' };
  await readTransfer({
    server: { address: '127.0.0.1', port },
    request: encodeZoneQuery(query),
    clock: systemClock,
    signal: new AbortController().signal,
    take: (message) => {
      reading = reader.read(message, 0);
      return reading.kind !== 'more';
    },
  });
  return reading;
}

/** Until the primary has read its file again. */
async function fetchNewer(port: number, serial: number): Promise<TransferReading> {
  for (;;) {
    const reading = await fetchZone(port, serial);
    if (reading.kind !== 'current') return reading;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.each(Object.entries(PRIMARIES))('%s', (_, { program, start }) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  it.skipIf(left)(
    'sends a zone and its changes, and both are what it has read',
    async () => {
      const folder = await temporaryFolder();
      const file = join(folder, 'example.zone');
      writeFileSync(file, FIRST);
      const [port = 0] = await findFreePorts(1);
      const server = await start({ port, zone: 'example', file, folder: join(folder, 'server') });
      onTestFinished(async () => void (await server.stop()));

      const first = await fetchZone(port);
      if (first.kind !== 'done') throw new Error(JSON.stringify(first));
      expect(folded(linesOf(first.records))).toEqual(folded(linesOfText(FIRST)));
      expect(await fetchZone(port, 1)).toEqual({ kind: 'current', serial: 1 });

      writeFileSync(file, SECOND);
      reload(server);
      const second = await fetchNewer(port, 1);
      expect(second).toMatchObject({ kind: 'incremental', serial: 3 });
      if (second.kind !== 'incremental') return;
      expect(applyChanges(nameOf('example.'), first.records, second.changes)).toBeUndefined();
      expect(folded(linesOf(first.records))).toEqual(folded(linesOfText(SECOND)));
      // Its changes are ours.
      const change = diffImages(compileText(FIRST), compileText(SECOND));
      expect(change).toMatchObject({
        removedCount: second.changes.reduce((sum, { removedCount }) => sum + removedCount, 0),
        addedCount: second.changes.reduce((sum, { addedCount }) => sum + addedCount, 0),
      });

      const whole = await fetchZone(port, 0);
      expect(whole).toMatchObject({ kind: 'done', serial: 3 });
    },
    60_000,
  );
});

describe.each(['dig', 'kdig'])('%s', (program) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));
  const before = compileText(FIRST, 'Example.');
  const after = compileText(SECOND, 'Example.');
  const changes = [diffImages(before, after)!];

  /** What it prints of the answer to `words`, each record a line. */
  async function ask(...words: readonly string[]): Promise<string> {
    const primary = await createPrimary(({ octets, send }) => {
      const request = readTransferRequest(octets, 0, octets.length);
      if (request === undefined) throw new Error('not read as a request');
      const transfer =
        request.kind === 'axfr'
          ? createZoneTransfer(after, request)
          : createIncrementalTransfer(after, changes, request);
      for (const message of messagesOf(transfer)) send(message);
    });
    const { address, port } = primary.address;
    const ended = await run([program, `@${address}`, '-p', String(port), '+noall', '+answer', ...words]);
    expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
    return ended.stdout;
  }

  it.skipIf(left).each([
    ['as it is spelt', 'Example.'],
    ['in other letters', 'eXAMPLE.'],
  ])('reads the zone, asked for %s', async (_, zone) => {
    const printed = await ask(zone, 'AXFR');
    expect(linesOfText(printed)).toEqual(linesOf(imageToRecords(after)));
  });

  it.skipIf(left)('reads the changes', async () => {
    const printed = (await ask('Example.', 'IXFR=1'))
      .trim()
      .split('\n')
      .filter((line) => !/^(;|$)/.test(line));
    const serials = printed
      .map((line) => /\bSOA\b.* (\d+) 3600 900/.exec(line)?.[1])
      .filter((serial) => serial);
    expect(serials).toEqual(['3', '1', '3', '3']);
    expect(printed.length).toBe(2 + changes[0]!.removedCount + changes[0]!.addedCount);
    expect(linesOfText(printed.filter((line) => /edited|gone|fresh/.test(line)).join('\n'))).toEqual([
      'edited.example.\t3600\tIN\tA\t192.0.2.8',
      'edited.example.\t3600\tIN\tA\t192.0.2.9',
      'fresh.deep.example.\t3600\tIN\tMX\t1 ns.Example.',
      'fresh.deep.example.\t3600\tIN\tTXT\t"y"',
      'gone.example.\t3600\tIN\tTXT\t"x"',
    ]);
  });

  it.skipIf(left)('reads the SOA alone where it has the version', async () => {
    const printed = (await ask('Example.', 'IXFR=3'))
      .trim()
      .split('\n')
      .filter((line) => !/^(;|$)/.test(line));
    expect(printed.length).toBe(1);
    expect(printed[0]).toMatch(/SOA.* 3 3600 900/);
  });
});
