// TSIG and NOTIFY: what strangers may send before anybody has vouched for them.

import assert from 'node:assert/strict';
import { readUint16 } from '../../../src/core/octets/big-endian.ts';
import { encodeNotify, readNotifyReply } from '../../../src/core/transfer/notify.ts';
import {
  signReply,
  signRequest,
  tsigOctets,
  tsigReplyOctets,
  verifyTsig,
} from '../../../src/core/transfer/tsig.ts';
import { type Hmac, TSIG_MAC_OCTETS, type TsigKey } from '../../../src/core/transfer/tsig-key.ts';
import { TsigStream } from '../../../src/core/transfer/tsig-stream.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { encodeQuery } from '../../support/dns-message.ts';
import { hearNotify } from '../../support/notify.ts';
import { readMessage } from '../../support/reply-rules.ts';
import { type FuzzTarget, hex } from '../target.ts';

const NOW = 1_700_000_000;
const KEYS: readonly TsigKey[] = (['hmac-sha256', 'hmac-sha512'] as const).map((algorithm, index) => ({
  name: hex(`03 6b6579 0${index + 1} ${'78'.repeat(index + 1)} 00`),
  algorithm,
  secret: Buffer.alloc(32, index + 1),
}));
const [KEY] = KEYS as [TsigKey];
const QUERY = Buffer.from(encodeQuery({ name: 'example', type: 'AXFR' }));
const signed = (key: TsigKey, nowSeconds = NOW, digest = hmac): Uint8Array =>
  signRequest(QUERY, { key, hmac: digest, nowSeconds }).message;

/** A header that claims an answer: what a reply to the request at hand begins with. */
function replyTo(request: Uint8Array): Uint8Array {
  const head = Uint8Array.from(request.subarray(0, 12));
  head[2] = 0x80;
  return head.fill(0, 3);
}

/** Every message has the same MAC: what is behind the comparison is reached without the secret. */
const openHmac: Hmac = (algorithm) => new Uint8Array(TSIG_MAC_OCTETS[algorithm]).fill(0xab);

/** Tells whether the signature is good. */
function checkReply(input: Uint8Array, digest: Hmac): boolean {
  const before = Uint8Array.from(input);
  const check = verifyTsig(input, KEYS, digest, NOW);
  assert.deepEqual(input, before, 'the request has changed');
  if (check.kind === 'verified') {
    assert.ok(
      check.unsignedLength < input.length && readMessage(input) !== undefined,
      'verified and malformed',
    );
    const altered = Uint8Array.from(input);
    altered[check.unsignedLength - 1]! ^= 1;
    const isNoticed = digest === openHmac || verifyTsig(altered, KEYS, digest, NOW).kind !== 'verified';
    assert.ok(isNoticed, 'an alteration goes unnoticed');
  }
  if (input.length < 12) return false;
  const reply = new Uint8Array(12 + tsigReplyOctets(check) + 3);
  reply.set(replyTo(input), 3);
  const length = signReply(reply, 3, 12, { check, hmac: digest, nowSeconds: NOW });
  assert.ok(length <= 12 + tsigReplyOctets(check), 'a signature larger than what was reserved');
  assert.ok(readMessage(reply.subarray(3, 3 + length)) !== undefined, 'a reply that is malformed');
  if (check.kind !== 'verified') return false;
  const stream = new TsigStream({ key: check.key, hmac: digest, requestMac: check.requestMac });
  assert.equal(
    stream.verify(reply.subarray(3, 3 + length), NOW).kind,
    'verified',
    'our own signature is refused',
  );
  return true;
}

/** The input as a message that we sign ourselves: what was signed is verified, as long as it can be read at all. */
function checkOwn(input: Uint8Array): void {
  if (input.length < 12 || readMessage(input) === undefined || readUint16(input, 10) === 0xffff) return;
  const { message } = signRequest(input, { key: KEY, hmac, nowSeconds: NOW });
  assert.equal(message.length, input.length + tsigOctets(KEY));
  const check = verifyTsig(message, KEYS, hmac, NOW);
  // A message that has a signature already has two now.
  if (verifyTsig(input, KEYS, hmac, NOW).kind !== 'unsigned') assert.equal(check.kind, 'bad');
  else
    assert.ok(
      check.kind === 'verified' && check.unsignedLength === input.length,
      `${check.kind}: our own signature`,
    );
}

