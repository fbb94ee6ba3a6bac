// Signed zones that are broken: what cannot be proven goes without proof, and nothing throws or loops.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RRSET_WORDS } from '../../../src/core/zone/image/image.ts';
import { imageOf } from '../../support/authority-of.ts';
import { askBriefly, type SignedZoneName, signedAuthority, signedText } from './signed-reply.ts';

const QUESTIONS = [
  ...[
    'www A',
    'www AAAA',
    'nothing A',
    'a.b.nothing A',
    'ent A',
    'q.wild A',
    'q.wild AAAA',
    'alias A',
    'gone A',
  ],
  ...[
    'q.cwild A',
    'x.cwildno AAAA',
    'q.cfar A',
    'host.red A',
    'x.secure A',
    'x.plain A',
    'plain DS',
    'plain2 A',
  ],
  ...['www RRSIG', 'www NSEC', 'www ANY', '@ DNSKEY', '@ NSEC3PARAM', '@ AAAA'],
];

function linesOf(name: SignedZoneName): string[] {
  return signedText(name)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'));
}

/** Without SOA and NS at the apex there is no zone to answer from. */
function isNeeded(line: string): boolean {
  return /^example\. \d+ IN (SOA|NS) /.test(line);
}

describe.each(['nsec', 'optout'] as const)('a zone with %s', (name) => {
  const lines = linesOf(name);
  const whole = signedAuthority(lines.join('\n'));

  it('answers with what there is, whatever records are missing', () => {
    const kept = fc.array(fc.boolean(), { minLength: lines.length, maxLength: lines.length });
    const text = kept.map((flags) =>
      lines.filter((line, index) => flags[index] || isNeeded(line)).join('\n'),
    );
    fc.assert(
      fc.property(text, (zone) => {
        const authority = signedAuthority(zone);
        for (const question of QUESTIONS) {
          expect(['NOERROR', 'NXDOMAIN']).toContain(askBriefly(authority, question).rcode);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('answers the same without chain and signatures, but for these', () => {
    const bare = signedAuthority(
      lines.filter((line) => !/ IN (RRSIG|NSEC|NSEC3|NSEC3PARAM) /.test(line)).join('\n'),
    );
    for (const question of QUESTIONS.filter((each) => !/ (RRSIG|NSEC|NSEC3PARAM)$/.test(each))) {
      const { rcode, answer, authority } = askBriefly(whole, question);
      const unsigned = (section: readonly string[]): string[] =>
        section.filter((record) => !/ (RRSIG .*|NSEC|NSEC3)$/.test(record));
      expect(askBriefly(bare, question), question).toMatchObject({
        rcode,
        answer: unsigned(answer),
        authority: unsigned(authority),
      });
    }
  });

  it('keeps every record where transfers find it', () => {
    const orphans = ['www', 'nowhere'].map(
      (owner) => `${owner}.example. 300 IN RRSIG MX 13 2 300 20900101000000 20260101000000 1 example. AQID`,
    );
    const image = imageOf([...lines, ...orphans].join('\n'), 'example.');
    let records = 0;
    image.forEachNode((node) => {
      const end = image.firstRrset(node) + image.rrsetCountOf(node) * RRSET_WORDS;
      for (let entry = image.firstRrset(node); entry < end; entry += RRSET_WORDS)
        records += image.recordsOf(entry);
    });
    expect(records).toBe(lines.length + orphans.length);
  });
});

describe('NSEC3PARAM', () => {
  const lines = linesOf('optout');
  const parameters = lines.find((line) => / IN NSEC3PARAM /.test(line))!;
  const proofsWith = (...replacements: readonly string[]): readonly string[] => {
    const zone = lines.flatMap((line) => (line === parameters ? replacements : [line]));
    return askBriefly(signedAuthority(zone.join('\n')), 'nothing A').authority.filter((each) =>
      / NSEC3$/.test(each),
    );
  };
  const proof = proofsWith(parameters);

  it.each([
    ['another salt', 'example. 0 IN NSEC3PARAM 1 0 2 AABBCCDE'],
    ['another number of iterations', 'example. 0 IN NSEC3PARAM 1 0 3 AABBCCDD'],
    ['flags, which make it one to ignore', 'example. 0 IN NSEC3PARAM 1 1 2 AABBCCDD'],
    ['a hash that is not known', 'example. 0 IN NSEC3PARAM 2 0 2 AABBCCDD'],
  ])('with %s proves nothing', (_what, replacement) => {
    expect(proofsWith(replacement)).toEqual([]);
  });

  it('that is missing proves nothing', () => {
    expect(proofsWith()).toEqual([]);
  });

  it('is chosen by the chain that there is', () => {
    expect(proof.length).toBeGreaterThan(1);
    const other = 'example. 0 IN NSEC3PARAM 1 0 0 -';
    expect(proofsWith(other, parameters)).toEqual(proof);
    expect(proofsWith(parameters, other)).toEqual(proof);
  });

  it('with more iterations than there may be is not answered from', () => {
    const hashed = (iterations: number): readonly string[] => {
      const zone = lines.map((line) =>
        line.replace(/ (NSEC3(?:PARAM)?) 1 (\d) 2 /, ` $1 1 $2 ${iterations} `),
      );
      return askBriefly(signedAuthority(zone.join('\n')), 'www AAAA').authority;
    };
    expect(hashed(2)).toContain('#www NSEC3');
    expect(hashed(2501)).toEqual(['@ RRSIG SOA', '@ SOA']);
  });
});
