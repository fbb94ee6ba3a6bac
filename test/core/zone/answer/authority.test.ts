import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { formatHex, parseHex } from '../../../../src/core/octets/text.ts';
import { createCatalog } from '../../../../src/core/zone/image/catalog.ts';
import { ask, authorityOf, exchange, imageOf, SEED } from '../../../support/authority-of.ts';
import { decodeReply, encodeQuery } from '../../../support/dns-message.ts';
import { faultOfReply } from '../../../support/reply-rules.ts';

const ZONE = `
$ORIGIN example.
$TTL 300
@             3600 SOA   ns1 hostmaster 7 7200 900 1209600 60
@                  NS    ns1
@                  NS    ns2.example.net.
@                  MX    10 mail
ns1                A     127.0.0.1
ns1                AAAA  ::1
mail               A     127.0.0.2
tracker            A     127.0.0.1
tracker            AAAA  ::1
tracker            TXT   "BITTORRENT UDP:6969 TCP:6969"
*.tracker          A     127.0.0.1
*.tracker          TXT   "BITTORRENT UDP:6969"
www                CNAME tracker
far                CNAME tracker.example.net.
gone               CNAME nowhere
dangling           CNAME host.sub
loop1              CNAME loop2
loop2              CNAME loop1
a.b.c              A     127.0.0.3
sub                NS    ns.sub
sub                NS    ns.other
ns.sub             A     127.0.0.4
ns.other           A     127.0.0.5
other              NS    ns.other
old                DNAME tracker
`;

const SOA = 'example. 60 IN SOA ns1.example. hostmaster.example. 7 7200 900 1209600 60';
const authority = authorityOf(imageOf(ZONE, 'example.'));

