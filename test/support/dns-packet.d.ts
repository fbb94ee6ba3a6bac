// What the tests use of dns-packet, which ships no declarations.

declare module 'dns-packet' {
  export interface Question {
    name: string;
    type: string;
    class?: string;
  }

  /** `data` by type: TXT an array of strings or octets, CNAME a name, SOA its fields by name. */
  export interface Record {
    name: string;
    type: string;
    class?: string;
    ttl?: number;
    // biome-ignore lint/suspicious/noExplicitAny: a test knows the type of the record that it reads.
    data?: any;
    /** This and the rest: OPT only. */
    // biome-ignore lint/suspicious/noExplicitAny: required when read from an OPT record, absent in all others.
    udpPayloadSize?: any;
    extendedRcode?: number;
    // biome-ignore lint/suspicious/noExplicitAny: as udpPayloadSize.
    ednsVersion?: any;
    flags?: number;
    // biome-ignore lint/suspicious/noExplicitAny: as udpPayloadSize.
    flag_do?: any;
    options?: unknown[];
  }

  export interface Packet {
    type?: 'query' | 'response';
    id?: number;
    /** The flags, with the response code in the lower four bits of a response. */
    flags?: number;
    rcode?: string;
    flag_ad?: boolean;
    flag_tc?: boolean;
    flag_rd?: boolean;
    questions?: Question[];
    answers?: Record[];
    authorities?: Record[];
    additionals?: Record[];
  }

  /** The name that the declarations of DefinitelyTyped give it. */
  export type Answer = Record;

  export const AUTHORITATIVE_ANSWER: number;
  export const TRUNCATED_RESPONSE: number;
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export const AUTHENTIC_DATA: number;
  export const DNSSEC_OK: number;

  export function encode(packet: Packet): Buffer;
  export function decode(octets: Uint8Array): Packet;
}
