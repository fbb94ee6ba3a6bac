// HARDENING 16: records that fight each other. What cannot be served is refused with its reason; what is strange and
// allowed is served, and every answer to it is bounded.

import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeReply, encodeQuery } from '../support/dns-message.ts';
import { faultOfReply } from '../support/reply-rules.ts';
import { connectTcp } from '../support/tcp-client.ts';
import { EDIT } from './budgets.ts';
import { exchangeDatagrams } from './datagrams.ts';
import { frame } from './messages.ts';
import { type ServerProcess, startServer } from './server.ts';
import { createVictim, VICTIM_FILE, type Victim, versionText } from './victim.ts';
import { endure } from './witness.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

let server: ServerProcess;
let victim: Victim;
beforeAll(async () => {
  server = await startServer({ zones: { [VICTIM_FILE]: versionText(1) } });
  victim = createVictim(server);
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

const save = (lines: string): void => writeFileSync(victim.path, versionText(victim.version + 1, lines));

describe('line 16, what is refused', () => {
  it.each([
    ['a CNAME and other data', 'cname-and-other-data', 'x CNAME t\nx A 127.0.0.1\n'],
    ['two CNAME records', 'several-cnames', 'x CNAME t\nx CNAME ns\n'],
    ['two DNAME records', 'several-dnames', 'x DNAME a\nx DNAME b\n'],
    ['data below a DNAME', 'data-below-dname', 'x DNAME y\na.x A 127.0.0.1\n'],
    [
      '5,000 addresses at one name, over 64 kB',
      'rrset-too-large',
      upTo(5000)
        .map((index) => `x A 10.0.${index >> 8}.${index & 255}\n`)
        .join(''),
    ],
    [
      'an RRset over 64 kB',
      'rrset-too-large',
      upTo(300)
        .map((index) => `x TXT "${String(index).padEnd(250, 'x')}"\n`)
        .join(''),
    ],
  ])('%s: %s', (_what, code, lines) =>
    endure(server, EDIT, async () => {
      await victim.isExplained(code, () => save(lines));
      await victim.mend();
    }),
  );

  it('a TXT string over 255 octets, with the way to split it', () =>
    endure(server, EDIT, async () => {
      const long = 'x'.repeat(300);
      const { message } = await victim.isExplained('string-too-long', () => save(`x TXT "${long}"\n`));
      expect(message).toMatch(/"x+" "x+"|" "/);
      await victim.mend();
    }));
});

const CHAIN = 20;

const STRANGE = [
  'loop1 CNAME loop2\nloop2 CNAME loop1\nself CNAME self\n',
  'dloop1 DNAME dloop2\ndloop2 DNAME dloop1\nunder DNAME a.b.under2\n',
  ...upTo(CHAIN).map((index) => `chain${index} CNAME chain${index + 1}\n`),
  `chain${CHAIN} A 127.0.0.1\n`,
  '* TXT "outer"\n*.wild TXT "inner"\n*.*.wild TXT "innermost"\n*.loop CNAME a.loop\n',
  '*.cut NS ns.other.test.\nsub NS ns.sub\nns.sub A 127.0.0.1\nbelow.sub TXT "not glue"\n',
  ...upTo(3900).map((index) => `many A 10.0.${index >> 8}.${index & 255}\n`),
  ...upTo(1100).map((index) => `many AAAA 2001:db8::${index}\n`),
  ...upTo(500).map((index) => `types TYPE${1000 + index} \\# 1 00\n`),
  `${'a.'.repeat(100)}deep TXT "deep"\n`,
].join('');

describe('line 16, what is served', () => {
  const NAMES = [
    ...['loop1', 'self', 'x.dloop1', `${'a.'.repeat(60)}dloop1`, 'x.under', 'chain0', 'chain5'],
    ...['x', 'x.y.wild', '*.wild', 'x.*.wild', 'y.x.*.wild', 'x.loop', 'x.cut', 'y.x.cut', 'sub'],
    ...['below.sub', 'many', 'types', `${'a.'.repeat(100)}deep`, 'deep', `${'a.'.repeat(50)}deep`],
  ].map((name) => `${name}.victim.example.`);
  const queries = NAMES.flatMap((name) =>
    ['A', 'TXT', 'NS', 'CNAME', 'ANY', 'DS', 'SOA'].flatMap((type) => [
      encodeQuery({ name, type }),
      encodeQuery({ name, type, edns: 4096, dnssecOk: true }),
    ]),
  );

  it('loops, chains of 20, wildcards below wildcards, delegations under them, 5,000 records at a name', () =>
    endure(server, { ...EDIT, cpuSeconds: 10 }, async () => {
      await victim.mend((path) => writeFileSync(path, versionText(victim.version, STRANGE)));
      for (let round = 0; round < 20; round++) {
        const exchanges = await exchangeDatagrams(server.dnsPort, queries);
        const faults = exchanges.map(({ request, reply }) =>
          faultOfReply(request, reply, { transport: 'udp' }),
        );
        expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
      }
      const client = await connectTcp(
        { address: '127.0.0.1', port: server.dnsPort },
        { allowHalfOpen: true },
      );
      client.socket.end(Buffer.concat(queries.map(frame)));
      const received = await client.ended();
      let replies = 0;
      for (let at = 0; at < received.length; at += 2 + received.readUInt16BE(at)) {
        const reply = received.subarray(at + 2, at + 2 + received.readUInt16BE(at));
        expect(faultOfReply(queries[replies++]!, reply, { transport: 'tcp' })).toBeUndefined();
      }
      expect(replies).toBe(queries.length);
    }));

  it('a chain of 20 ends in an answer of whole links, a loop in one of each', async () => {
    const [chain, loop] = await exchangeDatagrams(
      server.dnsPort,
      ['chain0', 'loop1'].map((name) =>
        encodeQuery({ name: `${name}.victim.example.`, type: 'A', edns: 4096 }),
      ),
    );
    const links = decodeReply(chain!.reply).answer;
    // BIND and NSD stop a chain as well (named's limit is 17 links).
    expect(links.length).toBeGreaterThanOrEqual(8);
    expect(links.length).toBeLessThanOrEqual(CHAIN + 1);
    expect(new Set(links).size).toBe(links.length);
    expect(decodeReply(loop!.reply).answer.length).toBeLessThanOrEqual(CHAIN);
  });
});
