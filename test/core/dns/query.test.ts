import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/core/dns/name.ts';
import { Query, Verdict } from '../../../src/core/dns/query.ts';
import { QueryName } from '../../../src/core/dns/query-name.ts';
import { parseHex } from '../../../src/core/octets/text.ts';

/** T.test TXT. */
const QUESTION = '01 54 04 74657374 00 0010 0001';
const OPT = '00 0029 04d0 00008000 0000';
const MAX_LABELS = `${'3f'.padEnd(128, '61')}`.repeat(3);
/** Octets before the message in its buffer: positions are not offsets. */
const START = 32;

function octetsOf(text: string): Uint8Array {
  return parseHex(text.replaceAll(' ', ''))!;
}

/** Reads it between octets that belong to others. */
function read(message: string): { verdict: string; query: Query; name: string } {
  const octets = octetsOf(message);
  const buffer = new Uint8Array(START + octets.length + 16).fill(0xff);
  buffer.set(octets, START);
  const query = new Query();
  const name = new QueryName();
  const value = query.read(buffer, START, octets.length, name);
  const verdict = Object.entries(Verdict).find(([key, each]) => each === value && key !== 'answerable')![0];
  return { verdict, query, name: value <= Verdict.answerable ? formatName(name.octets) : '' };
}

/** A query with these records in its last section. */
function withAdditional(...records: readonly string[]): string {
  const count = records.length.toString(16).padStart(4, '0');
  return `1234 0000 0001 0000 0000 ${count} ${QUESTION} ${records.join(' ')}`;
}

/** Type, class, TTL, length and the rdata itself; of a type that nobody knows. */
function record(owner: string, data = ''): string {
  const length = data.replaceAll(' ', '').length / 2;
  return `${owner} fffe 0001 00000000 ${length.toString(16).padStart(4, '0')} ${data}`;
}

describe('a request', () => {
  it.each([
    ['a question', `1234 0000 0001 0000 0000 0000 ${QUESTION}`, 'query'],
    ['11 octets', '1234 0000 0001 0000 0000 00', 'silence'],
    ['an answer', `1234 8000 0001 0000 0000 0000 ${QUESTION}`, 'silence'],
    ['an answer with an opcode that nobody knows', '1234 f800 0000 0000 0000 0000', 'silence'],
    ['STATUS', `1234 1000 0001 0000 0000 0000 ${QUESTION}`, 'notImplemented'],
    ['UPDATE', `1234 2800 0001 0000 0000 0000 ${QUESTION}`, 'notImplemented'],
    ['NOTIFY', `1234 2400 0001 0000 0000 0000 ${QUESTION}`, 'notify'],
    ['NOTIFY without a question', '1234 2400 0000 0000 0000 0000', 'malformed'],
    ['two questions', `1234 0000 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`, 'malformed'],
    ['no question', '1234 0000 0000 0000 0000 0000', 'malformed'],
    [
      'no question but a cookie',
      `1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 000c 000a 0008 ${'11'.repeat(8)}`,
      'cookieOnly',
    ],
    ['an octet behind', `1234 0000 0001 0000 0000 0000 ${QUESTION} 00`, 'malformed'],
    [
      'a record in the answer section',
      `1234 0000 0001 0001 0000 0000 ${QUESTION} ${record('00')}`,
      'malformed',
    ],
    [
      'one in the authority section',
      `1234 0000 0001 0000 0001 0000 ${QUESTION} ${record('00')}`,
      'malformed',
    ],
    ['one in the additional section', withAdditional(record('00')), 'query'],
    ['a count of records that are not there', `1234 0000 0001 0000 0000 0001 ${QUESTION}`, 'malformed'],
    ['a pointer in the question', '1234 0000 0001 0000 0000 0000 c00c 0010 0001', 'malformed'],
    ['two OPT records', withAdditional(OPT, OPT), 'malformed'],
    [
      'OPT below another owner than the root',
      withAdditional('01 61 00 0029 04d0 00000000 0000'),
      'malformed',
    ],
    ['an option that is cut', withAdditional('00 0029 04d0 00000000 0005 fde9 0002 ab'), 'malformed'],
  ])('of %s', (_what, message, verdict) => {
    expect(read(message).verdict).toBe(verdict);
  });

  it('says its name in lower case, its type, class and flags', () => {
    const { query, name } = read(`1234 0110 0001 0000 0000 0000 ${QUESTION}`);
    expect(name).toBe('t.test.');
    expect(query).toMatchObject({ flags: 0x0110, type: 16, class: 1, hasEdns: false, udpPayload: 512 });
    expect(query.questionEnd).toBe(START + 12 + 12);
  });

  it('says what its OPT has, and at least 512 octets', () => {
    expect(read(withAdditional(OPT)).query).toMatchObject({
      hasEdns: true,
      dnssecOk: true,
      udpPayload: 1232,
    });
    const small = read(withAdditional('00 0029 0001 00030000 0004 0003 0000')).query;
    expect(small).toMatchObject({ ednsVersion: 3, udpPayload: 512, dnssecOk: false, nsid: false });
    expect(read(withAdditional('00 0029 04d0 00000000 0004 0003 0000')).query.nsid).toBe(true);
  });

  it('forgets what the one before it had', () => {
    const octets = octetsOf(withAdditional(OPT));
    const plain = octetsOf(`1234 0000 0001 0000 0000 0000 ${QUESTION}`);
    const query = new Query();
    const name = new QueryName();
    query.read(octets, 0, octets.length, name);
    query.read(plain, 0, plain.length, name);
    expect(query).toMatchObject({ hasEdns: false, dnssecOk: false, udpPayload: 512 });
  });

  it.each([7, 9, 15, 41])('with a cookie of %i octets is malformed (RFC 7873 §5.2.2)', (length) => {
    const size = (octets: number): string => octets.toString(16).padStart(4, '0');
    const cookie = `00 0029 04d0 00000000 ${size(length + 4)} 000a ${size(length)} ${'11'.repeat(length)}`;
    expect(read(withAdditional(cookie)).verdict).toBe('malformed');
  });
});

