// Signatures between our code and other programs: dig and kdig sign and verify, BIND, Knot and NSD sign and verify.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Rcode } from '../../src/core/dns/record-type.ts';
import { createTransferReader, type TransferReading } from '../../src/core/transfer/incoming.ts';
import { createZoneTransfer } from '../../src/core/transfer/outgoing.ts';
import { readTransferRequest } from '../../src/core/transfer/request.ts';
import { signReply, signRequest, type TsigCheck, verifyTsig } from '../../src/core/transfer/tsig.ts';
import type { TsigKey } from '../../src/core/transfer/tsig-key.ts';
import { parseKeyFile } from '../../src/core/transfer/tsig-key-file.ts';
import { TsigStream, type TsigStreamCheck } from '../../src/core/transfer/tsig-stream.ts';
import { encodeZoneQuery } from '../../src/core/transfer/zone-query.ts';
import { systemClock } from '../../src/io/clock.ts';
import { exchangeDatagram } from '../../src/io/dns-client/dns-exchange.ts';
import { readTransfer } from '../../src/io/dns-client/transfer-client.ts';
import { hmac } from '../../src/io/hmac.ts';
import { compileText, nameOf } from '../core/transfer/transfer-zones.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createPrimary } from '../support/hostile-primary.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { ALGORITHMS, emptyReply, formatTsigKey, tsigKey } from '../support/tsig.ts';
import { PRIMARIES } from './primaries.ts';
import { type CommandLine, type Ended, isInstalled, isMissing, type Running, run } from './programs.ts';

const ID = 4711;
/** What one key has of each algorithm, under names of its own. */
const KEYS: readonly TsigKey[] = ALGORITHMS.map((algorithm) =>
  tsigKey(`${algorithm}.Key.Example`, {
    algorithm,
    secret: Buffer.from(algorithm.repeat(4)).toString('base64'),
  }),
);
const KEY = KEYS[0]!;
const STRANGER = tsigKey('stranger.example');
const IMPOSTOR: TsigKey = { ...KEY, secret: STRANGER.secret };
const AN_HOUR = 3600;

/** Enough for more than a hundred messages of 16 kB. */
const RECORDS = 9000;
const ZONE_TEXT = `$ORIGIN example.
$TTL 1h
@ SOA ns hostmaster 7 1h 15m 1w 60
@ NS ns
ns A 192.0.2.1
${Array.from({ length: RECORDS }, (_, index) => `h${index} TXT "${'x'.repeat(220)}"`).join('\n')}
`;

const DIGGERS: Readonly<Record<string, (port: number, key: TsigKey) => string[]>> = {
  dig: (port, key) => ['@127.0.0.1', '-p', `${port}`, '-y', formatTsigKey(key), '+time=5', '+tries=1'],
  kdig: (port, key) => ['@127.0.0.1', '-p', `${port}`, '-y', formatTsigKey(key), '+time=5', '+retry=0'],
};

function dig(program: string, port: number, key: TsigKey, ...words: string[]): Promise<Ended> {
  return run([program, ...DIGGERS[program]!(port, key), ...words] as unknown as CommandLine);
}

/** What either of them prints where a signature is missing or wrong. */
const COMPLAINT = /couldn't verify|could not be validated|tsig|bad key|bad signature/i;

function complaintsOf({ stdout, stderr }: Ended): string[] {
  // What the record itself says, on a line of its own, is no complaint.
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => COMPLAINT.test(line) && !/PSEUDOSECTION|\bANY\s+TSIG\b|^; <<>>|^;; -y/.test(line));
}

interface AnswerOptions {
  /** By which our clock is off. */
  readonly skewSeconds?: number;
  /** The key that signs instead of the one that the query was verified by. */
  readonly signer?: TsigKey;
}

