// The fields of each record type in order, which drive parsing and formatting alike.
// Long because it is a table: one entry a type, with the section that defines it.

import { RecordType } from '../../dns/record-type.ts';
import { ipv4, ipv6 } from './address-fields.ts';
import { base32Hash, base64Rest, hexRest, salt, typeBitmap } from './binary-fields.ts';
import type { Field } from './field.ts';
import { gateway, gatewayKey } from './gateway-fields.ts';
import {
  networkAddress,
  oldKey,
  oldTypeBitmap,
  osiAddress,
  portBitmap,
  protocol,
} from './historic-fields.ts';
import { location } from './loc-field.ts';
import {
  algorithm,
  certificateType,
  dateTime,
  domainName,
  eui48,
  eui64,
  nodeLocator,
  period,
  recordType,
  uint8,
  uint16,
  uint32,
} from './number-fields.ts';
import { prefixList } from './prefix-list-field.ts';
import { serviceParameters } from './svcb-field.ts';
import {
  characterString,
  characterStrings,
  optionalString,
  propertyTag,
  remainingText,
} from './text-fields.ts';

/** What the field is called for a person, and its kind. */
export type NamedField = readonly [label: string, field: Field];

const DS: readonly NamedField[] = [
  ['key tag', uint16],
  ['algorithm', algorithm],
  ['digest type', uint8],
  ['digest', hexRest],
];
const DNSKEY: readonly NamedField[] = [
  ['flags', uint16],
  ['protocol', uint8],
  ['algorithm', algorithm],
  ['public key', base64Rest],
];
const TLSA: readonly NamedField[] = [
  ['usage', uint8],
  ['selector', uint8],
  ['matching type', uint8],
  ['certificate data', hexRest],
];
const SVCB: readonly NamedField[] = [
  ['priority', uint16],
  ['target', domainName],
  ['parameters', serviceParameters],
];
const TXT: readonly NamedField[] = [['text', characterStrings]];
const MAILBOX: readonly NamedField[] = [['mailbox', domainName]];
const RRSIG: readonly NamedField[] = [
  ['covered type', recordType],
  ['algorithm', algorithm],
  ['labels', uint8],
  ['original TTL', period],
  ['expiration', dateTime],
  ['inception', dateTime],
  ['key tag', uint16],
  ["signer's name", domainName],
  ['signature', base64Rest],
];

/** A preference and what it is one of. */
function preferred(label: string, field: Field): readonly NamedField[] {
  return [
    ['preference', uint16],
    [label, field],
  ];
}

