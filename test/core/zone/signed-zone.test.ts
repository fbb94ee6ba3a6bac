// What is said of zones that are signed already (RFC 4035 §3.1, RFC 5155 §7.2). That NSD, Knot and validators agree is
// tested with them, in test/interop.

import { describe, expect, it } from 'vitest';
import { askBriefly, covering, hashOf, signedAuthority, signedText } from './signed-reply.ts';

interface Row {
  readonly why: string;
  readonly question: string;
  readonly rcode?: string;
  readonly answer?: readonly string[];
  /** Types with one owner are separated by `+`; each brings its RRSIG, but for NS. */
  readonly authority?: readonly string[];
  /** The same from the zone with NSEC3. */
  readonly hashed?: readonly string[];
}

const ROWS: readonly Row[] = [
  { why: 'signs an answer', question: 'www A', answer: ['www A'] },
  {
    why: 'proves that a type is not there',
    question: 'www AAAA',
    authority: ['@ SOA', 'www NSEC'],
    hashed: ['#www'],
  },
  {
    why: 'proves that a name is not there, nor a wildcard',
    question: 'nothing A',
    rcode: 'NXDOMAIN',
    authority: ['@ SOA', 'mail NSEC', '@ NSEC'],
    hashed: ['#@', covering('nothing'), covering('*')],
  },
  {
    why: 'proves with one record what it proves with one',
    question: 'a.b.c.host.wild A',
    rcode: 'NXDOMAIN',
    authority: ['@ SOA', 'host.wild NSEC'],
    hashed: ['#host.wild', covering('c.host.wild'), covering('*.host.wild')],
  },
  {
    why: 'proves that an empty non-terminal has no data',
    question: 'ent A',
    authority: ['@ SOA', '*.cwildno NSEC'],
    hashed: ['#ent'],
  },
  {
    why: 'proves that a wildcard was right to answer',
    question: 'q.wild A',
    answer: ['q.wild A'],
    authority: ['host.wild NSEC'],
    hashed: [covering('q.wild')],
  },
  {
    why: 'proves that a wildcard does not have the type',
    question: 'p.q.wild AAAA',
    authority: ['@ SOA', 'host.wild NSEC', '*.wild NSEC'],
    hashed: ['#wild', covering('q.wild'), '#*.wild'],
  },
  { why: 'needs no proof for a wildcard by its own name', question: '*.wild A', answer: ['*.wild A'] },
  { why: 'signs each step of an alias', question: 'alias TXT', answer: ['alias CNAME', 'www TXT'] },
  {
    why: 'proves that what an alias leads to is not there',
    question: 'gone A',
    rcode: 'NXDOMAIN',
    answer: ['gone CNAME'],
    authority: ['@ SOA', 'mail NSEC', '@ NSEC'],
    hashed: ['#@', covering('nothing'), covering('*')],
  },
  {
    why: 'proves an alias by wildcard beside its answer',
    question: 'q.cwild A',
    answer: ['q.cwild CNAME', 'www A'],
    authority: ['*.cwild NSEC'],
    hashed: [covering('q.cwild')],
  },
  {
    why: 'proves an alias by wildcard that leads out of the zone',
    question: 'q.cfar A',
    answer: ['q.cfar CNAME'],
    authority: ['*.cfar NSEC'],
    hashed: [covering('q.cfar')],
  },
  {
    why: 'proves both wildcards of a chain',
    question: 'x.cwildno AAAA',
    answer: ['x.cwildno CNAME'],
    authority: ['@ SOA', '*.cwildno NSEC', 'host.wild NSEC', '*.wild NSEC'],
    hashed: [covering('x.cwildno'), '#wild', covering('q.wild'), '#*.wild'],
  },
  { why: 'sends the DS with a referral', question: 'x.secure A', authority: ['secure NS', 'secure DS'] },
  { why: 'answers DS on the parent side', question: 'secure DS', answer: ['secure DS'] },
  {
    why: 'proves that a child is not signed',
    question: 'x.plain A',
    authority: ['plain NS', 'plain NSEC'],
    hashed: ['#@', covering('plain')],
  },
  {
    why: 'proves that a child has no DS',
    question: 'plain DS',
    authority: ['@ SOA', 'plain NSEC'],
    hashed: ['#@', covering('plain')],
  },
  {
    why: 'proves with the closest provable encloser what only unsigned children make exist',
    question: 'plain2 A',
    authority: ['@ SOA', 'plain NSEC'],
    hashed: ['#@', covering('plain2')],
  },
];

/** The proof of the row in a zone with NSEC3: its SOA or NS and DS, and the hashed owners instead of NSEC. */
function hashedAuthority({ authority = [], hashed = [] }: Row): string[] {
  const kept = authority.filter((record) => !record.endsWith(' NSEC'));
  return [...kept, ...new Set(hashed.map((owner) => `${owner} NSEC3`))];
}

/** Every record with its signature, but for NS of a child. */
function signed(records: readonly string[]): string[] {
  return records
    .flatMap((record) => {
      const [owner, type] = record.split(' ');
      return type === 'NS' ? [record] : [record, `${owner} RRSIG ${type}`];
    })
    .sort();
}