interface Row {
  readonly why: string;
  readonly question: string;
  readonly rcode?: string;
  readonly flags?: string;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    why: 'answers an address',
    question: 'tracker.example. A',
    answer: ['tracker.example. 300 IN A 127.0.0.1'],
  },
  {
    why: 'answers a preference',
    question: 'tracker.example. TXT',
    answer: ['tracker.example. 300 IN TXT "BITTORRENT UDP:6969 TCP:6969"'],
  },
  {
    why: 'answers the apex SOA with its own TTL',
    question: 'example. SOA',
    answer: ['example. 3600 IN SOA ns1.example. hostmaster.example. 7 7200 900 1209600 60'],
  },
  {
    why: 'adds the addresses of name servers it has',
    question: 'example. NS',
    answer: ['example. 300 IN NS ns1.example.', 'example. 300 IN NS ns2.example.net.'],
    additional: ['ns1.example. 300 IN A 127.0.0.1', 'ns1.example. 300 IN AAAA ::1'],
  },
  {
    why: 'adds the addresses of a mail host',
    question: 'example. MX',
    answer: ['example. 300 IN MX 10 mail.example.'],
    additional: ['mail.example. 300 IN A 127.0.0.2'],
  },
  { why: 'says NODATA with the SOA', question: 'mail.example. AAAA', authority: [SOA] },
  { why: 'says NODATA for an empty non-terminal', question: 'b.c.example. A', authority: [SOA] },
  { why: 'says NXDOMAIN with the SOA', question: 'nx.example. A', rcode: 'NXDOMAIN', authority: [SOA] },
  {
    why: 'says NXDOMAIN below an empty non-terminal',
    question: 'x.c.example. A',
    rcode: 'NXDOMAIN',
    authority: [SOA],
  },
  {
    why: 'synthesizes from a wildcard under the name asked for',
    question: 'EU.tracker.example. TXT',
    answer: ['EU.tracker.example. 300 IN TXT "BITTORRENT UDP:6969"'],
  },
  {
    why: 'synthesizes over several labels',
    question: 'a.b.tracker.example. A',
    answer: ['a.b.tracker.example. 300 IN A 127.0.0.1'],
  },
  { why: 'says NODATA at a wildcard', question: 'eu.tracker.example. AAAA', authority: [SOA] },
  {
    why: 'follows an alias within the zone',
    question: 'www.example. A',
    answer: ['www.example. 300 IN CNAME tracker.example.', 'tracker.example. 300 IN A 127.0.0.1'],
  },
  {
    why: 'answers CNAME itself without following it',
    question: 'www.example. CNAME',
    answer: ['www.example. 300 IN CNAME tracker.example.'],
  },
  {
    why: 'leaves an alias out of the zone to the client',
    question: 'far.example. A',
    answer: ['far.example. 300 IN CNAME tracker.example.net.'],
  },
  {
    why: 'says NXDOMAIN for an alias to nothing (RFC 6604)',
    question: 'gone.example. A',
    rcode: 'NXDOMAIN',
    answer: ['gone.example. 300 IN CNAME nowhere.example.'],
    authority: [SOA],
  },
  {
    why: 'refers an alias on to a cut, still authoritative for its first name',
    question: 'dangling.example. A',
    answer: ['dangling.example. 300 IN CNAME host.sub.example.'],
    authority: ['sub.example. 300 IN NS ns.sub.example.', 'sub.example. 300 IN NS ns.other.example.'],
    additional: ['ns.sub.example. 300 IN A 127.0.0.4', 'ns.other.example. 300 IN A 127.0.0.5'],
  },
  {
    why: 'ends an alias loop after each has been said once',
    question: 'loop1.example. A',
    answer: ['loop1.example. 300 IN CNAME loop2.example.', 'loop2.example. 300 IN CNAME loop1.example.'],
  },
  {
    why: 'refers below a cut, with glue of that zone and its sibling',
    question: 'x.y.sub.example. TXT',
    flags: 'QR',
    authority: ['sub.example. 300 IN NS ns.sub.example.', 'sub.example. 300 IN NS ns.other.example.'],
    additional: ['ns.sub.example. 300 IN A 127.0.0.4', 'ns.other.example. 300 IN A 127.0.0.5'],
  },
  {
    why: 'refers at glue, which is not ours to answer',
    question: 'ns.sub.example. A',
    flags: 'QR',
    authority: ['sub.example. 300 IN NS ns.sub.example.', 'sub.example. 300 IN NS ns.other.example.'],
    additional: ['ns.sub.example. 300 IN A 127.0.0.4', 'ns.other.example. 300 IN A 127.0.0.5'],
  },
  { why: 'answers DS at the cut itself', question: 'sub.example. DS', authority: [SOA] },
  {
    why: 'redirects below a DNAME',
    question: 'eu.old.example. A',
    answer: [
      'old.example. 300 IN DNAME tracker.example.',
      'eu.old.example. 300 IN CNAME eu.tracker.example.',
      'eu.tracker.example. 300 IN A 127.0.0.1',
    ],
  },
  { why: 'answers at a DNAME itself', question: 'old.example. A', authority: [SOA] },
  {
    why: 'answers ANY with one RRset (RFC 8482)',
    question: 'tracker.example. ANY',
    answer: ['tracker.example. 300 IN A 127.0.0.1'],
  },
  { why: 'refuses names of others', question: 'tracker.example.net. A', rcode: 'REFUSED', flags: 'QR' },
  { why: 'refuses the root', question: '. NS', rcode: 'REFUSED', flags: 'QR' },
  { why: 'has no transfer over UDP', question: 'example. AXFR', rcode: 'NOTIMP', flags: 'QR' },
];

