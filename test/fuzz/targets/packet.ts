// A DNS query, over UDP and TCP, against a zone that has something of everything.

import assert from 'node:assert/strict';
import { Rcode } from '../../../src/core/dns/record-type.ts';
import { parseTransferRule } from '../../../src/core/transfer/access.ts';
import { diffImages } from '../../../src/core/transfer/changes.ts';
import { createCatalog } from '../../../src/core/zone/image/catalog.ts';
import { authorityOf, exchange, imageOf, SEED } from '../../support/authority-of.ts';
import { encodeQuery } from '../../support/dns-message.ts';
import { faultOfReply } from '../../support/reply-rules.ts';
import { type FuzzTarget, hex } from '../target.ts';

const ZONE = `$ORIGIN example.
$TTL 300
@ SOA ns hostmaster 1 1h 15m 1w 60
@ NS ns
@ MX 10 mail
ns A 127.0.0.1
mail AAAA ::1
t TXT "BITTORRENT UDP:1 TCP:2"
a CNAME b
b CNAME c
c A 127.0.0.1
loop CNAME loop
d DNAME t
* TXT "any"
*.w A 127.0.0.1
e.f.g A 127.0.0.1
cut NS ns.cut
cut DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000
ns.cut A 127.0.0.2
${Array.from({ length: 100 }, (_, index) => `many A 10.0.0.${index}`).join('\n')}
`;

const NAMES = [
  'example',
  't.example',
  'a.example',
  'loop.example',
  'x.d.example',
  'x.w.example',
  'f.g.example',
];
const TYPES = ['A', 'TXT', 'ANY', 'DS', 'SOA', 'NS', 'MX'];

export const packet: FuzzTarget = {
  name: 'packet',
  about:
    'Authority: never throws, keeps the id, answers no answer, fits, and never says NOERROR to what is malformed',
  maxOctets: 4096,
  seeds: () => [
    ...NAMES.map((name, index) => encodeQuery({ name, type: TYPES[index % TYPES.length]! })),
    ...TYPES.map((type) => encodeQuery({ name: 'x.cut.example', type, edns: 1232, dnssecOk: true })),
    encodeQuery({ name: 'many.example', type: 'A', edns: 4096 }),
    // A client cookie, NSID, and an option that nobody knows.
    hex(
      '1234 0000 0001 0000 0000 0001 01 74 07 6578616d706c65 00 0010 0001 00 0029 04d0 00000000 0016 000a 0008 0102030405060708 0003 0000 fde9 0002 abcd',
    ),
    // IXFR, of a client that is one version behind.
    hex(
      '1234 0000 0001 0000 0001 0000 07 6578616d706c65 00 00fb 0001 c00c 0006 0001 0000003c 0016 00 00 00000001 00000002 00000003 00000004 00000005',
    ),
  ],
  refusedSeeds: () => [
    ...['AXFR', 'IXFR'].map((type) => encodeQuery({ name: 'x.cut.example', type, edns: 1232 })),
    // A TSIG of two octets, as the last record.
    hex(
      '1234 0000 0001 0000 0000 0001 01 74 07 6578616d706c65 00 0010 0001 00 00fa 00ff 00000000 0013 00 000000000000 012c 0002 abcd 1234 0000 0000',
    ),
    // CHAOS, and a NOTIFY with its SOA.
    hex('1234 0000 0001 0000 0000 0000 07 76657273696f6e 04 62696e64 00 0010 0003'),
    hex(
      '1234 2400 0001 0001 0000 0000 07 6578616d706c65 00 0006 0001 c00c 0006 0001 0000003c 0016 00 00 00000001 00000002 00000003 00000004 00000005',
    ),
  ],
  tokens: [
    hex('c00c'),
    hex('0000290000000000000000'),
    hex('00 0029 04d0 00008000 0000'),
    hex('000a 0008 0102030405060708'),
    hex('0003 0000'),
    hex('07 6578616d706c65 00'),
    ...['0001', '0010', '00fb', '00fc', '00ff', '0003', '00fa', '0002', '002b'].map(hex),
  ],
  create() {
    const before = imageOf(ZONE, 'example.');
    const image = imageOf(ZONE.replace('hostmaster 1 ', 'hostmaster 2 '), 'example.');
    const authority = authorityOf(image);
    // IXFR over UDP, for anybody.
    const rules = [parseTransferRule('0.0.0.0/0')!];
    const journals = [{ apex: image.apex.slice(), changes: [diffImages(before, image)!] }];
    authority.publish(createCatalog([image], SEED), { rules, journals });
    return (input) => {
      let isTaken = false;
      for (const transport of ['udp', 'tcp'] as const) {
        const reply = exchange(authority, input, transport);
        assert.equal(faultOfReply(input, reply, { transport }), undefined);
        const rcode = (reply[3] ?? Rcode.FORMERR) & 15;
        isTaken ||= rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN;
      }
      return isTaken;
    };
  },
};
