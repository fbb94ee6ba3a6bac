// Catalog zones as RFC 9432 writes them, and what a new version does to what is served.

import { describe, expect, it } from 'vitest';
import { formatName } from '../../../src/core/dns/name.ts';
import {
  type CatalogStep,
  planCatalogUpdate,
  type ZoneOwner,
} from '../../../src/core/transfer/catalog-plan.ts';
import {
  type CatalogMember,
  MAX_CATALOG_MEMBERS,
  readCatalogZone,
} from '../../../src/core/transfer/catalog-zone.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { wireName } from '../../support/record-tables.ts';

const APEX = wireName('catalog.example.');

function read(lines: string) {
  const text = `$TTL 0\n@ SOA invalid. invalid. 1 3600 600 2147483646 0\n@ NS invalid.\n${lines}\n`;
  const zone = parseZone({ path: 'catalog.zone', octets: Buffer.from(text, 'latin1') }, { origin: APEX });
  expect(zone.diagnostics).toEqual([]);
  return readCatalogZone(APEX, zone.records);
}

function membersOf(lines: string): readonly CatalogMember[] {
  const reading = read(`version TXT "2"\n${lines}`);
  if (reading.kind === 'broken') throw new Error(reading.faults.map(({ message }) => message).join('\n'));
  return reading.members;
}

/** `zone label group,… > new owner` */
function said(lines: string): string[] {
  return membersOf(lines).map(({ zone, label, groups, newOwner }) =>
    [
      formatName(zone),
      label,
      ...(groups.length > 0 ? [groups.join(',')] : []),
      ...(newOwner === undefined ? [] : ['>', formatName(newOwner)]),
    ].join(' '),
  );
}

describe('a catalog', () => {
  it('lists its members', () => {
    const lines = `
one.zones PTR example.com.
two.zones PTR Example.NET.
THREE.zones PTR example.org.`;
    expect(said(lines)).toEqual(['example.com. one', 'example.net. two', 'example.org. three']);
  });

  it('may be empty', () => {
    expect(said('')).toEqual([]);
  });

  it('has groups and a change of ownership', () => {
    const lines = `
one.zones PTR example.com.
group.one.zones TXT nodnssec
two.zones PTR example.net.
group.two.zones TXT operator-x-sign-with-nsec3
group.two.zones TXT operator-y-nsec3
coo.two.zones PTR new.catalog.Example.`;
    expect(said(lines)).toEqual([
      'example.com. one nodnssec',
      'example.net. two operator-x-sign-with-nsec3,operator-y-nsec3 > new.catalog.example.',
    ]);
  });

  it('joins the strings of a group', () => {
    expect(said('one.zones PTR example.com.\ngroup.one.zones TXT "a" "b"')).toEqual(['example.com. one ab']);
  });

  it.each([
    ['other types at known names', 'one.zones TXT "x"\ncoo.one.zones TXT "x"\ngroup.one.zones PTR x.'],
    ['custom properties', 'a.ext PTR x.\na.b.ext TXT "x"\na.ext.one.zones TXT "x"\nb.a.ext.one.zones PTR y.'],
    [
      'what stands beside the lists',
      'zones PTR x.\nother TXT "2"\nversion A 192.0.2.1\nprimaries.ext A 192.0.2.1',
    ],
    ['properties that this version does not know', 'serial.one.zones TXT "1"\nepoch.one.zones TXT "1"'],
    ['properties of a member that is not there', 'group.two.zones TXT "x"\ncoo.two.zones PTR x.'],
  ])('passes over %s', (_, lines) => {
    expect(said(`one.zones PTR example.com.\n${lines}`)).toEqual(['example.com. one']);
  });

  it('takes the same record twice as one', () => {
    const lines = 'one.zones PTR example.com.\nONE.zones PTR EXAMPLE.com.';
    expect(said(lines)).toEqual(['example.com. one']);
  });
});

