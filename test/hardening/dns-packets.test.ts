// HARDENING 1–7, 9 and 10: wrong datagrams to a running server. Whatever comes, the rules of reply-rules.ts hold, clean
// questions are answered, and it costs next to nothing.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandomOctets } from '../support/random-octets.ts';
import { faultOfReply } from '../support/reply-rules.ts';
import { TRAFFIC } from './budgets.ts';
import { exchangeDatagrams } from './datagrams.ts';
import { hex, message, option, optOf, QUESTION, queryFor, queryWith, recordOf } from './messages.ts';
import { type ServerProcess, startServer } from './server.ts';
import { endure } from './witness.ts';

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
});

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** Header and extended response code; `silence` for no octets. */
function rcodeOf(reply: Buffer): string {
  if (reply.length === 0) return 'silence';
  return RCODES[reply[3]! & 15] ?? String(reply[3]! & 15);
}

/** Sends them beside a clean client; the answers keep every rule, and their response codes are among `expected`. */
async function attack(datagrams: readonly Uint8Array[], expected?: readonly string[]): Promise<void> {
  await endure(server, TRAFFIC, async () => {
    const exchanges = await exchangeDatagrams(server.dnsPort, datagrams);
    const faults = exchanges.flatMap(({ request, reply }) => {
      const fault =
        faultOfReply(request, reply, { transport: 'udp' }) ??
        (expected?.includes(rcodeOf(reply)) === false ? `${rcodeOf(reply)} is not expected` : undefined);
      return fault === undefined ? [] : [`${fault}: ${request.subarray(0, 200).toString('hex')}`];
    });
    expect(faults.slice(0, 5)).toEqual([]);
  });
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const HEADER = 12;
/** RFC 768: 65,535 less the headers of IPv4 and UDP. */
const LONGEST_DATAGRAM = 65_507;
const ROOT = hex('00');
const plain = queryWith(optOf({ options: option(3) }));

describe('line 1', () => {
  it('datagrams of 0 to 11 octets get silence', () =>
    attack(
      upTo(HEADER).map((length) => message({}).subarray(0, length)),
      ['silence'],
    ));

  it('every truncation of a valid query gets FORMERR or silence', () =>
    attack(
      upTo(plain.length).map((length) => plain.subarray(0, length)),
      ['silence', 'FORMERR'],
    ));

  it('a question alone where the header counts an OPT is cut short, at every octet', () =>
    attack(
      upTo(plain.length - HEADER).map((cut) => plain.subarray(0, plain.length - cut - 1)),
      ['silence', 'FORMERR'],
    ));

  it('64 kB of zeros, of sevens, of ones, of questions and of options get an answer of their header', () =>
    attack(
      [
        Buffer.alloc(LONGEST_DATAGRAM),
        Buffer.alloc(LONGEST_DATAGRAM, 0x07),
        Buffer.alloc(LONGEST_DATAGRAM, 0x7f),
        Buffer.concat([message({ counts: [2000, 0, 0, 0] }), ...upTo(2000).map(() => QUESTION)]),
        queryWith(optOf({ options: Buffer.concat(upTo(15_000).map(() => option(65_001))) })),
      ].flatMap((datagram) => upTo(20).map(() => datagram.subarray(0, LONGEST_DATAGRAM))),
      ['FORMERR', 'NOTIMP'],
    ));

  it('counts of 65535 without data are FORMERR', () =>
    attack(
      upTo(16).map((bits) => {
        const counts = upTo(4).map((index) => ((bits & (1 << index)) === 0 ? 0 : 0xffff));
        return message({
          counts: counts as [number, number, number, number],
          body: bits % 2 ? [] : QUESTION,
        });
      }),
      ['FORMERR'],
    ));
});

describe('line 2', () => {
  const type = hex('0010 0001');
  const pointers = (count: number): Buffer =>
    Buffer.concat(upTo(count).map((index) => hex((0xc000 | (HEADER + 2 * index + 2)).toString(16))));

  it.each([
    ['itself', queryFor(Buffer.concat([hex('c00c'), type]))],
    ['itself behind a label', queryFor(Buffer.concat([hex('01 61 c00c'), type]))],
    ['the next, which names the first', queryFor(Buffer.concat([hex('c00e c00c'), type]))],
    ['what comes later', queryFor(Buffer.concat([hex('c010'), type, hex('00')]))],
    ['the end', queryFor(Buffer.concat([hex('ffff'), type]))],
    ['the header', queryFor(Buffer.concat([hex('c000'), type]))],
    ['one another, 16 kB of them', queryFor(Buffer.concat([pointers(8000), type]))],
    ['one another, to the last octet', queryFor(pointers((LONGEST_DATAGRAM - HEADER) >> 1))],
    ['half of its own octets', queryFor(hex('c0'))],
  ])('a pointer in the question that names %s is FORMERR', (_what, datagram) =>
    attack(
      upTo(50).map(() => datagram),
      ['FORMERR'],
    ),
  );

  it('label types 01 and 10 are FORMERR', () =>
    attack(
      upTo(128).map((bits) => queryFor(Buffer.concat([Buffer.from([0x40 + bits]), Buffer.alloc(80)]))),
      ['FORMERR'],
    ));

  it('names over 255 octets are FORMERR, and one of 255 is not', async () => {
    const nameOf = (...sizes: readonly number[]): Buffer =>
      Buffer.concat([
        ...sizes.map((size) => Buffer.concat([Buffer.from([size]), Buffer.alloc(size, 0x61)])),
        ROOT,
      ]);
    const question = (name: Buffer): Buffer => queryFor(Buffer.concat([name, type]));
    await attack([nameOf(63, 63, 63, 61), nameOf(...upTo(127).map(() => 1))].map(question), ['REFUSED']);
    await attack(
      [nameOf(63, 63, 63, 62), nameOf(...upTo(128).map(() => 1)), nameOf(...upTo(1000).map(() => 63))].map(
        question,
      ),
      ['FORMERR'],
    );
  });

  it('labels of any octets, dots and NUL among them, are names like others', () =>
    attack(
      upTo(256).map((octet) =>
        queryFor(Buffer.concat([hex('03'), Buffer.alloc(3, octet), QUESTION.subarray(2)])),
      ),
      ['NXDOMAIN'],
    ));
});

describe('line 3', () => {
  const cookie = optOf({ options: option(10, Buffer.alloc(8, 1)) });

  it.each([0, 2, 3, 255, 0xffff])('a QDCOUNT of %i is FORMERR', (count) =>
    attack(
      [
        message({ counts: [count, 0, 0, 0], body: [] }),
        message({ counts: [count, 0, 0, 0], body: upTo(Math.min(count, 100)).map(() => QUESTION) }),
        message({ counts: [count, 0, 0, 1], body: [optOf()] }),
      ],
      ['FORMERR'],
    ),
  );

  it('a QDCOUNT of 0 beside a cookie is FORMERR or, RFC 7873 §5.4, NOERROR', () =>
    attack([message({ counts: [0, 0, 0, 1], body: cookie })], ['FORMERR', 'NOERROR']));

  it('counts of records that lie are FORMERR, and records where none belong', () =>
    attack(
      [1, 2, 3].flatMap((section) =>
        [1, 2, 0x7fff, 0xffff].flatMap((count) => {
          const counts = [1, 0, 0, 0] as [number, number, number, number];
          counts[section] = count;
          const record = recordOf(hex('c00c'), { type: 1, rdata: hex('7f000001') });
          const whole = message({ counts, body: [QUESTION, record] });
          return [message({ counts }), ...(section < 3 || count > 1 ? [whole] : [])];
        }),
      ),
      ['FORMERR'],
    ));
});

describe('line 4', () => {
  it('answers get silence, whatever else they say', () =>
    attack(
      [
        ...upTo(128).map((bits) => message({ flags: 0x8000 | (bits << 8) })),
        ...upTo(256).map((bits) => message({ flags: 0x8400 | bits })),
        message({ flags: 0x8181, counts: [0, 0, 0, 0], body: [] }),
      ],
      ['silence'],
    ));
});

describe('line 5', () => {
  it('every opcode but QUERY is refused, with and without a body', () =>
    attack(
      upTo(15).flatMap((index) => {
        const flags = (index + 1) << 11;
        return [
          message({ flags }),
          message({ flags, counts: [0, 0, 0, 0], body: [] }),
          message({ flags, body: [] }),
        ];
      }),
      ['NOTIMP', 'FORMERR', 'REFUSED', '9'],
    ));
});

describe('line 6', () => {
  it('two OPT records, one that is not at the root, one that is cut short: FORMERR', () =>
    attack(
      [
        queryWith(optOf(), optOf()),
        queryWith(...upTo(200).map(() => optOf())),
        queryWith(recordOf(hex('0161 00'), { type: 41, class: 1232 })),
        queryWith(recordOf(hex('c00c'), { type: 41, class: 1232 })),
        ...upTo(3).map((cut) => queryWith(optOf({ options: Buffer.alloc(cut + 1) }))),
        ...upTo(20).map((cut) =>
          queryWith(optOf({ options: option(10, Buffer.alloc(20)).subarray(0, 23 - cut) })),
        ),
      ],
      ['FORMERR'],
    ));

  it('sizes of 0, 1, 511 and 65535 are taken as what they can be', () =>
    attack(
      [0, 1, 511, 512, 4096, 0xffff].map((size) => queryWith(optOf({ size }))),
      ['NOERROR'],
    ));

  it('every unknown version is BADVERS with an OPT', async () => {
    const exchanges = await exchangeDatagrams(
      server.dnsPort,
      upTo(255).map((index) => queryWith(optOf({ ttl: (index + 1) << 16 }))),
    );
    const faults = exchanges.filter(
      ({ request, reply }) =>
        faultOfReply(request, reply, { transport: 'udp' }) !== undefined ||
        reply.readUInt16BE(10) !== 1 ||
        reply.readUInt32BE(reply.lastIndexOf(hex('0000 29')) + 5) >>> 24 !== 1,
    );
    expect(faults).toEqual([]);
  });

  it('1,000 options, all flags and unknown codes do no harm', () =>
    attack(
      [
        queryWith(optOf({ options: Buffer.concat(upTo(900).map((code) => option(20_000 + code))) })),
        ...upTo(16).map((bit) => queryWith(optOf({ ttl: 1 << bit }))),
        ...upTo(70).map((code) => queryWith(optOf({ options: option(code + 20_000, Buffer.alloc(code)) }))),
      ],
      ['NOERROR'],
    ));

  it('wrong client subnets and cookies are answered, or FORMERR', () =>
    attack(
      [
        ...upTo(60).map((length) => queryWith(optOf({ options: option(10, Buffer.alloc(length)) }))),
        ...['', '00', '0001', '0001ff00', '0001200001', '000980ff', 'ffff0000', '0002810020010db8'].map(
          (data) => queryWith(optOf({ options: option(8, hex(data)) })),
        ),
      ],
      ['NOERROR', 'FORMERR'],
    ));
});

describe('line 7', () => {
  const tsig = recordOf(ROOT, {
    type: 250,
    class: 255,
    rdata: hex('00 000000000000 012c 0002 abcd 1234 0000 0000'),
  });

  it('a TSIG that is garbage, cut short, doubled or not the last record is FORMERR', () =>
    attack(
      [
        queryWith(tsig, optOf()),
        queryWith(tsig, tsig),
        ...upTo(19).map((length) =>
          queryWith(recordOf(ROOT, { type: 250, class: 255, rdata: tsig.subarray(11, 11 + length) })),
        ),
        ...upTo(64).map((length) =>
          queryWith(recordOf(ROOT, { type: 250, class: 255, rdata: Buffer.alloc(length, 0xff) })),
        ),
      ],
      ['FORMERR'],
    ));

  it('a SIG(0) is no reason to trust or to fail', () =>
    attack(
      [0, 1, 17, 18, 400].map((length) =>
        queryWith(recordOf(ROOT, { type: 24, class: 255, rdata: Buffer.alloc(length) })),
      ),
      ['NOERROR', 'FORMERR', 'REFUSED'],
    ));

  it('meta types never get data', () =>
    attack(
      [41, 249, 250, 251, 252, 253, 254].map((type) =>
        queryFor(Buffer.concat([QUESTION.subarray(0, -4), Buffer.from([0, type]), hex('0001')])),
      ),
      // NOTAUTH (9): IXFR of a name that is no zone.
      ['NOTIMP', 'FORMERR', 'REFUSED', '9'],
    ));

  it('classes 0, 3, 4, 254 and 255 never get data', () =>
    attack(
      [0, 2, 3, 4, 254, 255, 0xffff].map((value) =>
        queryFor(Buffer.concat([QUESTION.subarray(0, -2), Buffer.from([value >> 8, value & 255])])),
      ),
      ['REFUSED', 'NOTIMP', 'FORMERR'],
    ));

  it('every type from 0 to 65535 gets an answer', () =>
    attack(
      upTo(0x1000).map((index) => {
        const type = index * 16 + (index % 16);
        return queryFor(
          Buffer.concat([QUESTION.subarray(0, -4), Buffer.from([type >> 8, type & 255]), hex('0001')]),
        );
      }),
    ));
});

describe('lines 9 and 10', () => {
  it('20,000 mutations of valid messages keep the rules', () => {
    const random = createRandomOctets(910);
    const seeds = [
      message({}),
      plain,
      queryWith(optOf({ size: 512 }), recordOf(hex('c00c'), { type: 1, rdata: hex('7f000001') })),
      queryFor(Buffer.concat([hex('01 78 c000'), hex('0001 0001')])),
    ];
    return attack(
      upTo(20_000).map(() => {
        const octets = Buffer.from(seeds[random.below(seeds.length)]!);
        for (let changes = random.below(6); changes > 0; changes--)
          octets[random.below(octets.length)] = random.below(4) === 0 ? 0xc0 : random.below(256);
        return random.below(3) === 0 ? octets.subarray(0, random.below(octets.length)) : octets;
      }),
    );
  });
});
