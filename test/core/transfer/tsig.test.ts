// Signatures over one message and its reply, as RFC 8945 §5.2 and §5.3 order them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  signReply,
  signRequest,
  TSIG_FUDGE_SECONDS,
  type TsigCheck,
  tsigOctets,
  tsigReplyOctets,
  verifyTsig,
} from '../../../src/core/transfer/tsig.ts';
import { minimumMacOctets } from '../../../src/core/transfer/tsig-digest.ts';
import { TSIG_MAC_OCTETS, type TsigKey } from '../../../src/core/transfer/tsig-key.ts';
import {
  appendTsig,
  findTsig,
  type PlacedTsigRecord,
  readTime,
  TsigErrorCode,
} from '../../../src/core/transfer/tsig-record.ts';
import { hmac } from '../../../src/io/hmac.ts';
import { ALGORITHMS, emptyReply, soaQuery, tsigKey } from '../../support/tsig.ts';

const NOW = 1_700_000_000;
const KEY = tsigKey();
const QUERY = soaQuery();

function sign(key: TsigKey = KEY, nowSeconds = NOW, message = QUERY): Uint8Array {
  return signRequest(message, { key, hmac, nowSeconds }).message;
}

function verify(message: Uint8Array, keys: readonly TsigKey[] = [KEY], nowSeconds = NOW): TsigCheck {
  return verifyTsig(message, keys, hmac, nowSeconds);
}

function recordOf(message: Uint8Array): PlacedTsigRecord {
  const record = findTsig(message);
  if (typeof record === 'string') throw new Error(record);
  return record;
}

/** The same message with another TSIG. */
function resign(message: Uint8Array, change: Partial<PlacedTsigRecord>): Uint8Array {
  const record = { ...recordOf(message), ...change };
  const output = new Uint8Array(1024);
  output.set(message.subarray(0, record.start));
  output[11]!--;
  return output.slice(0, appendTsig(output, 0, record.start, record));
}

/** `verified`, `unsigned`, or the error. */
function said(check: TsigCheck): string {
  return check.kind === 'bad' ? check.error : check.kind;
}

describe('a request', () => {
  it.each(ALGORITHMS)('signed by %s is verified', (algorithm) => {
    const key = tsigKey('a.key', { algorithm });
    const message = sign(key);
    expect(message.length).toBe(QUERY.length + tsigOctets(key));
    expect(verify(message, [KEY, key])).toEqual({
      kind: 'verified',
      key,
      requestMac: recordOf(message).mac,
      unsignedLength: QUERY.length,
    });
  });

  it('without TSIG is unsigned', () => {
    expect(verify(QUERY)).toEqual({ kind: 'unsigned' });
  });

  it('is verified whatever the letter case of the names of key and algorithm', () => {
    const message = sign();
    for (let at = QUERY.length; at < QUERY.length + 13; at++) {
      if (message[at]! >= 0x61) message[at]! -= 0x20;
    }
    expect(Buffer.from(message).toString('latin1')).toContain('XFR');
    expect(said(verify(message))).toBe('verified');
  });

  it('that came through a forwarder is verified by its original id', () => {
    const message = sign();
    message[0]! ^= 0xff;
    expect(said(verify(message))).toBe('verified');
  });

  it('in a message with a pointer as key name is verified', () => {
    const query = soaQuery('xfr.example');
    const message = sign(KEY, NOW, query);
    const compressed = Uint8Array.from([
      ...message.subarray(0, query.length),
      ...[0xc0, 12],
      ...message.subarray(query.length + KEY.name.length),
    ]);
    expect(said(verify(compressed))).toBe('verified');
  });

  it.each([
    ['another secret', tsigKey('xfr.example', { secret: 'b3RoZXI=' }), 'BADSIG'],
    ['another key', tsigKey('other.example'), 'BADKEY'],
    ['another algorithm', tsigKey('xfr.example', { algorithm: 'hmac-sha512' }), 'BADKEY'],
  ])('signed with %s is not', (_, key, error) => {
    expect(verify(sign(key))).toMatchObject({ kind: 'bad', error, rcode: 9 });
  });

  it('is not verified where there are no keys', () => {
    expect(said(verify(sign(), []))).toBe('BADKEY');
  });

  it.each([
    ['at the edge of the past', -TSIG_FUDGE_SECONDS, 'verified'],
    ['at the edge of the future', TSIG_FUDGE_SECONDS, 'verified'],
    ['in the past', -TSIG_FUDGE_SECONDS - 1, 'BADTIME'],
    ['in the future', TSIG_FUDGE_SECONDS + 1, 'BADTIME'],
  ])('signed %s', (_, seconds, expected) => {
    expect(said(verify(sign(KEY, NOW + seconds)))).toBe(expected);
  });

  it('of which key and time are wrong is BADKEY, of which MAC and time are wrong is BADSIG', () => {
    expect(said(verify(sign(tsigKey('other'), 0)))).toBe('BADKEY');
    expect(said(verify(sign(tsigKey('xfr.example', { secret: 'b3RoZXI=' }), 0)))).toBe('BADSIG');
  });

  it('signed after the year 2106 is verified: the time has 48 bits', () => {
    const later = 2 ** 33 + 5;
    expect(said(verify(sign(KEY, later), [KEY], later))).toBe('verified');
    expect(recordOf(sign(KEY, later)).timeSigned).toBe(later);
  });

  describe('with a truncated MAC (§5.2.2.1)', () => {
    it.each(ALGORITHMS)('of %s is verified down to half, and malformed below', (algorithm) => {
      const key = tsigKey('a.key', { algorithm });
      const message = sign(key);
      const { mac } = recordOf(message);
      for (let octets = 0; octets <= mac.length; octets++) {
        const cut = resign(message, { mac: mac.subarray(0, octets) });
        const check = verify(cut, [key]);
        expect(said(check)).toBe(octets * 2 >= mac.length ? 'verified' : 'FORMERR');
        if (check.kind === 'verified') expect(check.requestMac).toEqual(mac.slice(0, octets));
      }
      expect(minimumMacOctets(algorithm)).toBe(TSIG_MAC_OCTETS[algorithm] / 2);
    });

    it('is malformed where it is longer than it can be', () => {
      const { mac } = recordOf(sign());
      expect(said(verify(resign(sign(), { mac: Uint8Array.from([...mac, 0]) })))).toBe('FORMERR');
    });
  });
});