describe('the owner of a record in a request', () => {
  it.each([
    ['the root', '00', 'query'],
    ['a pointer to the first octet behind the header', 'c00c', 'query'],
    ['a pointer into the header, to an octet that is zero', 'c009', 'malformed'],
    ['a pointer to itself', 'c018', 'malformed'],
    ['a pointer ahead, to an octet that is zero', 'c01c', 'malformed'],
    ['a pointer to its own label', '01 61 c018', 'malformed'],
    ['a pointer out of the message', 'ffff', 'malformed'],
    ['255 octets', `${MAX_LABELS} 3d ${'61'.repeat(61)} 00`, 'query'],
    ['256 octets', `${MAX_LABELS} 3e ${'61'.repeat(62)} 00`, 'malformed'],
    ['255 octets by a pointer', `${MAX_LABELS} 36 ${'61'.repeat(54)} c00c`, 'query'],
    ['256 octets by a pointer', `${MAX_LABELS} 37 ${'61'.repeat(55)} c00c`, 'malformed'],
    ['a label type of RFC 6891 §5', '41 61 00', 'malformed'],
  ])('as %s', (_what, owner, verdict) => {
    // It starts at 12 + 12 = 0x18.
    expect(read(withAdditional(record(owner))).verdict).toBe(verdict);
  });

  it.each([
    [127, 'query'],
    [128, 'malformed'],
  ])('by %i pointers, each to another: %s', (pointers, verdict) => {
    // The rdata of the first record starts at 0x18 + 11: the question's name, then what points to what is before it.
    const start = 0x18 + 11;
    const chain = Array.from({ length: pointers - 1 }, (_, index) =>
      (0xc000 | (index === 0 ? 0x0c : start + (index - 1) * 2)).toString(16),
    );
    const last = (0xc000 | (start + (pointers - 2) * 2)).toString(16);
    expect(read(withAdditional(record('00', chain.join('')), record(last))).verdict).toBe(verdict);
  });
});
