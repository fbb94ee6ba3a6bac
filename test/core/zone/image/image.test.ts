import { describe, expect, it } from 'vitest';
import { formatName } from '../../../../src/core/dns/name.ts';
import { formatRecordType } from '../../../../src/core/dns/record-type.ts';
import { RRSET_WORDS, type ZoneImage } from '../../../../src/core/zone/image/image.ts';
import { imageOf } from '../../../support/authority-of.ts';
import { HEAD } from '../zone-text.ts';

/** Every node with the types of its RRsets. */
function nodesOf(image: ZoneImage): string[] {
  const nodes: string[] = [];
  image.forEachNode((node) => {
    const types = Array.from({ length: image.rrsetCountOf(node) }, (_, index) =>
      formatRecordType(image.words[image.firstRrset(node) + index * RRSET_WORDS]! >>> 16),
    );
    nodes.push([formatName(image.octets, image.nameOf(node)), ...types].join(' '));
  });
  return nodes;
}

describe('the nodes of an image', () => {
  it('are visited once each, the apex first', () => {
    const image = imageOf(`b.c TXT x\n${HEAD}a MX 10 ns\na A 127.0.0.1\n@ MX 10 nowhere\n`, 'example.');
    expect(nodesOf(image)).toEqual([
      'example. NS SOA MX',
      'c.example.',
      'b.c.example. TXT',
      'ns.example. A',
      'a.example. A MX',
    ]);
  });

  it('carry any number of types', () => {
    const lines = Array.from({ length: 400 }, (_, index) => `many TYPE${1000 + index} \\# 0\n`);
    const image = imageOf(`${HEAD}${lines.join('')}`, 'example.');
    expect(nodesOf(image).at(-1)!.split(' ').length).toBe(401);
  });
});

describe('an image', () => {
  it.each([
    ['a zone', ''],
    ['a zone with NSEC', '@ NSEC ns NS SOA\nns NSEC @ A\n'],
    [
      'a zone with NSEC3',
      '@ NSEC3PARAM 1 0 0 AB\nB4UM86EGHHDS6NEA196SMVMLO4ORS995 NSEC3 1 0 0 AB B4UM86EGHHDS6NEA196SMVMLO4ORS995 NS\n',
    ],
  ])('of %s is the same octets whatever its memory held before', (_, more) => {
    const text = `${HEAD}b.c TXT x\nabcd.e MX 10 ns\n${more}`;
    const used = new SharedArrayBuffer(65_536);
    new Uint8Array(used).fill(0xa5, 4);
    const fresh = imageOf(text, 'example.');
    expect(Buffer.from(imageOf(text, 'example.', { allocate: () => used }).content)).toEqual(
      Buffer.from(fresh.content),
    );
  });
});