describe('a request is malformed', () => {
  const signed = sign();
  const tsig = signed.subarray(QUERY.length);
  /** An empty OPT record. */
  const OPT = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];

  /** Additional records behind the question. */
  function withAdditional(...records: ArrayLike<number>[]): Uint8Array {
    const message = Uint8Array.from([...QUERY, ...records.flatMap((record) => Array.from(record))]);
    message[11] = records.length;
    return message;
  }

  /** One octet of the TSIG, counted from its type, as it should not be. */
  function withOctet(at: number, value: number): Uint8Array {
    const message = signed.slice();
    message[QUERY.length + KEY.name.length + at] = value;
    return message;
  }

  it('not with another record before the TSIG', () => {
    const query = withAdditional(OPT);
    expect(said(verify(sign(KEY, NOW, query)))).toBe('verified');
  });

  it.each([
    ['when the TSIG is not the last record', withAdditional(tsig, OPT)],
    ['when there are two', withAdditional(tsig, tsig)],
    ['when octets follow', Uint8Array.from([...signed, 0])],
    ['when octets follow without any TSIG', Uint8Array.from([...QUERY, 0])],
    ['when the header counts a record that is not there', withAdditional(tsig).fill(2, 11, 12)],
    ['when the header counts none', signed.slice().fill(0, 11, 12)],
    ['when its class is not ANY', withOctet(3, 1)],
    ['when its TTL is not 0', withOctet(7, 1)],
    ['when its data ends too late', withOctet(9, tsig.length)],
    ['when its data ends too early', withOctet(9, 3)],
    ['when its algorithm is a pointer', withOctet(10, 0xc0)],
    ['when its MAC is longer than its data', withOctet(10 + 13 + 9, 0xff)],
    ['when its other data is longer than its data', withOctet(10 + 13 + 10 + 32 + 5, 1)],
    ['when it has no header', new Uint8Array(11)],
  ])('%s', (_, message) => {
    expect(verify(message)).toEqual({ kind: 'bad', error: 'FORMERR', rcode: 1 });
  });

  it('when the TSIG is in another section', () => {
    const message = signed.slice();
    message[11] = 0;
    message[9] = 1;
    expect(said(verify(message))).toBe('FORMERR');
  });

  it('wherever it is cut', () => {
    for (let length = 0; length < signed.length; length++) {
      expect(said(verify(signed.subarray(0, length)))).toBe('FORMERR');
    }
  });
});

