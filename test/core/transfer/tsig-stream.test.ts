// Signatures over the messages of a transfer (RFC 8945 §5.3.1): one side signs, the other verifies.

import { describe, expect, it } from 'vitest';
import { createTsigRecord, signReply, signRequest, verifyTsig } from '../../../src/core/transfer/tsig.ts';
import { precedingMac, tsigTimers, tsigVariables } from '../../../src/core/transfer/tsig-digest.ts';
import type { TsigKey } from '../../../src/core/transfer/tsig-key.ts';
import { appendTsig, findTsig, type TsigRecord } from '../../../src/core/transfer/tsig-record.ts';
import { MAX_UNSIGNED_MESSAGES, TsigStream } from '../../../src/core/transfer/tsig-stream.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { ALGORITHMS, emptyReply, soaQuery, tsigKey } from '../../support/tsig.ts';

const NOW = 1_700_000_000;
const KEY = tsigKey();
const QUERY = soaQuery();
const REQUEST = signRequest(QUERY, { key: KEY, hmac, nowSeconds: NOW });

function stream(key: TsigKey = KEY, requestMac = REQUEST.mac): TsigStream {
  return new TsigStream({ key, hmac, requestMac });
}

/** The n-th message of a transfer, unsigned. */
function messageOf(index: number): Uint8Array {
  const message = emptyReply(QUERY, QUERY.length);
  message[HEADER_NAME] = 0x61 + (index % 26);
  return message;
}

/** A letter of the name in the question. */
const HEADER_NAME = 13;

function sign(signer: TsigStream, message: Uint8Array, nowSeconds = NOW): Uint8Array {
  const output = new Uint8Array(message.length + signer.reservedOctets);
  output.set(message);
  const length = signer.sign(output, 0, message.length, nowSeconds);
  expect(length).toBe(output.length);
  return output;
}

/** `count` messages as we send them: each signed. */
function signedMessages(count: number, key = KEY, requestMac = REQUEST.mac): Uint8Array[] {
  const signer = stream(key, requestMac);
  return Array.from({ length: count }, (_, index) => sign(signer, messageOf(index)));
}

/** As other servers send them: of `count` messages, those that `isSigned` names; written after the RFC, not the code. */
function sparselySigned(count: number, isSigned: (index: number) => boolean): Uint8Array[] {
  let prior = REQUEST.mac;
  let since: Uint8Array[] = [];
  return Array.from({ length: count }, (_, index) => {
    const message = messageOf(index);
    since.push(message);
    if (!isSigned(index)) return message;
    const record = createTsigRecord(KEY, 4711, NOW);
    const rest = index === 0 ? tsigVariables(record) : tsigTimers(record);
    prior = hmac(KEY.algorithm, KEY.secret, [precedingMac(prior), ...since, rest]);
    since = [];
    return append(message, { ...record, mac: prior });
  });
}

function append(message: Uint8Array, record: TsigRecord): Uint8Array {
  const output = new Uint8Array(1024);
  output.set(message);
  return output.slice(0, appendTsig(output, 0, message.length, record));
}