/** Answers every datagram with its question, as its signature deserves. */
async function answerSigned(keys: readonly TsigKey[], { skewSeconds = 0, signer }: AnswerOptions = {}) {
  const socket = createSocket('udp4');
  const checks: TsigCheck[] = []; // one a question of the test
  socket.on('message', (octets, { port, address }) => {
    const nowSeconds = systemClock.nowSeconds() + skewSeconds;
    const verified = verifyTsig(octets, keys, hmac, nowSeconds);
    checks.push(verified);
    const check =
      verified.kind === 'verified' && signer !== undefined ? { ...verified, key: signer } : verified;
    const reply = emptyReply(octets, octets.indexOf(0, 12) + 5, check.kind === 'bad' ? check.rcode : 0);
    const output = new Uint8Array(1024);
    output.set(reply);
    const length = signReply(output, 0, reply.length, { check, hmac, nowSeconds });
    socket.send(output.subarray(0, length), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { port: socket.address().port, checks };
}

describe.each(Object.keys(DIGGERS))('%s', (program) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));

  it.skipIf(left).each(KEYS.map((key) => [key.algorithm, key] as const))(
    'signs a query by %s that we verify, and verifies our reply',
    async (_, key) => {
      const { port, checks } = await answerSigned(KEYS);
      const ended = await dig(program, port, key, 'example.com', 'SOA');
      expect(checks).toMatchObject([{ kind: 'verified', key }]);
      expect(ended.stdout).toMatch(/status: NOERROR/);
      expect(ended.stdout).toMatch(/TSIG\s+hmac-sha\d+\. \d+ 300 \d+ [\w+/= ]+ \d+ NOERROR 0/);
      expect(complaintsOf(ended)).toEqual([]);
    },
  );

  it.skipIf(left).each([
    ['BADKEY', STRANGER, 0],
    ['BADSIG', IMPOSTOR, 0],
    ['BADTIME', KEY, AN_HOUR],
  ])('is told %s', async (error, key, skewSeconds) => {
    const { port, checks } = await answerSigned(KEYS, { skewSeconds });
    const ended = await dig(program, port, key, 'example.com', 'SOA');
    expect(checks).toMatchObject([{ kind: 'bad', error }]);
    expect(ended.stdout + ended.stderr).toContain(error);
  });

  it.skipIf(left)('complains of a reply that another key has signed', async () => {
    const { port } = await answerSigned([KEY], { signer: IMPOSTOR });
    const ended = await dig(program, port, KEY, 'example.com', 'SOA');
    expect(complaintsOf(ended)).not.toEqual([]);
  });

  it.skipIf(left)('verifies a transfer of many messages that we sign', async () => {
    const image = compileText(ZONE_TEXT);
    const sent: number[] = [];
    const primary = await createPrimary(({ octets, send }) => {
      const now = systemClock.nowSeconds();
      const check = verifyTsig(octets, KEYS, hmac, now);
      const request = readTransferRequest(octets, 0, octets.length);
      if (check.kind !== 'verified' || request === undefined) throw new Error(check.kind);
      const stream = new TsigStream({ key: check.key, hmac, requestMac: check.requestMac });
      const signer = {
        reservedOctets: stream.reservedOctets,
        sign: (output: Uint8Array, offset: number, length: number) =>
          stream.sign(output, offset, length, now),
      };
      const transfer = createZoneTransfer(image, request, { signer });
      const output = new Uint8Array(65535);
      for (let length = transfer.next(output, 0); length > 0; length = transfer.next(output, 0)) {
        sent.push(length);
        send(output.slice(0, length));
      }
    });
    const ended = await dig(program, primary.address.port, KEYS[2]!, 'example', 'AXFR');
    expect(sent.length).toBeGreaterThan(100);
    expect(complaintsOf(ended)).toEqual([]);
    expect(ended.stdout.split('\n').filter((line) => /\sIN\s+TXT\s/.test(line)).length).toBe(RECORDS);
  });
});