describe('a reply', () => {
  function reply(check: TsigCheck, nowSeconds = NOW): Uint8Array {
    const unsigned = emptyReply(QUERY, QUERY.length, check.kind === 'bad' ? check.rcode : 0);
    // At an offset, in memory that threads share, as packets lie.
    const output = new Uint8Array(new SharedArrayBuffer(1024));
    output.set(unsigned, 100);
    const length = signReply(output, 100, unsigned.length, { check, hmac, nowSeconds });
    expect(length).toBe(unsigned.length + tsigReplyOctets(check));
    return output.slice(100, 100 + length);
  }

  it('to an unsigned request has no TSIG, nor to a malformed one', () => {
    expect(findTsig(reply({ kind: 'unsigned' }))).toBe('none');
    expect(findTsig(reply({ kind: 'bad', error: 'FORMERR', rcode: 1 }))).toBe('none');
  });

  it('to a verified request is signed by its key, with the time here', () => {
    const record = recordOf(reply(verify(sign()), NOW + 7));
    expect(record).toMatchObject({
      name: KEY.name,
      timeSigned: NOW + 7,
      fudge: 300,
      originalId: 4711,
      error: 0,
    });
    expect(record.mac.length).toBe(32);
    expect(record.other.length).toBe(0);
  });

  it('to BADSIG and BADKEY has the names of the request, the error, and no MAC', () => {
    const stranger = tsigKey('xfr.example', { secret: 'b3RoZXI=' });
    for (const [check, error] of [
      [verify(sign(stranger)), TsigErrorCode.BADSIG],
      [verify(sign(), []), TsigErrorCode.BADKEY],
    ] as const) {
      const record = recordOf(reply(check));
      expect(record).toMatchObject({ name: KEY.name, algorithm: recordOf(sign()).algorithm, error });
      expect([record.mac.length, record.other.length, record.originalId]).toEqual([0, 0, 4711]);
    }
  });

  it('to BADTIME is signed, with the time of the client and, in its other data, that of the server', () => {
    const record = recordOf(reply(verify(sign(KEY, NOW - 5000))));
    expect(record).toMatchObject({ error: TsigErrorCode.BADTIME, timeSigned: NOW - 5000, fudge: 300 });
    expect(record.mac.length).toBe(32);
    expect([record.other.length, readTime(record.other, 0)]).toEqual([6, NOW]);
  });
});

const anyMessage = fc
  .record({
    id: fc.nat(0xffff),
    labels: fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 4 }),
    tail: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  })
  .map(({ id, labels, tail }) =>
    Uint8Array.from([
      ...[id >>> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      ...labels.flatMap((label) => [label.length, ...label]),
      ...[0, ...tail],
    ]),
  );

const anyKey = fc
  .record({
    algorithm: fc.constantFrom(...ALGORITHMS),
    secret: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    label: fc.stringMatching(/^[a-z0-9-]{1,60}$/),
  })
  .map(({ algorithm, secret, label }) => ({ ...tsigKey(label, { algorithm }), secret }));

describe('properties', () => {
  it('what was signed is verified', () => {
    fc.assert(
      fc.property(anyMessage, anyKey, fc.nat(2 ** 40), (message, key, nowSeconds) => {
        expect(said(verify(sign(key, nowSeconds, message), [key], nowSeconds))).toBe('verified');
      }),
    );
  });

  it('with any bit turned over it is not, but where RFC 8945 leaves it open', () => {
    const message = sign();
    const open = new Set<number>();
    for (let bit = 0; bit < message.length * 8; bit++) {
      const turned = message.slice();
      turned[bit >>> 3]! ^= 0x80 >>> (bit & 7);
      const check = verify(turned);
      if (check.kind === 'verified') open.add(bit);
      else expect(said(check)).toMatch(/^(FORMERR|BADSIG|BADKEY|unsigned)$/);
    }
    // The id, for which the original one stands (§4.3.2), and the case of letters in names (§4.3.3).
    const letters = [...message.keys()].filter(
      (at) => at >= QUERY.length && at < QUERY.length + KEY.name.length + 23 && isLetter(message[at]!),
    );
    expect([...open]).toEqual([
      ...Array.from({ length: 16 }, (_, bit) => bit),
      ...letters.map((at) => at * 8 + 2),
    ]);
  });

  it('no octets make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        expect(['unsigned', 'FORMERR', 'BADKEY', 'BADSIG', 'BADTIME']).toContain(said(verify(octets)));
      }),
      { numRuns: 2000 },
    );
  });

  it('no data of a TSIG makes it throw', () => {
    const lengths = { maxLength: 90 };
    const heads = fc.constantFrom<readonly number[]>([], [0], [0, 0, 0, 0, 0, 0, 0, 1, 44, 0, 20]);
    fc.assert(
      fc.property(heads, fc.uint8Array(lengths), (head, rest) => {
        const rdata = [...head, ...rest];
        const record = [0, 0, 250, 0, 255, 0, 0, 0, 0, 0, rdata.length, ...rdata];
        const message = Uint8Array.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, ...record]);
        expect(['FORMERR', 'BADKEY']).toContain(said(verify(message)));
      }),
      { numRuns: 2000 },
    );
  });

  function isLetter(octet: number): boolean {
    return (octet >= 0x61 && octet <= 0x7a) || (octet >= 0x41 && octet <= 0x5a);
  }
});