describe('an authority', () => {
  test.each(ROWS)('$why: $question', (row) => {
    const [name = '', type = ''] = row.question.split(' ');
    for (const over of ['udp', 'tcp'] as const) {
      const reply = ask(authority, { name, type }, over);
      expect(reply.id).toBe(4711);
      expect(reply.question).toEqual([row.question]);
      expect(reply.rcode).toBe(row.rcode ?? 'NOERROR');
      expect(reply.flags.join(' ')).toBe(row.flags ?? 'QR AA');
      expect(reply.answer).toEqual(row.answer ?? []);
      expect(reply.authority).toEqual(row.authority ?? []);
      expect(reply.additional).toEqual(row.additional ?? []);
      expect(reply.edns).toBeUndefined();
    }
  });

  test('echoes the case of the question and compresses against it', () => {
    const octets = exchange(authority, encodeQuery({ name: 'nS1.eXaMpLe', type: 'A' }));
    expect(Buffer.from(octets).includes(Buffer.from('\x03nS1\x07eXaMpLe\0', 'latin1'))).toBe(true);
    expect(decodeReply(octets).answer).toEqual(['nS1.eXaMpLe. 300 IN A 127.0.0.1']);
    expect(octets.length).toBe(12 + 17 + 16);
  });

  test('keeps the letters of the zone file in rdata, whatever those of the question', () => {
    const asked = ask(authority, { name: 'EXAMPLE', type: 'NS' });
    expect(asked.answer).toEqual(['EXAMPLE. 300 IN NS ns1.example.', 'EXAMPLE. 300 IN NS ns2.example.net.']);
    expect(asked.additional).toEqual(['ns1.example. 300 IN A 127.0.0.1', 'ns1.example. 300 IN AAAA ::1']);
    const mixed = authorityOf(imageOf(ZONE.replace('far ', 'odd CNAME tracker.EXAMPLE.\nfar '), 'example.'));
    expect(ask(mixed, { name: 'ODD.example', type: 'CNAME' }).answer).toEqual([
      'ODD.example. 300 IN CNAME tracker.EXAMPLE.',
    ]);
    expect(ask(mixed, { name: 'x.Example', type: 'A' }).authority).toEqual([
      SOA.replace('example.', 'Example.'),
    ]);
  });

  test('copies RD and leaves RA clear', () => {
    const reply = ask(authority, { name: 'tracker.example', type: 'A', recursionDesired: true });
    expect(reply.flags).toEqual(['QR', 'AA', 'RD']);
  });

  test('answers from the closest of several zones, and DS from the parent', () => {
    const child = imageOf(
      '$TTL 60\n@ SOA ns host 1 1 1 1 1\n@ NS ns\nns A 127.0.0.9\n@ TXT "child"\n',
      'sub.example.',
    );
    const both = authorityOf(imageOf(ZONE, 'example.'), child);
    expect(ask(both, { name: 'sub.example', type: 'TXT' }).answer).toEqual([
      'sub.example. 60 IN TXT "child"',
    ]);
    expect(ask(both, { name: 'tracker.example', type: 'A' }).answer).toHaveLength(1);
    expect(ask(both, { name: 'sub.example', type: 'DS' }).authority).toEqual([SOA]);
  });

  test('follows 18 aliases, and gives addresses of 13 names, whatever a zone holds', () => {
    const lines = Array.from({ length: 20 }, (_, index) => [
      `c${index} CNAME c${index + 1}`,
      `m MX ${index} h${index}`,
      `h${index} A 127.0.0.1`,
    ]);
    const limited = authorityOf(imageOf(`${ZONE}${lines.flat().join('\n')}\nc20 A 127.0.0.1\n`, 'example.'));
    const chain = ask(limited, { name: 'c0.example', type: 'A' }, 'tcp');
    expect(chain.answer.map((line) => line.split(' ')[3])).toEqual(Array(18).fill('CNAME'));
    expect(ask(limited, { name: 'c2.example', type: 'A' }, 'tcp').answer).toHaveLength(18);
    expect(ask(limited, { name: 'c3.example', type: 'A' }, 'tcp').answer.at(-1)).toContain('127.0.0.1');
    const { answer, additional } = ask(limited, { name: 'm.example', type: 'MX' }, 'tcp');
    expect([answer.length, additional.length]).toEqual([20, 13]);
  });

  test('answers from the catalog published last', () => {
    const edited = authorityOf(imageOf(ZONE, 'example.'));
    expect(ask(edited, { name: 'new.example', type: 'A' }).rcode).toBe('NXDOMAIN');
    edited.publish(createCatalog([imageOf(`${ZONE}new A 127.0.0.8\n`, 'example.')], SEED));
    expect(ask(edited, { name: 'new.example', type: 'A' }).answer).toEqual([
      'new.example. 300 IN A 127.0.0.8',
    ]);
  });
});

