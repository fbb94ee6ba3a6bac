import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createNotifyGate, NotifyFlag } from '../../../src/app/data-plane/notify-gate.ts';
import { createNotifier } from '../../../src/app/transfer/notifier.ts';
import { createNotifyInbox } from '../../../src/app/transfer/notify-inbox.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { parseTransferRule } from '../../../src/core/transfer/access.ts';
import { decodeNotify, writeNotifyReply } from '../../../src/core/transfer/notify.ts';
import { signReply, verifyTsig } from '../../../src/core/transfer/tsig.ts';
import type { TsigKey } from '../../../src/core/transfer/tsig-key.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { imageOf } from '../../support/authority-of.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { zoneText } from '../../support/serving.ts';

const KEY: TsigKey = {
  name: textToOctets('\x03xfr\0'),
  algorithm: 'hmac-sha256',
  secret: new Uint8Array(32).fill(1),
};

interface Told {
  readonly octets: Buffer;
  reply(message: Uint8Array): void;
}

/** A secondary that keeps what it is told. */
async function createTarget() {
  const socket: Socket = createSocket('udp4');
  const told: Told[] = [];
  let wake = (): void => {};
  socket.on('message', (octets, { port, address }) => {
    told.push({ octets, reply: (message) => socket.send(message, port, address) });
    wake();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return {
    port: socket.address().port,
    told,
    /** The message with this number, from 1. */
    async message(count: number): Promise<Told> {
      while (told.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return told[count - 1]!;
    },
  };
}

function answerTo(octets: Uint8Array, rcode = 0): Uint8Array {
  const reply = new Uint8Array(600);
  return reply.subarray(0, writeNotifyReply(octets, rcode, reply, 0));
}

async function notifying(key?: TsigKey) {
  const target = await createTarget();
  const clock = createManualClock();
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message.replaceAll(String(target.port), 'PORT'));
  const notifier = createNotifier({
    targets: [{ address: '127.0.0.1', port: target.port, key: key === undefined ? undefined : 'xfr' }],
    clock,
    logger: { ...silentLogger, info: log, warn: log },
    randomOctets: (length) => new Uint8Array(length).fill(7),
    keys: () => (key === undefined ? [] : [key]),
  });
  onTestFinished(() => notifier.stop());
  return { target, clock, notifier, lines };
}

const image = (serial: number) => imageOf(zoneText('z.example', '', serial), 'z.example.');

async function lineOf(lines: readonly string[]): Promise<string> {
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return lines[0]!;
}

describe('NOTIFY from here', () => {
  it('names the zone and its serial, once to one who answers', async () => {
    const { target, clock, notifier, lines } = await notifying();
    notifier.notify('z.example', image(42));
    const { octets, reply } = await target.message(1);
    expect(decodeNotify(octets)).toMatchObject({ kind: 'notify', serial: 42 });
    reply(answerTo(octets));
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT is told of z.example');
    await clock.advance(100);
    expect(target.told).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  it('is repeated after longer and longer waits, five times in all', async () => {
    const { target, clock, notifier, lines } = await notifying();
    notifier.notify('z.example', image(1));
    for (const [index, seconds] of [2, 4, 8, 16, 32].entries()) {
      await target.message(index + 1);
      await clock.advance(seconds - 1);
      expect(target.told).toHaveLength(index + 1);
      await clock.advance(1);
    }
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT did not answer the NOTIFY of z.example');
    expect(target.told).toHaveLength(5);
  });

  it('makes way for that of a newer version', async () => {
    const { target, notifier } = await notifying();
    notifier.notify('z.example', image(1));
    await target.message(1);
    notifier.notify('z.example', image(2));
    expect(decodeNotify((await target.message(2)).octets)).toMatchObject({ serial: 2 });
  });

  it('takes a refusal for an answer', async () => {
    const { target, notifier, lines } = await notifying();
    notifier.notify('z.example', image(1));
    const { octets, reply } = await target.message(1);
    reply(answerTo(octets, 5));
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT does not take the NOTIFY of z.example: REFUSED');
  });

  it('is signed, and believes no good news without a signature', async () => {
    const { target, clock, notifier, lines } = await notifying(KEY);
    notifier.notify('z.example', image(1));
    const first = await target.message(1);
    const check = verifyTsig(first.octets, [KEY], hmac, clock.nowSeconds());
    expect(check.kind).toBe('verified');
    first.reply(answerTo(first.octets));
    await clock.advance(2);
    const second = await target.message(2);
    const again = verifyTsig(second.octets, [KEY], hmac, clock.nowSeconds());
    const reply = new Uint8Array(600);
    const length = writeNotifyReply(second.octets, 0, reply, 0);
    const signed = signReply(reply, 0, length, { check: again, hmac, nowSeconds: clock.nowSeconds() });
    second.reply(reply.subarray(0, signed));
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT is told of z.example');
  });
});

describe('NOTIFY to here', () => {
  const apex = textToOctets('\x01z\x07example\0');
  const source = (last: number) =>
    Object.assign(createPacketSource(), { octets: Uint8Array.of(192, 0, 2, last) });

  function arrange() {
    const clock = createManualClock();
    const notified: number[] = [];
    const inbox = createNotifyInbox(8, clock, (slot) => notified.push(slot));
    const told: number[] = [];
    const gates = [0, 1].map(() =>
      createNotifyGate((slot) => {
        told.push(slot);
        inbox.receive(slot);
      }),
    );
    const rules = [parseTransferRule('192.0.2.1 key:xfr')!];
    for (const gate of gates) gate.publish({ zones: [{ apex, rules, slot: 3 }], flags: inbox.flags });
    return { clock, notified, told, gates, inbox };
  }

  it.each([
    ['the primary with its key', apex, 1, KEY.name, 'accepted'],
    ['the primary without its key', apex, 1, undefined, 'refused'],
    ['another address with the key', apex, 2, KEY.name, 'refused'],
    ['the primary, of another zone', textToOctets('\x01y\0'), 1, KEY.name, 'not-secondary'],
  ] as const)('from %s', (_, zone, last, key, verdict) => {
    const { gates, notified } = arrange();
    expect(gates[0]!.onNotify(zone, source(last), key)).toBe(verdict);
    expect(notified).toEqual(verdict === 'accepted' ? [3] : []);
  });

  it('costs one word a zone and second, however many come to however many workers', async () => {
    const { gates, notified, told, clock, inbox } = arrange();
    for (let count = 0; count < 10_000; count++) gates[count % 2]!.onNotify(apex, source(1), KEY.name);
    expect(told).toEqual([3]);
    expect(notified).toEqual([3]);
    await clock.advance(1);
    // The last of the burst may have told of what came after the first.
    expect(notified).toEqual([3, 3]);
    await clock.advance(1);
    expect(notified).toEqual([3, 3]);
    expect(new Int32Array(inbox.flags)[3]).toBe(NotifyFlag.idle);
    expect(clock.pending()).toBe(0);
    gates[1]!.onNotify(apex, source(1), KEY.name);
    expect(notified).toEqual([3, 3, 3]);
  });
});
