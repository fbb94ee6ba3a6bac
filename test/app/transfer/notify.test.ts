import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createNotifyGate, NotifyFlag, type NotifyNotice } from '../../../src/app/data-plane/notify-gate.ts';
import { createNotifier } from '../../../src/app/transfer/notifier.ts';
import { createNotifyInbox, type HeardNotice } from '../../../src/app/transfer/notify-inbox.ts';
import { Counter, createCounters } from '../../../src/core/counters.ts';
import { createPacketSource } from '../../../src/core/net/packet-handler.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { parseTransferRule } from '../../../src/core/transfer/access.ts';
import { signReply, verifyTsig } from '../../../src/core/transfer/tsig.ts';
import type { TsigKey } from '../../../src/core/transfer/tsig-key.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { imageOf } from '../../support/authority-of.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { hearNotify, notifyReply } from '../../support/notify.ts';
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

async function notifying(key?: TsigKey) {
  const target = await createTarget();
  const clock = createManualClock();
  const counters = createCounters();
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message.replaceAll(String(target.port), 'PORT'));
  const notifier = createNotifier({
    targets: [{ address: '127.0.0.1', port: target.port, key: key === undefined ? undefined : 'xfr' }],
    clock,
    logger: { ...silentLogger, info: log, warn: log },
    randomOctets: (length) => new Uint8Array(length).fill(7),
    counters,
    keys: () => (key === undefined ? [] : [key]),
  });
  onTestFinished(() => notifier.stop());
  const counted = () => [counters[Counter.notifiesHeard], counters[Counter.notifiesUnheard]];
  return { target, clock, notifier, lines, counted };
}

const image = (serial: number) => imageOf(zoneText('z.example', '', serial), 'z.example.');

async function lineOf(lines: readonly string[]): Promise<string> {
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return lines[0]!;
}

describe('NOTIFY from here', () => {
  it('names the zone and its serial, once to one who answers', async () => {
    const { target, clock, notifier, lines, counted } = await notifying();
    notifier.notify('z.example', image(42));
    const { octets, reply } = await target.message(1);
    expect(hearNotify(octets).heard).toMatchObject({ serial: 42 });
    reply(notifyReply(octets));
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT is told of z.example');
    await clock.advance(100);
    expect(target.told).toHaveLength(1);
    expect(counted()).toEqual([1, 0]);
    expect(clock.pending()).toBe(0);
  });

  it('is repeated after longer and longer waits, five times in all', async () => {
    const { target, clock, notifier, lines, counted } = await notifying();
    notifier.notify('z.example', image(1));
    for (const [index, seconds] of [2, 4, 8, 16, 32].entries()) {
      await target.message(index + 1);
      await clock.advance(seconds - 1);
      expect(target.told).toHaveLength(index + 1);
      await clock.advance(1);
    }
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT did not answer the NOTIFY of z.example');
    expect(target.told).toHaveLength(5);
    expect(counted()).toEqual([0, 1]);
  });

  it('makes way for that of a newer version', async () => {
    const { target, notifier } = await notifying();
    notifier.notify('z.example', image(1));
    await target.message(1);
    notifier.notify('z.example', image(2));
    expect(hearNotify((await target.message(2)).octets).heard).toMatchObject({ serial: 2 });
  });

  it('takes a refusal for an answer', async () => {
    const { target, notifier, lines } = await notifying();
    notifier.notify('z.example', image(1));
    const { octets, reply } = await target.message(1);
    reply(notifyReply(octets, 5));
    expect(await lineOf(lines)).toBe('127.0.0.1:PORT does not take the NOTIFY of z.example: REFUSED');
  });

  it('is signed, and believes no good news without a signature', async () => {
    const { target, clock, notifier, lines } = await notifying(KEY);
    notifier.notify('z.example', image(1));
    const first = await target.message(1);
    const check = verifyTsig(first.octets, [KEY], hmac, clock.nowSeconds());
    expect(check.kind).toBe('verified');
    first.reply(notifyReply(first.octets));
    await clock.advance(2);
    const second = await target.message(2);
    const again = verifyTsig(second.octets, [KEY], hmac, clock.nowSeconds());
    const unsigned = second.octets.subarray(0, again.kind === 'verified' ? again.unsignedLength : 0);
    const bare = Uint8Array.from(unsigned);
    bare.set([0, 0], 10);
    const reply = new Uint8Array(600);
    reply.set(notifyReply(bare));
    const signed = signReply(reply, 0, notifyReply(bare).length, {
      check: again,
      hmac,
      nowSeconds: clock.nowSeconds(),
    });
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
    const counters = createCounters();
    const notified: HeardNotice[] = [];
    const inbox = createNotifyInbox(8, clock, (notice) => notified.push(notice));
    const told: NotifyNotice[] = [];
    const gates = [0, 1].map(() =>
      createNotifyGate((notice) => {
        told.push(notice);
        inbox.receive(notice);
      }, counters),
    );
    const rules = ['192.0.2.7 key:xfr', '192.0.2.1 key:xfr'].map((rule) => parseTransferRule(rule)!);
    for (const gate of gates) gate.publish({ zones: [{ apex, rules, slot: 3 }], flags: inbox.flags });
    const counted = () => [counters[Counter.notifiesTaken], counters[Counter.notifiesRefused]];
    return { clock, notified, told, gates, inbox, counted };
  }

  it.each([
    ['a primary with its key', apex, 1, KEY.name, 'accepted'],
    ['a primary without its key', apex, 1, undefined, 'refused'],
    ['another address with the key', apex, 2, KEY.name, 'refused'],
    ['a primary, of another zone', textToOctets('\x01y\0'), 1, KEY.name, 'not-secondary'],
  ] as const)('from %s', (_, zone, last, key, verdict) => {
    const { gates, notified, counted } = arrange();
    expect(gates[0]!.onNotify(zone, source(last), key, 42)).toBe(verdict);
    const isTaken = verdict === 'accepted';
    expect(notified).toEqual(isTaken ? [{ slot: 3, serial: 42, primary: 1 }] : []);
    expect(counted()).toEqual(isTaken ? [1, 0] : [0, 1]);
  });

  it('costs one word a zone and second, however many come to however many workers', async () => {
    const { gates, notified, told, clock, inbox, counted } = arrange();
    const come = (gate: number, serial: number) => gates[gate]!.onNotify(apex, source(1), KEY.name, serial);
    for (let count = 0; count < 10_000; count++) come(count % 2, count);
    const first = { slot: 3, serial: 0, primary: 1 };
    expect(told).toEqual([first]);
    expect(notified).toEqual([first]);
    await clock.advance(1);
    // The last of the burst may have told of what came after the first: a primary is asked.
    const last = { slot: 3, serial: undefined, primary: undefined };
    expect(notified).toEqual([first, last]);
    await clock.advance(1);
    expect(notified).toHaveLength(2);
    expect(new Int32Array(inbox.flags)[3]).toBe(NotifyFlag.idle);
    expect(clock.pending()).toBe(0);
    come(1, 10_000);
    expect(notified.at(-1)).toEqual({ slot: 3, serial: 10_000, primary: 1 });
    expect(counted()).toEqual([10_001, 0]);
  });
});
