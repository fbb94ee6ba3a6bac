// Queries and replies by an independent codec (dns-packet), replies as lines of a zone file.

import * as dnsPacket from 'dns-packet';

type PacketRecord = dnsPacket.Record;

export interface QuerySpec {
  readonly name: string;
  readonly type: string;
  readonly id?: number;
  readonly recursionDesired?: boolean;
  /** Octets of the client's UDP buffer: an OPT record goes along. */
  readonly edns?: number;
  readonly dnssecOk?: boolean;
}

export interface ReplyLines {
  readonly id: number;
  readonly rcode: string;
  readonly flags: readonly string[];
  readonly question: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly edns:
    | {
        readonly udpPayload: number;
        readonly dnssecOk: boolean;
        readonly version: number;
        readonly extendedRcode: number;
      }
    | undefined;
}

export function encodeQuery(spec: QuerySpec): Uint8Array {
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: spec.edns ?? 0,
    flags: spec.dnssecOk === true ? 0x8000 : 0,
  };
  return dnsPacket.encode({
    type: 'query',
    id: spec.id ?? 4711,
    flags: spec.recursionDesired === true ? dnsPacket.RECURSION_DESIRED : 0,
    questions: [{ name: withoutDot(spec.name), type: spec.type, class: 'IN' }],
    additionals: spec.edns === undefined ? [] : [opt],
  });
}

export function decodeReply(octets: Uint8Array): ReplyLines {
  const packet = dnsPacket.decode(Buffer.from(octets));
  const opt = packet.additionals?.find((record) => record.type === 'OPT');
  const names = ['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const;
  return {
    id: packet.id ?? -1,
    rcode: packet.rcode ?? '',
    flags: names.filter((name) => Reflect.get(packet, `flag_${name}`)).map((name) => name.toUpperCase()),
    question: (packet.questions ?? []).map(({ name, type }) => `${withDot(name)} ${type}`),
    answer: (packet.answers ?? []).map(formatRecord),
    authority: (packet.authorities ?? []).map(formatRecord),
    additional: (packet.additionals ?? []).filter(({ type }) => type !== 'OPT').map(formatRecord),
    edns: opt === undefined ? undefined : readOpt(opt),
  };
}

function readOpt(opt: PacketRecord): NonNullable<ReplyLines['edns']> {
  return {
    udpPayload: opt.udpPayloadSize ?? 0,
    dnssecOk: Reflect.get(opt, 'flag_do') === true,
    version: Number(Reflect.get(opt, 'ednsVersion')),
    extendedRcode: Number(Reflect.get(opt, 'extendedRcode')),
  };
}

function formatRecord(record: PacketRecord): string {
  return `${withDot(record.name)} ${record.ttl} IN ${record.type} ${formatRdata(record.type, record.data)}`;
}

// The shapes of `data` are dns-packet's own, by type.
// biome-ignore lint/suspicious/noExplicitAny: an untyped package, and every field read here ends in a compared line
function formatRdata(type: string, data: any): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return data;
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return withDot(data);
    case 'MX':
      return `${data.preference ?? 0} ${withDot(data.exchange)}`;
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${withDot(data.target)}`;
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = data;
      return [withDot(mname), withDot(rname), serial, refresh, retry, expire, minimum].join(' ');
    }
    case 'TXT':
      return [data]
        .flat()
        .map((text) => `"${text}"`)
        .join(' ');
    default:
      return JSON.stringify(data);
  }
}

function withDot(name: string): string {
  return name === '.' ? name : `${name}.`;
}

function withoutDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}