describe.each(Object.entries(PRIMARIES))('%s', (_, { program, start }) => {
  const left = isMissing(`${program} is not installed`, isInstalled(program));
  const folder = createFolder();
  let server: Running;
  let port = 0;

  beforeAll(async () => {
    if (left) return;
    const file = join(folder.path, 'example.zone');
    writeFileSync(file, ZONE_TEXT);
    [port = 0] = await findFreePorts(1);
    server = await start({ port, zone: 'example', file, folder: join(folder.path, 'server'), keys: KEYS });
  });

  afterAll(async () => {
    await server?.stop();
    folder.remove();
  });

  function signed(kind: 'soa' | 'axfr', key: TsigKey, skewSeconds = 0) {
    const query = { id: ID, apex: nameOf('example.'), kind };
    const nowSeconds = systemClock.nowSeconds() + skewSeconds;
    const { message, mac } = signRequest(encodeZoneQuery(query), { key, hmac, nowSeconds });
    return { message, stream: new TsigStream({ key, hmac, requestMac: mac }) };
  }

  /** Asks over UDP; what is said of the reply's signature by a clock as wrong as ours was. */
  async function ask(key: TsigKey, skewSeconds = 0): Promise<{ check: TsigStreamCheck; rcode: number }> {
    const { message, stream } = signed('soa', key, skewSeconds);
    const exchange = await exchangeDatagram({ address: '127.0.0.1', port }, message, {
      timeoutMilliseconds: 10_000,
      clock: systemClock,
      signal: new AbortController().signal,
      accept: (reply) => reply,
    });
    if (exchange.kind !== 'reply') throw new Error(exchange.kind);
    const check = stream.verify(exchange.reply, systemClock.nowSeconds() + skewSeconds);
    return { check, rcode: exchange.reply[3]! & 15 };
  }

  it.skipIf(left).each(KEYS.map((key) => [key.algorithm, key] as const))(
    'verifies our query by %s, and we verify its reply',
    async (_algorithm, key) => {
      expect(await ask(key)).toEqual({ check: { kind: 'verified' }, rcode: Rcode.NOERROR });
    },
  );

  it.skipIf(left).each([
    ['BADKEY', STRANGER, 0],
    ['BADSIG', IMPOSTOR, 0],
    ['BADTIME', KEY, -AN_HOUR],
  ])('says %s, as we read it', async (error, key, skewSeconds) => {
    const { check, rcode } = await ask(key, skewSeconds);
    expect({ check, rcode }).toMatchObject({ check: { kind: 'rejected', error }, rcode: Rcode.NOTAUTH });
    if (check.kind !== 'rejected' || error !== 'BADTIME') return;
    expect(Math.abs((check.serverTime ?? 0) - systemClock.nowSeconds())).toBeLessThan(60);
  });

  it.skipIf(left).each(KEYS.map((key) => [key.algorithm, key] as const))(
    'sends a transfer of many messages by %s that we verify',
    async (_algorithm, key) => {
      const { message, stream } = signed('axfr', key);
      const reader = createTransferReader({ apex: nameOf('example.'), kind: 'axfr', id: ID, tsig: stream });
      let reading: TransferReading = { kind: 'more' };
      let messages = 0;
      await readTransfer({
        server: { address: '127.0.0.1', port },
        request: message,
        clock: systemClock,
        signal: new AbortController().signal,
        take: (octets) => {
          messages++;
          reading = reader.read(octets, systemClock.nowSeconds());
          return reading.kind !== 'more';
        },
      });
      expect(reading).toMatchObject({ kind: 'done', serial: 7, records: { count: RECORDS + 3 } });
      expect(messages).toBeGreaterThan(100);
      expect(stream.isCovered).toBe(true);
    },
  );
});

describe('tsig-keygen', () => {
  const left = isMissing('tsig-keygen is not installed', isInstalled('tsig-keygen'));

  it.skipIf(left).each(ALGORITHMS)(
    'writes a key of %s that we read, and that dig signs with',
    async (algorithm) => {
      const { stdout } = await run(['tsig-keygen', '-a', algorithm, 'Made.Example']);
      const { keys, problems } = parseKeyFile(stdout);
      expect({ keys, problems }).toMatchObject({ keys: [{ algorithm }], problems: [] });
      const { port, checks } = await answerSigned(keys);
      await dig('dig', port, keys[0]!, 'example.com', 'SOA');
      expect(checks).toMatchObject([{ kind: 'verified', key: { name: nameOf('made.example.') } }]);
    },
  );
});