describe('EDNS', () => {
  test('is answered with our payload and the DO bit as it came', () => {
    const reply = ask(authority, { name: 'tracker.example', type: 'A', edns: 4096, dnssecOk: true });
    expect(reply.edns).toEqual({ udpPayload: 1232, dnssecOk: true, version: 0, extendedRcode: 0 });
  });

  test('of another version is BADVERS with version 0', () => {
    const query = encodeQuery({ name: 'tracker.example', type: 'A', edns: 1232 });
    query[query.length - 5] = 1;
    const reply = decodeReply(exchange(authority, query));
    expect(reply.edns).toEqual({ udpPayload: 1232, dnssecOk: false, version: 0, extendedRcode: 1 });
    expect(reply.rcode).toBe('NOERROR');
    expect(reply.answer).toEqual([]);
  });
});

describe('truncation', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `big TXT "${'x'.repeat(60)}${index}"`);
  const glue = Array.from({ length: 30 }, (_, index) => [
    `cut NS n${index}.cut`,
    `n${index}.cut A 127.0.1.${index}`,
  ]);
  const big = authorityOf(imageOf([ZONE, ...lines, ...glue.flat(), ''].join('\n'), 'example.'));

  test.each([
    { edns: undefined, limit: 512 },
    { edns: 100, limit: 512 },
    { edns: 800, limit: 800 },
    { edns: 65535, limit: 1232 },
  ])('keeps question and OPT only, within $limit octets for a client of $edns', ({ edns, limit }) => {
    const query = encodeQuery({ name: 'big.example', type: 'TXT', ...(edns === undefined ? {} : { edns }) });
    const octets = exchange(big, query);
    const reply = decodeReply(octets);
    expect(octets.length).toBeLessThanOrEqual(limit);
    expect(reply.flags).toEqual(['QR', 'AA', 'TC']);
    expect(reply.answer).toEqual([]);
    expect(reply.question).toEqual(['big.example. TXT']);
    expect(reply.edns === undefined).toBe(edns === undefined);
  });

  test('does not happen over TCP', () => {
    const reply = ask(big, { name: 'big.example', type: 'TXT' }, 'tcp');
    expect(reply.answer).toHaveLength(40);
    expect(reply.flags).toEqual(['QR', 'AA']);
  });

  test('marks a referral whose glue does not fit (RFC 9471)', () => {
    expect(ask(big, { name: 'x.cut.example', type: 'A' }).flags).toContain('TC');
    expect(ask(big, { name: 'x.cut.example', type: 'A' }, 'tcp').additional).toHaveLength(30);
  });
});

