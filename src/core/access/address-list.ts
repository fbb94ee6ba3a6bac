// Lists of addresses and networks, as text: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`, one a line.

import { parseIpAddress } from '../net/ip-address.ts';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { octetsToText } from '../octets/text.ts';
import type { AddressWords, Networks } from './address-set.ts';
import { isAlone, isListFull, type ListReader, readListLine, reportRest, reportWord } from './list-lines.ts';

export interface AddressList {
  readonly ipv4: Networks;
  readonly ipv6: Networks;
}

/** Networks of one family as they are read. */
interface GrowingNetworks {
  readonly words: AddressWords;
  entries: Uint32Array;
  count: number;
}

const FIRST_ENTRIES = 1024;
const SLASH = 0x2f;
const DOT = 0x2e;
const COLON = 0x3a;
/** What {@link readDottedQuad} says of a word that is none in the plainest form. */
const NOT_PLAIN = -1;

export function parseAddressList(reader: ListReader): AddressList {
  const ipv4 = createNetworks(1);
  const ipv6 = createNetworks(4);
  while (readListLine(reader)) {
    if (isListFull(reader, ipv4.count + ipv6.count)) break;
    if (!isAlone(reader))
      reportRest(reader, 'One address or prefix stands on a line; comments begin with #.');
    else if (!addDottedQuad(reader, ipv4)) addPrefix(reader, ipv4, ipv6);
  }
  return { ipv4, ipv6 };
}

function createNetworks(words: AddressWords): GrowingNetworks {
  return { words, entries: new Uint32Array(FIRST_ENTRIES * (words + 1)), count: 0 };
}

/** Where the words of one network more go. */
function addEntry(networks: GrowingNetworks): number {
  const stride = networks.words + 1;
  const at = networks.count * stride;
  if (at === networks.entries.length) {
    const larger = new Uint32Array(at * 2);
    larger.set(networks.entries);
    networks.entries = larger;
  }
  networks.count++;
  return at;
}

/** Most lines of most lists, without a string for each; false for all others. */
function addDottedQuad({ octets, wordStart, wordEnd }: ListReader, ipv4: GrowingNetworks): boolean {
  let addressEnd = wordStart;
  while (addressEnd < wordEnd && octets[addressEnd] !== SLASH) addressEnd++;
  const address = readDottedQuad(octets, wordStart, addressEnd);
  if (address === NOT_PLAIN) return false;
  const bits = addressEnd === wordEnd ? 32 : readNumber(octets, addressEnd + 1, wordEnd, 32);
  if (bits === NOT_PLAIN || (bits < 32 && address << bits !== 0)) return false;
  const at = addEntry(ipv4);
  ipv4.entries[at] = address;
  ipv4.entries[at + 1] = bits;
  return true;
}

function readDottedQuad(octets: Uint8Array, start: number, end: number): number {
  let address = 0;
  let at = start;
  for (let part = 0; part < 4; part++) {
    let stop = at;
    while (stop < end && octets[stop] !== DOT) stop++;
    const value = readNumber(octets, at, stop, 255);
    if (value === NOT_PLAIN || (part < 3 && stop === end)) return NOT_PLAIN;
    address = address * 256 + value;
    at = stop + 1;
  }
  return at > end ? address : NOT_PLAIN;
}

/** Decimal without leading zeros, at most `most`. */
function readNumber(octets: Uint8Array, start: number, end: number, most: number): number {
  if (end <= start || end - start > 3 || (octets[start] === 0x30 && end - start > 1)) return NOT_PLAIN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = octets[at]! - 0x30;
    if (digit < 0 || digit > 9) return NOT_PLAIN;
    value = value * 10 + digit;
  }
  return value <= most ? value : NOT_PLAIN;
}

/** IPv6, and whatever is wrong. */
function addPrefix(reader: ListReader, ipv4: GrowingNetworks, ipv6: GrowingNetworks): void {
  const text = octetsToText(reader.octets, reader.wordStart, reader.wordEnd);
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    reportPrefix(reader, text);
    return;
  }
  const networks = prefix.octets.length === 4 ? ipv4 : ipv6;
  const at = addEntry(networks);
  const view = new DataView(prefix.octets.buffer, prefix.octets.byteOffset);
  for (let word = 0; word < networks.words; word++) networks.entries[at + word] = view.getUint32(word * 4);
  networks.entries[at + networks.words] = prefix.bits;
}

function reportPrefix(reader: ListReader, text: string): void {
  const slash = text.indexOf('/');
  const address = parseIpAddress(slash === -1 ? text : text.slice(0, slash));
  const bits = slash === -1 ? undefined : Number(/^(0|[1-9][0-9]{0,2})$/.exec(text.slice(slash + 1))?.[0]);
  if (address !== undefined && bits !== undefined && bits <= address.length * 8) {
    const octets = address.map(
      (octet, index) => octet & ~(0xff >>> Math.min(8, Math.max(0, bits - index * 8))),
    );
    const meant = formatPrefix({ octets, bits });
    reportWord(reader, 'bits-after-prefix', `Bits are set behind the prefix; the network is ${meant}.`);
    return;
  }
  const example = reader.octets.subarray(reader.wordStart, reader.wordEnd).includes(COLON)
    ? '2001:db8::/32'
    : '192.0.2.0/24';
  reportWord(reader, 'bad-network', `An address or a prefix stands here, such as ${example}.`);
}