describe('a catalog is broken by', () => {
  it.each([
    ['no version', 'one.zones PTR example.com.', 'catalog-version'],
    ['version 1', 'version TXT "1"', 'catalog-version'],
    ['version 3', 'version TXT "3"', 'catalog-version'],
    ['version 2 in another form', 'version TXT "" "2"', 'catalog-version'],
    ['two versions', 'version TXT "2"\nversion TXT "3"', 'catalog-version'],
    [
      'a member node with two zones',
      'version TXT "2"\none.zones PTR a.example.\none.zones PTR b.example.',
      'catalog-several-zones',
    ],
    [
      'a zone at two member nodes',
      'version TXT "2"\none.zones PTR a.example.\ntwo.zones PTR A.example.',
      'catalog-zone-twice',
    ],
    [
      'two new owners',
      'version TXT "2"\none.zones PTR a.example.\ncoo.one.zones PTR x.\ncoo.one.zones PTR y.',
      'catalog-property',
    ],
    [
      'a crowd of groups',
      `version TXT "2"\none.zones PTR a.example.\n${Array.from({ length: 17 }, (_, index) => `group.one.zones TXT "${index}"`).join('\n')}`,
      'catalog-property',
    ],
  ])('%s', (_, lines, code) => {
    const reading = read(lines);
    expect(reading).toMatchObject({ kind: 'broken', faults: [{ code }] });
  });

  it('several faults, each of them said', () => {
    const reading = read(`version TXT "2"
one.zones PTR a.example.
two.zones PTR a.example.
x\\.y.zones PTR b.example.
x\\.y.zones PTR c.example.`);
    expect(reading).toEqual({
      kind: 'broken',
      faults: [
        { code: 'catalog-zone-twice', message: 'the zone a.example. is there twice, at "one" and "two"' },
        { code: 'catalog-several-zones', message: 'the member "x\\.y" has 2 zones, and may have one' },
      ],
    });
  });

  it('more faults than anybody reads, of which the first are said', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `m${index}.zones PTR same.example.`);
    const reading = read(`version TXT "2"\n${lines.join('\n')}`);
    expect(reading.kind === 'broken' ? reading.faults.length : 0).toBe(10);
  });

  it('more members than one server is told to serve', () => {
    const lines = Array.from(
      { length: MAX_CATALOG_MEMBERS + 1 },
      (_, index) => `${index}.zones PTR z${index}.`,
    );
    expect(read(`version TXT "2"\n${lines.join('\n')}`)).toMatchObject({
      kind: 'broken',
      faults: [{ code: 'catalog-too-large' }],
    });
  });
});

describe('a new version', () => {
  const OTHER = wireName('other.example.');
  const NOBODY: ZoneOwner = { kind: 'nobody' };

  /** Steps as words; zones that are named nowhere are nobody's. */
  function plan(
    before: string,
    after: string,
    elsewhere: Readonly<Record<string, ZoneOwner>> = {},
  ): string[] {
    const configured = membersOf(before);
    const own = new Map(configured.map((member) => [formatName(member.zone), member]));
    const steps = planCatalogUpdate({
      catalog: wireName('Catalog.example.'),
      configured,
      members: membersOf(after),
      ownerOf: (zone) => {
        const member = own.get(formatName(zone));
        if (member !== undefined) return { kind: 'catalog', catalog: APEX, member };
        return elsewhere[formatName(zone)] ?? NOBODY;
      },
    });
    return steps.map(formatStep);
  }

  function formatStep(step: CatalogStep): string {
    const zone = formatName(step.member.zone);
    if (step.kind !== 'migrate') return `${step.kind} ${zone}`;
    return `migrate ${zone} from ${formatName(step.from)}${step.reset ? ', reset' : ''}`;
  }

  function ownedByOther(lines: string): ZoneOwner {
    return { kind: 'catalog', catalog: OTHER, member: membersOf(lines)[0]! };
  }

  it('without a difference changes nothing', () => {
    const lines = 'one.zones PTR a.example.\ngroup.one.zones TXT x\ncoo.one.zones PTR other.example.';
    expect(plan(lines, lines)).toEqual([]);
  });

  it('adds and removes', () => {
    expect(plan('one.zones PTR a.\ntwo.zones PTR b.', 'two.zones PTR b.\nthree.zones PTR c.')).toEqual([
      'remove a.',
      'add c.',
    ]);
  });

  it('resets a zone whose label changed', () => {
    expect(plan('one.zones PTR a.', 'two.zones PTR a.')).toEqual(['reset a.']);
  });

  it('tells of groups and new owners that changed', () => {
    expect(plan('one.zones PTR a.', 'one.zones PTR a.\ngroup.one.zones TXT x')).toEqual(['change a.']);
    expect(plan('one.zones PTR a.', 'one.zones PTR a.\ncoo.one.zones PTR other.example.')).toEqual([
      'change a.',
    ]);
  });

  it('does not touch what the configuration names', () => {
    const elsewhere: Record<string, ZoneOwner> = {
      'a.': { kind: 'operator' },
      'catalog.example.': { kind: 'operator' },
    };
    expect(plan('', 'one.zones PTR a.\ntwo.zones PTR catalog.example.', elsewhere)).toEqual([
      'clash a.',
      'clash catalog.example.',
    ]);
  });

  it.each([
    ['does not take a zone from another catalog', 'one.zones PTR a.', 'clash a.'],
    [
      'does not take a zone that is promised to a third',
      'one.zones PTR a.\ncoo.one.zones PTR third.example.',
      'clash a.',
    ],
    [
      'takes over a zone with its state where the other catalog agrees',
      'one.zones PTR a.\ncoo.one.zones PTR CATALOG.example.',
      'migrate a. from other.example.',
    ],
    [
      'takes over a zone without its state under another label',
      'uno.zones PTR a.\ncoo.uno.zones PTR catalog.example.',
      'migrate a. from other.example., reset',
    ],
  ])('%s', (_, other, step) => {
    expect(plan('', 'one.zones PTR a.', { 'a.': ownedByOther(other) })).toEqual([step]);
  });

  it('that is empty removes all', () => {
    expect(plan('one.zones PTR a.\ntwo.zones PTR b.', '')).toEqual(['remove a.', 'remove b.']);
  });
});
