import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/io/clock.ts';
import {
  readTransfer,
  TransferError,
  type TransferOptions,
} from '../../../src/io/dns-client/transfer-client.ts';
import { createPrimary, frame, type Primary, type Question } from '../../support/hostile-primary.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const REQUEST = Buffer.from('a question of any kind');

type Asking = Partial<TransferOptions> & { readonly last?: number };

/** The messages that came, as text; `last` of them end the transfer. */
async function messagesFrom({ address }: Pick<Primary, 'address'>, { last = 1, ...options }: Asking = {}) {
  const messages: string[] = [];
  await readTransfer({
    server: address,
    request: REQUEST,
    clock: systemClock,
    signal: new AbortController().signal,
    take: (message) => messages.push(Buffer.from(message).toString()) === last,
    ...options,
  });
  return messages;
}

async function failureOf(asking: Promise<unknown>): Promise<string> {
  const error = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransferError)) throw new Error(`no TransferError but ${String(error)}`);
  return error.code;
}

function primaryThat(react: (question: Question) => void) {
  return createPrimary(react);
}

describe('readTransfer', () => {
  it('asks once and takes messages until the last', async () => {
    const questions: string[] = [];
    const primary = await primaryThat(({ octets, send }) => {
      questions.push(octets.toString());
      for (const text of ['one', 'two', 'three', 'four']) send(Buffer.from(text));
    });
    expect(await messagesFrom(primary, { last: 3 })).toEqual(['one', 'two', 'three']);
    expect(questions).toEqual([REQUEST.toString()]);
  });

  it.each([1, 2, 3, 5])('puts messages together that come in pieces of %i octets', async (size) => {
    const stream = Buffer.concat(['first', '', 'last'].map((text) => frame(Buffer.from(text))));
    const primary = await primaryThat(({ sendRaw }) => {
      for (let at = 0; at < stream.length; at += size) sendRaw(stream.subarray(at, at + size));
    });
    expect(await messagesFrom(primary, { last: 3 })).toEqual(['first', '', 'last']);
  });

  it('takes messages of 65535 octets', async () => {
    const message = Buffer.alloc(65_535, 'x');
    const primary = await primaryThat(({ send }) => {
      send(message);
      send(message);
    });
    const messages = await messagesFrom(primary, { last: 2 });
    expect(messages.map(({ length }) => length)).toEqual([65_535, 65_535]);
  });

  it('fails as closed when the primary stops half-way', async () => {
    const primary = await primaryThat(({ sendRaw, hangUp }) => {
      sendRaw(Buffer.from([0, 9, 1, 2, 3]));
      hangUp();
    });
    expect(await failureOf(messagesFrom(primary))).toBe('closed');
  });

  it('fails as unreachable when nobody listens', async () => {
    const primary = await primaryThat(() => {});
    await primary.close();
    expect(await failureOf(messagesFrom(primary))).toBe('unreachable');
  });

  it('waits for a whole message only so long, however the octets dribble', async () => {
    const clock = createManualClock();
    const arrived = Promise.withResolvers<Question>();
    const primary = await primaryThat(arrived.resolve);
    const failure = failureOf(messagesFrom(primary, { clock }));
    const { sendRaw } = await arrived.promise;
    sendRaw(Buffer.from([0, 200]));
    for (let second = 0; second < 31; second++) {
      sendRaw(Buffer.from([0]));
      await clock.advance(1);
    }
    expect(await failure).toBe('timeout');
    expect(clock.pending()).toBe(0);
  });

  it('ends a transfer that never ends', async () => {
    const clock = createManualClock();
    const asked = Promise.withResolvers<Question>();
    const primary = await primaryThat(asked.resolve);
    let read = Promise.withResolvers<void>();
    const take = () => {
      read.resolve();
      return false;
    };
    const limits = { totalMilliseconds: 100_000 };
    const failure = failureOf(messagesFrom(primary, { clock, limits, take }));
    const { send } = await asked.promise;
    for (let message = 0; message < 5; message++) {
      read = Promise.withResolvers<void>();
      send(Buffer.from('more'));
      await read.promise;
      await clock.advance(20);
    }
    expect(await failure).toBe('timeout');
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    const primary = await primaryThat(() => controller.abort());
    const { signal } = controller;
    expect(await failureOf(messagesFrom(primary, { signal }))).toBe('aborted');
    expect(await failureOf(messagesFrom(primary, { signal }))).toBe('aborted');
    expect(primary.asked()).toBe(1);
  });

  it('throws on what its caller throws', async () => {
    const primary = await primaryThat(({ send }) => send(REQUEST));
    const take = () => {
      throw new RangeError('not this');
    };
    await expect(messagesFrom(primary, { take })).rejects.toThrow(RangeError);
  });
});

const certificate = (name: string): string =>
  readFileSync(new URL(`../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');

describe('readTransfer over TLS', () => {
  const tls = () => ({ key: certificate('ns1-key'), cert: certificate('ns1'), ALPNProtocols: ['dot'] });
  const answers = ({ send }: Question) => send(Buffer.from('answer'));

  it('takes the certificate of the name that was asked for', async () => {
    const primary = await createPrimary(answers, tls());
    const peer = { name: 'ns1.example.net', authorities: certificate('authority') };
    expect(await messagesFrom(primary, { tls: peer })).toEqual(['answer']);
  });

  it.each([
    ['of another name', { name: 'ns2.example.net', authorities: certificate('authority') }],
    ['by an authority that the system does not know', { name: 'ns1.example.net', authorities: undefined }],
    ['by another authority', { name: 'ns1.example.net', authorities: certificate('other-authority') }],
  ])('refuses a certificate %s, and says nothing', async (_, peer) => {
    const primary = await createPrimary(answers, tls());
    expect(await failureOf(messagesFrom(primary, { tls: peer }))).toBe('tls-failed');
    expect(primary.asked()).toBe(0);
  });

  it('refuses TLS 1.2', async () => {
    const primary = await createPrimary(answers, { ...tls(), maxVersion: 'TLSv1.2' });
    const peer = { name: 'ns1.example.net', authorities: certificate('authority') };
    expect(await failureOf(messagesFrom(primary, { tls: peer }))).toBe('tls-failed');
  });

  it('gives up on a server that speaks no TLS', async () => {
    const primary = await createPrimary(answers);
    const peer = { name: 'ns1.example.net', authorities: certificate('authority') };
    const clock = createManualClock();
    const failure = failureOf(messagesFrom(primary, { tls: peer, clock }));
    await clock.advance(10);
    expect(await failure).toBe('timeout');
  });
});