describe('what is no query', () => {
  const question = '07 747261636b6572 07 6578616d706c65 00 0001 0001';
  // No algorithm name, time 0, fudge 300, a MAC of two octets, id, no error, nothing more.
  const tsig = '00 00fa 00ff 00000000 0013 00 000000000000 012c 0002 abcd 1234 0000 0000';
  test.each([
    { why: 'an empty datagram', hex: '', reply: '' },
    { why: 'eleven octets', hex: '1234 0100 0001 0000 0000 00', reply: '' },
    { why: 'an answer', hex: `1234 8400 0001 0000 0000 0000 ${question}`, reply: '' },
    { why: 'no question', hex: '1234 0100 0000 0000 0000 0000', reply: '1234 8101 0000 0000 0000 0000' },
    {
      why: 'two questions',
      hex: `1234 0000 0002 0000 0000 0000 ${question} ${question}`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'an answer record in a query',
      hex: `1234 0000 0001 0001 0000 0000 ${question} c00c 0001 0001 00000000 0004 7f000001`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a pointer in the question',
      hex: '1234 0000 0001 0000 0000 0000 c00c 0001 0001',
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a label type of 01',
      hex: '1234 0000 0001 0000 0000 0000 41 00 0001 0001',
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'octets after the question',
      hex: `1234 0000 0001 0000 0000 0000 ${question} 00`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a record whose owner is a pointer to itself',
      hex: `1234 0000 0001 0000 0000 0001 ${question} c021 0001 0001 00000000 0004 7f000001`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a record whose owner is a pointer to what comes later',
      hex: `1234 0000 0001 0000 0000 0001 ${question} c0ff 0001 0001 00000000 0004 7f000001`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a record whose owner is a pointer into the header',
      hex: `1234 0000 0001 0000 0000 0001 ${question} c000 0001 0001 00000000 0004 7f000001`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a record whose owner is a pointer into the middle of a label',
      hex: `1234 0000 0001 0000 0000 0001 ${question} c00e 0001 0001 00000000 0004 7f000001`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a count of records that are not there',
      hex: `1234 0000 0001 0000 0000 ffff ${question}`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'two OPT records',
      hex: `1234 0000 0001 0000 0000 0002 ${question} 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000`,
      reply: `1234 8001 0001 0000 0000 0001 ${question} 00 0029 04d0 00000000 0000`,
    },
    {
      why: 'an OPT that is not the root',
      hex: `1234 0000 0001 0000 0000 0001 ${question} 01 61 00 0029 04d0 00000000 0000`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'an OPT whose options are cut short',
      hex: `1234 0000 0001 0000 0000 0001 ${question} 00 0029 04d0 00000000 0003 000a00`,
      reply: `1234 8001 0001 0000 0000 0001 ${question} 00 0029 04d0 00000000 0000`,
    },
    {
      why: 'a TSIG that is not the last record',
      hex: `1234 0000 0001 0000 0000 0002 ${question} ${tsig} 00 0029 04d0 00000000 0000`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'a TSIG that is cut short',
      hex: `1234 0000 0001 0000 0000 0001 ${question} 00 00fa 00ff 00000000 0003 616263`,
      reply: '1234 8001 0000 0000 0000 0000',
    },
    {
      why: 'an UPDATE',
      hex: `1234 2800 0001 0000 0000 0000 ${question}`,
      reply: '1234 a804 0000 0000 0000 0000',
    },
    {
      why: 'a NOTIFY of something else than an SOA',
      hex: `1234 2400 0001 0000 0000 0000 ${question}`,
      reply: `1234 a001 0001 0000 0000 0000 ${question}`,
    },
  ])('$why', ({ hex, reply }) => {
    const request = parseHex(hex.replaceAll(' ', ''));
    const expected = parseHex(reply.replaceAll(' ', ''));
    expect(exchange(authority, request ?? new Uint8Array())).toEqual(expected);
  });

  test('is never answered with NOERROR and never with another id, whatever the octets', () => {
    const seed = encodeQuery({ name: 'eu.tracker.example', type: 'TXT', edns: 1232 });
    const change = fc.record({ at: fc.nat(seed.length - 1), octet: fc.nat(255) });
    const mutated = fc
      .tuple(fc.array(change, { maxLength: 6 }), fc.nat(seed.length))
      .map(([changes, cut]) => {
        const octets = Uint8Array.from(seed);
        for (const { at, octet } of changes) octets[at] = octet;
        return cut % 3 === 0 ? octets.subarray(0, cut) : octets;
      });
    const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated, mutated);
    fc.assert(fc.property(anything, isRightReply), { numRuns: 5000 });
  });
});

/** What holds for the reply to any octets. */
function isRightReply(request: Uint8Array): boolean {
  return faultOfReply(request, exchange(authority, request), { transport: 'udp' }) === undefined;
}

test('a query signed by a key that is not known is not answered (RFC 8945 §5.2.1)', () => {
  const tsig = '00 00fa 00ff 00000000 0013 00 000000000000 012c 0002 abcd 1234 0000 0000';
  const query = `1234 0000 0001 0000 0000 0001 07 747261636b6572 07 6578616d706c65 00 0001 0001 ${tsig}`;
  const reply = exchange(authority, parseHex(query.replaceAll(' ', '')) ?? new Uint8Array());
  const badKey = '00 00fa 00ff 00000000 0011 00 000000000000 012c 0000 1234 0011 0000';
  const expected = `1234 8009 0001 0000 0000 0001 07 747261636b6572 07 6578616d706c65 00 0001 0001 ${badKey}`;
  expect(formatHex(reply)).toBe(expected.replaceAll(' ', ''));
});