function checkStream(input: Uint8Array): void {
  const stream = new TsigStream({ key: KEY, hmac, requestMac: new Uint8Array(32) });
  let isOver = false;
  for (let round = 0; round < 3; round++) {
    const { kind } = stream.verify(input, NOW);
    // Nobody but a holder of the key makes what verifies against this request.
    assert.notEqual(kind, 'verified');
    if (isOver) assert.ok(kind === 'bad' || kind === 'rejected', 'it is forgotten that the stream was bad');
    isOver = kind === 'bad' || kind === 'rejected';
    assert.equal(stream.isCovered, false);
  }
}

export const tsig: FuzzTarget = {
  name: 'tsig',
  about:
    'verifyTsig, signReply, TsigStream: never throw; only what is whole and unaltered is verified; replies are whole',
  maxOctets: 2048,
  seeds: () => [
    ...KEYS.map((key) => signed(key)),
    ...KEYS.map((key) => signed(key, NOW, openHmac)),
    // The MAC cut to half, which RFC 8945 §5.2.2.1 allows.
    hex(
      `1234 0000 0000 0000 0000 0001 03 6b6579 01 78 00 00fa 00ff 00000000 002d 0b 686d61632d736861323536 00 00006553f100 012c 0010 ${'ab'.repeat(16)} 1234 0000 0000`,
    ),
  ],
  refusedSeeds: () => [
    signed(KEY, NOW - 1000),
    signed(KEY, NOW + 1000, openHmac),
    signed({ ...KEY, name: hex('05 6f74686572 00') }),
    signed({ ...KEY, secret: Buffer.alloc(1) }),
    Uint8Array.from(QUERY),
  ],
  tokens: [
    hex('00fa 00ff 00000000'),
    hex('0b 686d61632d736861323536 00'),
    KEY.name,
    hex('012c'),
    hex('0020'),
    hex('0010'),
    hex('0000'),
    hex('0012'),
  ],
  create: () => (input) => {
    const isTaken = [hmac, openHmac].map((digest) => checkReply(input, digest));
    checkOwn(input);
    checkStream(input);
    return isTaken.includes(true);
  },
};

const ZONE = hex('07 6578616d706c65 00');
const SOA = hex('00 00 00000007 00000001 00000002 00000003 00000004');

export const notify: FuzzTarget = {
  name: 'notify',
  about:
    'NOTIFY to the authority, readNotifyReply: never throw; replies are whole; what is heard is what was said',
  maxOctets: 1024,
  seeds: () => [
    encodeNotify({ id: 0x1234, zone: ZONE, soa: SOA }),
    encodeNotify({ id: 0x1234, zone: ZONE }),
    hex('1234 a400 0001 0000 0000 0000 07 6578616d706c65 00 0006 0001'),
    hex(
      '1234 2400 0001 0001 0000 0001 07 6578616d706c65 00 0006 0001 c00c 0006 0001 00000000 0018 c00c c00c 00000007 00000001 00000002 00000003 00000004 00 0029 04d0 00000000 0000',
    ),
  ],
  tokens: ['2400', 'a400', 'c00c', '0006', '0001', '00', '0000002904d0000000000000'].map(hex),
  create: () => (input) => {
    const isReply = readNotifyReply(input, { id: 0x1234, zone: ZONE }) !== undefined;
    const { heard, reply } = hearNotify(input);
    if (reply.length === 0) return isReply;
    assert.ok(readMessage(reply) !== undefined, 'a reply that is malformed');
    assert.deepEqual(reply.slice(0, 2), input.slice(0, 2), 'another id');
    if (heard === undefined) return isReply;
    const { zone, serial } = heard;
    const id = readUint16(input, 0);
    assert.equal(readNotifyReply(reply, { id, zone }), 0, 'our own reply is not taken');
    assert.deepEqual(hearNotify(encodeNotify({ id, zone })).heard, { zone, serial: undefined });
    assert.ok(serial === undefined || (Number.isInteger(serial) && serial >= 0 && serial < 2 ** 32));
    return true;
  },
};