const FIELDS = new Map<number, readonly NamedField[]>([
  // RFC 1035 §3.3
  [RecordType.A, [['address', ipv4]]],
  [RecordType.NS, [['name server', domainName]]],
  [RecordType.CNAME, [['canonical name', domainName]]],
  [
    RecordType.SOA,
    [
      ['primary server', domainName],
      ['mailbox', domainName],
      ['serial', uint32],
      ['refresh', period],
      ['retry', period],
      ['expire', period],
      ['minimum', period],
    ],
  ],
  [RecordType.PTR, [['name', domainName]]],
  [
    RecordType.HINFO,
    [
      ['CPU', characterString],
      ['OS', characterString],
    ],
  ],
  [RecordType.MX, preferred('mail server', domainName)],
  [RecordType.TXT, TXT],
  [RecordType.MB, MAILBOX],
  [RecordType.MG, MAILBOX],
  [RecordType.MR, MAILBOX],
  [
    RecordType.MINFO,
    [
      ['responsible mailbox', domainName],
      ['mailbox for errors', domainName],
    ],
  ],
  [
    RecordType.WKS,
    [
      ['host address', ipv4],
      ['protocol', protocol],
      ['ports', portBitmap],
    ],
  ],
  [RecordType.SPF, TXT], // RFC 7208 §3.1
  [RecordType.AVC, TXT], // IANA, "AVC/avc-completed-template"
  [
    RecordType.RP,
    [
      ['mailbox', domainName],
      ['text name', domainName],
    ],
  ], // RFC 1183 §2.2
  [
    RecordType.AFSDB,
    [
      ['subtype', uint16],
      ['server', domainName],
    ],
  ], // RFC 1183 §1
  [RecordType.X25, [['address', networkAddress]]], // RFC 1183 §3.1
  [
    RecordType.ISDN,
    [
      ['address', characterString],
      ['subaddress', optionalString],
    ],
  ], // RFC 1183 §3.2
  [RecordType.RT, preferred('intermediate host', domainName)], // RFC 1183 §3.3
  [RecordType.NSAP, [['address', osiAddress]]], // RFC 1706
  [
    RecordType.PX,
    [
      ['preference', uint16],
      ['domain of RFC 822', domainName],
      ['domain of X.400', domainName],
    ],
  ], // RFC 2163 §4
  [RecordType.AAAA, [['address', ipv6]]], // RFC 3596
  [RecordType.LOC, [['location', location]]], // RFC 1876
  [
    RecordType.SRV,
    [
      ['priority', uint16],
      ['weight', uint16],
      ['port', uint16],
      ['target', domainName],
    ],
  ], // RFC 2782
  [
    RecordType.NAPTR,
    [
      ['order', uint16],
      ['preference', uint16],
      ['flags', characterString],
      ['services', characterString],
      ['regular expression', characterString],
      ['replacement', domainName],
    ],
  ], // RFC 3403 §4
  [RecordType.KX, preferred('key exchanger', domainName)], // RFC 2230
  [
    RecordType.CERT,
    [
      ['certificate type', certificateType],
      ['key tag', uint16],
      ['algorithm', algorithm],
      ['certificate', base64Rest],
    ],
  ], // RFC 4398
  [RecordType.DNAME, [['target', domainName]]], // RFC 6672
  [RecordType.APL, [['prefixes', prefixList]]], // RFC 3123
  [RecordType.DS, DS], // RFC 4034 §5
  [RecordType.CDS, DS], // RFC 7344
  [RecordType.DLV, DS], // RFC 4431
  [
    RecordType.SSHFP,
    [
      ['algorithm', uint8],
      ['fingerprint type', uint8],
      ['fingerprint', hexRest],
    ],
  ], // RFC 4255
  [
    RecordType.IPSECKEY,
    [
      ['precedence', uint8],
      ['gateway type', uint8],
      ['algorithm', uint8],
      ['gateway', gateway],
      ['public key', gatewayKey],
    ],
  ], // RFC 4025
  [RecordType.DHCID, [['identifier', base64Rest]]], // RFC 4701
  [RecordType.RRSIG, RRSIG], // RFC 4034 §3
  [RecordType.SIG, RRSIG], // RFC 2535 §4
  [
    RecordType.KEY,
    [
      ['flags', uint16],
      ['protocol', uint8],
      ['algorithm', algorithm],
      ['public key', oldKey],
    ],
  ], // RFC 2535 §3
  [
    RecordType.NXT,
    [
      ['next name', domainName],
      ['types', oldTypeBitmap],
    ],
  ], // RFC 2535 §5
  [
    RecordType.NSEC,
    [
      ['next name', domainName],
      ['types', typeBitmap],
    ],
  ], // RFC 4034 §4
  [RecordType.DNSKEY, DNSKEY], // RFC 4034 §2
  [RecordType.CDNSKEY, DNSKEY], // RFC 7344
  [
    RecordType.NSEC3,
    [
      ['hash algorithm', uint8],
      ['flags', uint8],
      ['iterations', uint16],
      ['salt', salt],
      ['next hashed name', base32Hash],
      ['types', typeBitmap],
    ],
  ], // RFC 5155 §3
  [
    RecordType.NSEC3PARAM,
    [
      ['hash algorithm', uint8],
      ['flags', uint8],
      ['iterations', uint16],
      ['salt', salt],
    ],
  ], // RFC 5155 §4
  [RecordType.TLSA, TLSA], // RFC 6698
  [RecordType.SMIMEA, TLSA], // RFC 8162
  [RecordType.OPENPGPKEY, [['public key', base64Rest]]], // RFC 7929
  [
    RecordType.CSYNC,
    [
      ['serial', uint32],
      ['flags', uint16],
      ['types', typeBitmap],
    ],
  ], // RFC 7477
  [
    RecordType.ZONEMD,
    [
      ['serial', uint32],
      ['scheme', uint8],
      ['hash algorithm', uint8],
      ['digest', hexRest],
    ],
  ], // RFC 8976
  [RecordType.SVCB, SVCB], // RFC 9460
  [RecordType.HTTPS, SVCB],
  [RecordType.NID, preferred('node identifier', nodeLocator)], // RFC 6742
  [RecordType.L32, preferred('locator', ipv4)],
  [RecordType.L64, preferred('locator', nodeLocator)],
  [RecordType.LP, preferred('pointer to locators', domainName)],
  [RecordType.EUI48, [['address', eui48]]], // RFC 7043
  [RecordType.EUI64, [['address', eui64]]],
  [
    RecordType.URI,
    [
      ['priority', uint16],
      ['weight', uint16],
      ['target', remainingText],
    ],
  ], // RFC 7553
  [
    RecordType.CAA,
    [
      ['flags', uint8],
      ['tag', propertyTag],
      ['value', remainingText],
    ],
  ], // RFC 8659
]);

/** Undefined for types whose data is octets to us (RFC 3597). */
export function fieldsOf(type: number): readonly NamedField[] | undefined {
  return FIELDS.get(type);
}
