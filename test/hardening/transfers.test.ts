// HARDENING 14, the other side: primaries that should not be trusted, and NOTIFY from whoever likes. What one of them does
// is that zone's misfortune alone.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createZoneTransfer } from '../../src/core/transfer/outgoing.ts';
import { readTransferRequest } from '../../src/core/transfer/request.ts';
import { compileText, messagesOf } from '../core/transfer/transfer-zones.ts';
import { authorityOf, exchange, SEED } from '../support/authority-of.ts';
import { type Behaviour, createHostileDns, type HostileDns } from '../support/hostile-dns.ts';
import { createRandomOctets } from '../support/random-octets.ts';
import { readMessage } from '../support/reply-rules.ts';
import { zoneText } from '../support/serving.ts';
import { askUdp } from '../support/tracker-clients.ts';
import { TRAFFIC } from './budgets.ts';
import { exchangeDatagrams } from './datagrams.ts';
import { frame, hex, message } from './messages.ts';
import { type ServerProcess, startServer, waitUntil } from './server.ts';
import { endure } from './witness.ts';

const random = createRandomOctets(14);
const PATIENCE_MILLISECONDS = 30_000;

/** The messages of a right transfer of `origin`, in answer to the question at hand. */
function answersOf(octets: Buffer, origin: string, serial = 1): Uint8Array[] {
  const image = compileText(zoneText(origin, 't TXT "here"', serial), `${origin}.`);
  const request = readTransferRequest(octets, 0, octets.length);
  return request === undefined ? [] : messagesOf(createZoneTransfer(image, request));
}

/** A right answer to everything about `origin`. */
function primaryOf(origin: string, serial: () => number): Behaviour {
  return (asked) => {
    const transfer = answersOf(asked.octets, origin, serial());
    const image = compileText(zoneText(origin, 't TXT "here"', serial()), `${origin}.`, SEED);
    const replies =
      transfer.length > 0 ? transfer : [exchange(authorityOf(image), asked.octets, asked.transport)];
    for (const reply of replies) asked.send(Buffer.from(reply));
  };
}

const headOf = (octets: Buffer, answers: number): Buffer => {
  const head = Buffer.from(octets);
  head[2] = 0x84;
  head.writeUInt16BE(answers, 6);
  return head;
};

/** The first message of a transfer, with the first SOA and nothing else. */
function beginningOf(octets: Buffer, origin: string): Buffer {
  const [reply] = answersOf(octets, origin) as [Uint8Array];
  return headOf(Buffer.from(reply.subarray(0, readMessage(reply)!.records[0]!.rdataEnd)), 1);
}

/** What each of them does with a question for the zone that is called after it. */
const PRIMARIES: Readonly<Record<string, Behaviour>> = {
  silent: () => {},
  hanging: (asked) => asked.hangUp(),
  garbage: (asked) => asked.sendRaw(random.octets(100_000)),
  zeros: (asked) => asked.sendRaw(Buffer.alloc(100_000)),
  oversized: (asked) => asked.send(Buffer.concat([headOf(asked.octets, 0xffff), Buffer.alloc(65_000)])),
  'other-zone': (asked) => {
    const other = Buffer.from(asked.octets.toString('latin1').replace('other-zone', 'wrong-zone'), 'latin1');
    for (const reply of answersOf(other, 'wrong-zone.example')) asked.send(Buffer.from(reply));
  },
  'other-id': (asked) => {
    for (const reply of answersOf(asked.octets, 'other-id.example')) {
      const altered = Buffer.from(reply);
      altered[0]! ^= 1;
      asked.send(altered);
    }
  },
  'half-way': (asked) => {
    const whole = Buffer.concat(answersOf(asked.octets, 'half-way.example').map(frame));
    asked.sendRaw(whole.subarray(0, whole.length - 20));
    setTimeout(() => asked.hangUp(), 50);
  },
  'no-end': (asked) => asked.send(beginningOf(asked.octets, 'no-end.example')),
  'never-ending': (asked) => {
    const rest = Buffer.concat([
      headOf(asked.octets, 20),
      ...Array<Uint8Array>(20).fill(hex('c00c 0010 0001 00000000 0002 0161')),
    ]);
    asked.send(beginningOf(asked.octets, 'never-ending.example'));
    const timer = setInterval(() => asked.send(rest), 5);
    setTimeout(() => clearInterval(timer), 4000);
  },
  looping: (asked) =>
    asked.send(Buffer.concat([headOf(asked.octets, 1), hex('c0ff c000 0001 0001 00000000 0004 7f000001')])),
  dribbling: (asked) => {
    const octets = Buffer.concat(answersOf(asked.octets, 'dribbling.example').map(frame));
    let sent = 0;
    const timer = setInterval(() => asked.sendRaw(octets.subarray(sent, ++sent)), 1000);
    setTimeout(() => clearInterval(timer), 4000);
  },
};