/** What is said of each message, and whether all is covered at the end. */
function verifyAll(messages: readonly Uint8Array[], verifier = stream(), nowSeconds = NOW) {
  const said = messages.map((message) => {
    const check = verifier.verify(message, nowSeconds);
    return 'error' in check ? `${check.kind} ${check.error}` : check.kind;
  });
  return { said, isCovered: verifier.isCovered };
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe('a transfer of which each message is signed', () => {
  it.each(ALGORITHMS)('by %s is verified', (algorithm) => {
    const key = tsigKey('a.key', { algorithm });
    const { mac } = signRequest(QUERY, { key, hmac, nowSeconds: NOW });
    const messages = signedMessages(5, key, mac);
    expect(verifyAll(messages, stream(key, mac))).toEqual({ said: times(5, 'verified'), isCovered: true });
  });

  it('is what the RFC describes', () => {
    expect(signedMessages(4)).toEqual(sparselySigned(4, () => true));
  });

  it('begins as a single reply does', () => {
    const check = verifyTsig(REQUEST.message, [KEY], hmac, NOW);
    const output = new Uint8Array(1024);
    output.set(messageOf(0));
    const length = signReply(output, 0, QUERY.length, { check, hmac, nowSeconds: NOW });
    expect(output.slice(0, length)).toEqual(signedMessages(1)[0]);
  });

  it.each([
    ['a message is changed', (all: Uint8Array[]) => all[2]!.fill(0x7a, HEADER_NAME, HEADER_NAME + 1)],
    ['two are exchanged', (all: Uint8Array[]) => all.splice(1, 2, all[2]!, all[1]!)],
    ['one is left out', (all: Uint8Array[]) => all.splice(2, 1)],
    ['one is repeated', (all: Uint8Array[]) => all.splice(2, 0, all[1]!)],
  ])('is refused where %s, and stays so', (_, damage) => {
    const messages = signedMessages(5);
    damage(messages);
    const { said, isCovered } = verifyAll(messages);
    expect(said).toContain('bad BADSIG');
    expect(said.slice(said.indexOf('bad BADSIG')).every((word) => word === 'bad BADSIG')).toBe(true);
    expect(isCovered).toBe(false);
  });

  it('is refused as the answer to another request', () => {
    const other = signRequest(soaQuery('example.com', 1), { key: KEY, hmac, nowSeconds: NOW });
    expect(verifyAll(signedMessages(1), stream(KEY, other.mac)).said).toEqual(['bad BADSIG']);
  });

  it('is refused when it is too old, in its middle too', () => {
    const messages = signedMessages(2);
    const verifier = stream();
    expect(verifier.verify(messages[0]!, NOW + 300)).toEqual({ kind: 'verified' });
    expect(verifier.verify(messages[1]!, NOW + 301)).toEqual({ kind: 'bad', error: 'BADTIME' });
  });

  it('is refused by another key', () => {
    expect(verifyAll(signedMessages(1), stream(tsigKey('other'))).said).toEqual(['bad BADKEY']);
  });
});

describe('a transfer of which some messages are signed', () => {
  const between = MAX_UNSIGNED_MESSAGES;

  it('is verified with up to 99 in between', () => {
    const messages = sparselySigned(202, (index) => index % (between + 1) === 0 || index === 201);
    const { said, isCovered } = verifyAll(messages);
    expect(said[0]).toBe('verified');
    expect(said.slice(1, 101)).toEqual([...times(99, 'pending'), 'verified']);
    expect(said.slice(101)).toEqual([...times(99, 'pending'), 'verified', 'verified']);
    expect(isCovered).toBe(true);
  });

  it('is refused with 100', () => {
    const messages = sparselySigned(102, (index) => index === 0 || index === 101);
    expect(verifyAll(messages).said.slice(99)).toEqual([
      'pending',
      'bad too-many-unsigned',
      'bad too-many-unsigned',
    ]);
  });

  it('is not covered before the last signature', () => {
    const messages = sparselySigned(4, (index) => index < 2);
    expect(verifyAll(messages)).toEqual({
      said: ['verified', 'verified', 'pending', 'pending'],
      isCovered: false,
    });
  });

  it('is refused without one on the first message', () => {
    const messages = sparselySigned(3, (index) => index > 0);
    expect(verifyAll(messages).said).toEqual(times(3, 'bad unsigned'));
  });

  it('is refused when one in between was changed', () => {
    const messages = sparselySigned(4, (index) => index === 0 || index === 3);
    messages[1]![HEADER_NAME]! ^= 1;
    expect(verifyAll(messages).said).toEqual(['verified', 'pending', 'pending', 'bad BADSIG']);
  });

  it('keeps copies: the reader may use its memory again', () => {
    const verifier = stream();
    const memory = new Uint8Array(1024);
    const said = sparselySigned(4, (index) => index === 0 || index === 3).map((message) => {
      memory.set(message);
      return verifier.verify(memory.subarray(0, message.length), NOW).kind;
    });
    expect(said).toEqual(['verified', 'pending', 'pending', 'verified']);
  });
});

describe('a server that does not take our signature', () => {
  function answer(request: Uint8Array, keys: readonly TsigKey[], nowSeconds = NOW): Uint8Array {
    const check = verifyTsig(request, keys, hmac, nowSeconds);
    const reply = emptyReply(QUERY, QUERY.length, 9);
    const output = new Uint8Array(1024);
    output.set(reply);
    return output.slice(0, signReply(output, 0, reply.length, { check, hmac, nowSeconds }));
  }

  it.each([
    ['BADKEY', []],
    ['BADSIG', [tsigKey('xfr.example', { secret: 'b3RoZXI=' })]],
  ])('says %s without a signature', (error, keys) => {
    const reply = answer(REQUEST.message, keys);
    expect(stream().verify(reply, NOW)).toEqual({ kind: 'rejected', error, serverTime: undefined });
  });

  it('says BADTIME and its own time with a signature', () => {
    const reply = answer(REQUEST.message, [KEY], NOW + 10_000);
    expect(stream().verify(reply, NOW)).toEqual({
      kind: 'rejected',
      error: 'BADTIME',
      serverTime: NOW + 10_000,
    });
    reply[HEADER_NAME]! ^= 1;
    expect(stream().verify(reply, NOW)).toEqual({ kind: 'bad', error: 'BADSIG' });
  });

  it('cannot say so in the middle of a transfer', () => {
    const verifier = stream();
    const [first] = signedMessages(1);
    verifier.verify(first!, NOW);
    expect(verifier.verify(answer(REQUEST.message, []), NOW)).toEqual({ kind: 'bad', error: 'FORMERR' });
    expect(verifier.isCovered).toBe(false);
  });

  it('cannot say that nothing is wrong without a MAC', () => {
    const record = { ...createTsigRecord(KEY, 4711, NOW), mac: new Uint8Array() };
    const reply = append(messageOf(0), record);
    expect(findTsig(reply)).toMatchObject({ error: 0 });
    expect(stream().verify(reply, NOW)).toEqual({ kind: 'bad', error: 'FORMERR' });
  });
});