describe.each(['nsec', 'optout'] as const)('a zone with %s', (name) => {
  const authority = signedAuthority(signedText(name));

  it.each(ROWS)('$why: $question', (row) => {
    const reply = askBriefly(authority, row.question);
    expect(reply.rcode).toBe(row.rcode ?? 'NOERROR');
    expect(reply.answer).toEqual(signed(row.answer ?? []));
    const proof = name === 'nsec' ? (row.authority ?? []) : hashedAuthority(row);
    expect(reply.authority).toEqual(signed(proof));
  });

  it.each(ROWS)('says nothing of that without DO: $question', ({ question, rcode, answer = [] }) => {
    const reply = askBriefly(authority, question, { dnssecOk: false });
    expect(reply.rcode).toBe(rcode ?? 'NOERROR');
    expect(reply.answer).toEqual([...answer].sort());
    expect(reply.authority.filter((line) => !/ (SOA|NS)$/.test(line))).toEqual([]);
  });

  it('signs a DNAME, and not the CNAME that it means', () => {
    const { answer } = askBriefly(authority, 'host.red A');
    expect(answer).toEqual(
      ['red DNAME', 'red RRSIG DNAME', 'host.red CNAME', ...signed(['host.wild A'])].sort(),
    );
  });

  it('signs additional addresses', () => {
    expect(askBriefly(authority, '@ MX').additional).toEqual(signed(['mail A']));
  });

  it('leaves out signatures of additional addresses that do not fit, without TC', () => {
    const long = 'A'.repeat(400);
    const more = `mail.example. 300 IN RRSIG A 13 2 300 20900101000000 20260101000000 1 example. ${long}\n`;
    const { flags, answer, additional } = askBriefly(signedAuthority(signedText(name) + more), '@ MX', {
      over: 'udp',
      edns: 512,
    });
    expect({ flags, answer, additional }).toEqual({
      flags: ['QR', 'AA'],
      answer: signed(['@ MX']),
      additional: ['mail A'],
    });
  });

  it('sends glue without signature', () => {
    expect(askBriefly(authority, 'x.secure A').additional).toEqual(['ns.secure A']);
  });

  it('is truncated where a proof does not fit', () => {
    const reply = askBriefly(authority, 'x.cwildno AAAA', { over: 'udp', edns: 512 });
    expect(reply).toEqual({
      rcode: 'NOERROR',
      flags: ['QR', 'AA', 'TC'],
      answer: [],
      authority: [],
      additional: [],
    });
  });

  it('answers a question for signatures with all of the name', () => {
    const types = name === 'nsec' ? ['A', 'NSEC', 'TXT'] : ['A', 'TXT'];
    for (const dnssecOk of [true, false]) {
      const { answer } = askBriefly(authority, 'www RRSIG', { dnssecOk });
      expect(answer).toEqual(types.map((type) => `www RRSIG ${type}`));
    }
  });

  it('answers ANY with one RRset and its signature', () => {
    expect(askBriefly(authority, 'www ANY').answer).toEqual(signed(['www A']));
    expect(askBriefly(authority, 'www ANY', { dnssecOk: false }).answer).toEqual(['www A']);
  });
});

describe('NSEC', () => {
  it('has its owner in full where a pointer does not reach', () => {
    const records = Array.from(
      { length: 100 },
      (_, index) => `*.zbig.example. 300 IN TXT "${index} ${'x'.repeat(200)}"`,
    );
    const authority = signedAuthority(`${signedText('nsec')}${records.join('\n')}\n`);
    const reply = askBriefly(authority, 'q.zbig TXT');
    expect(reply.answer.length).toBe(100);
    expect(reply.authority).toEqual(signed(['www NSEC']));
  });

  it('is answered like any type', () => {
    const authority = signedAuthority(signedText('nsec'));
    expect(askBriefly(authority, 'www NSEC').answer).toEqual(signed(['www NSEC']));
    expect(askBriefly(authority, 'www NSEC', { dnssecOk: false }).answer).toEqual(['www NSEC']);
  });
});

describe('NSEC3', () => {
  it.each(['A', 'NSEC3', 'RRSIG', 'ANY'])('has owners that do not exist for a question for %s', (type) => {
    const owner = hashOf('www');
    const reply = askBriefly(signedAuthority(signedText('optout')), `${owner} ${type}`);
    expect(reply.rcode).toBe('NXDOMAIN');
    const proof = ['#@', covering(owner), covering('*')].map((each) => `${each} NSEC3`);
    expect(reply.authority).toEqual(signed(['@ SOA', ...new Set(proof)]));
  });

  it('leaves a name of the zone that looks like a hash alone', () => {
    const owner = hashOf('www');
    const authority = signedAuthority(`${signedText('optout')}${owner}.example. 300 IN TXT "mine"\n`);
    expect(askBriefly(authority, `${owner} TXT`).answer).toEqual(['#www TXT']);
    expect(askBriefly(authority, `${owner} NSEC3`)).toMatchObject({ rcode: 'NOERROR', answer: [] });
  });
});