const nameOf = (primary: string): string => `${primary}.example`;

describe('line 14', () => {
  let server: ServerProcess;
  /** By the zone that is fetched there: each is somebody's own. */
  const primaries = new Map<string, HostileDns>();
  let serial = 1;
  beforeAll(async () => {
    const behaviours = { ...PRIMARIES, good: primaryOf('good.example', () => serial) };
    for (const [name, behaviour] of Object.entries(behaviours)) {
      const primary = await createHostileDns();
      primary.on(nameOf(name), behaviour);
      primaries.set(nameOf(name), primary);
    }
    const settings = [...primaries].map(([zone, primary]) => `zone=${zone} primaries=${primary.server}`);
    server = await startServer({ settings: ['--dns-secondaries', ...settings] });
  });
  afterAll(async () => {
    expect(await server?.stop()).toBe(0);
    for (const primary of primaries.values()) await primary.close();
  });

  const asked = (name: string): number => primaries.get(nameOf(name))!.asked(nameOf(name)).length;
  const rcodeOf = async (name: string): Promise<string> =>
    (await askUdp('127.0.0.1', server.dnsPort, { name, type: 'SOA' })).rcode;
  const served = async (): Promise<string> =>
    (await askUdp('127.0.0.1', server.dnsPort, { name: 'good.example', type: 'SOA' })).answer.join();
  const isServed = (wanted: number): Promise<boolean> =>
    waitUntil(async () => (await served()).includes(` ${wanted} 3600 `), PATIENCE_MILLISECONDS);

  it('a primary that is silent, hangs up, lies, never ends or dribbles: only its zone is SERVFAIL, and the log says why', () =>
    endure(server, TRAFFIC, async () => {
      expect(await isServed(1)).toBe(true);
      const areAllAsked = (): boolean => Object.keys(PRIMARIES).every((name) => asked(name) > 0);
      expect(await waitUntil(areAllAsked, PATIENCE_MILLISECONDS)).toBe(true);
      for (const name of Object.keys(PRIMARIES))
        expect([name, await rcodeOf(nameOf(name))]).toEqual([name, 'SERVFAIL']);
      for (const name of ['hanging', 'zeros', 'oversized', 'other-zone', 'other-id', 'half-way', 'looping'])
        await server.logged(({ msg, level }) => msg.includes(nameOf(name)) && level !== 'info');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }));

  it('NOTIFY floods: 20,000 from the primary ask it once a second, and those of others are refused', () =>
    endure(server, TRAFFIC, async () => {
      const question = hex('04 676f6f64 07 6578616d706c65 00 0006 0001');
      const notify = message({ flags: 0x2400, body: question });
      const stranger = message({ flags: 0x2400, body: hex('05 636c65616e 07 6578616d706c65 00 0006 0001') });
      serial = 2;
      const before = asked('good');
      const from = performance.now();
      const flood = Array.from({ length: 20_000 }, () => notify);
      const exchanges = await exchangeDatagrams(server.dnsPort, flood);
      const seconds = (performance.now() - from) / 1000;
      expect(exchanges.filter(({ reply }) => (reply[3]! & 15) !== 0)).toEqual([]);
      expect(await isServed(2)).toBe(true);
      // SOA and IXFR each time; one more for the NOTIFY that came while the first was looked after.
      expect(asked('good') - before).toBeLessThan(4 * (seconds + 3));
      const refused = await exchangeDatagrams(
        server.dnsPort,
        Array.from({ length: 5000 }, () => stranger),
      );
      // NOTAUTH: that zone has no primary (RFC 1996 §3.11 leaves the code open), or REFUSED.
      expect(refused.filter(({ reply }) => ![5, 9].includes(reply[3]! & 15))).toEqual([]);
    }));
});
