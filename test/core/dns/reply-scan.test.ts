import { describe, expect, it } from 'vitest';
import { scanReply } from '../../../src/core/dns/reply-scan.ts';
import { formatHex, parseHex } from '../../../src/core/octets/text.ts';

/** a.test TXT. */
const QUESTION = '01 61 04 74657374 00 0010 0001';
/** Of the question's name in the message. */
const NAME = 'c00c';
const MAX_LABELS = `${'3f'.padEnd(128, '61')}`.repeat(3);

/** Type, class, TTL, length and the rdata itself. */
function rdata(type: string, data: string): string {
  const length = data.replaceAll(' ', '').length / 2;
  return `${type} 0001 0000003c ${length.toString(16).padStart(4, '0')} ${data}`;
}

const txt = (owner: string): string => `${owner} ${rdata('0010', '01 78')}`;

interface Sections {
  readonly question?: readonly string[];
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

function reply({
  question = [QUESTION],
  answer = [],
  authority = [],
  additional = [],
}: Sections): Uint8Array {
  const sections = [question, answer, authority, additional];
  const counts = sections.map(({ length }) => length.toString(16).padStart(4, '0'));
  return parseHex(['1234 8180', ...counts, ...sections.flat()].join('').replaceAll(' ', ''))!;
}

/** As section, type and rdata; undefined where the reply is not to be decoded. */
function scan(sections: Sections): string[] | undefined {
  const octets = reply(sections);
  return scanReply(octets)?.map(({ section, type, typeOffset, rdataStart, rdataEnd }) => {
    expect(rdataStart).toBe(typeOffset + 10);
    return `${section} ${type} ${formatHex(octets.subarray(rdataStart, rdataEnd))}`;
  });
}

describe('the scan of a reply', () => {
  it('tells where each record of each section is', () => {
    const sections = {
      answer: [`${NAME} ${rdata('0005', '01 62 c00e')}`, txt('01 62 c00e')],
      authority: [`c00e ${rdata('0006', '00 00 00000007 00000001 00000002 00000003 00000004')}`],
      additional: [`00 ${rdata('0029', '')}`],
    };
    expect(scan(sections)).toEqual([
      'answer 5 0162c00e',
      'answer 16 0178',
      'authority 6 00000000000700000001000000020000000300000004',
      'additional 41 ',
    ]);
  });

  it('needs no question', () => {
    expect(scan({ question: [] })).toEqual([]);
    expect(scan({ question: [QUESTION, `${NAME} 0010 0001`] })).toEqual([]);
  });

  it.each([
    ['a header that is cut', parseHex('1234818000000000000000')!],
    ['a question that is cut in its name', parseHex('123481800001000000000000016104')!],
    ['a question that is cut behind its name', parseHex('1234818000010000000000000161000010')!],
    ['a count of records that are not there', reply({ answer: [''] })],
    ['a record that is cut', reply({ answer: [`${NAME} 0010 0001 0000003c 00`] })],
    ['rdata that is cut', reply({ answer: [`${NAME} 0010 0001 0000003c 0003 0178`] })],
    ['a CNAME that is longer than its rdata', reply({ answer: [`${NAME} 0005 0001 0000003c 0001 0161 00`] })],
    ['the second name of an SOA, cut', reply({ authority: [`${NAME} ${rdata('0006', '00 01')}`] })],
  ])('refuses %s', (_what, octets) => {
    expect(scanReply(octets)).toBeUndefined();
  });
});

describe('the records of a reply', () => {
  it.each([
    [256, 256],
    [257, undefined],
  ])('%i of them', (count, read) => {
    expect(scan({ answer: Array.from({ length: count }, () => txt(NAME)) })?.length).toBe(read);
  });
});

describe('a name in a reply', () => {
  it.each([
    ['a dot inside a label, which the text form cannot tell from two labels', '03 612e62 00', false],
    ['a label of 63 octets', `3f ${'61'.repeat(63)} 00`, true],
    ['a label of 64 octets', `40 ${'61'.repeat(64)} 00`, false],
    ['a label type of RFC 6891 §5', '41 61 00', false],
    ['255 octets', `${MAX_LABELS} 3d ${'61'.repeat(61)} 00`, true],
    ['256 octets', `${MAX_LABELS} 3e ${'61'.repeat(62)} 00`, false],
    ['256 octets by a pointer', `${MAX_LABELS} 37 ${'61'.repeat(55)} ${NAME}`, false],
    ['a pointer to the end of the question', 'c013', true],
    ['a pointer to the first octet behind the header', 'c00c', true],
    ['a pointer into the header, to an octet that is zero', 'c00b', false],
    ['a pointer to itself', 'c018', false],
    ['a pointer to its own label', '01 61 c018', false],
    ['a pointer ahead, to an octet that is zero', 'c01a', false],
    ['half a pointer', 'c0', false],
  ])('as %s', (_what, owner, isRead) => {
    // The owner of a record starts at 12 + 12 = 0x18.
    expect(scan({ answer: [owner === 'c0' ? owner : txt(owner)] }) !== undefined).toBe(isRead);
  });

  it.each([
    [127, true],
    [128, false],
  ])('by %i pointers, each to another', (pointers, isRead) => {
    // The rdata of the first record starts at 0x18 + 12: the question's name, then what points to what is before it.
    const start = 0x18 + 12;
    const chain = Array.from({ length: pointers - 1 }, (_, index) =>
      (0xc000 | (index === 0 ? 0x0c : start + (index - 1) * 2)).toString(16),
    );
    const last = (0xc000 | (start + (pointers - 2) * 2)).toString(16);
    const answer = [`${NAME} ${rdata('fffe', chain.join(''))}`, txt(last)];
    expect(scan({ answer }) !== undefined).toBe(isRead);
  });
});
