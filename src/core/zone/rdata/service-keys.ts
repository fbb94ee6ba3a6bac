// Keys of the parameters of SVCB and HTTPS records (IANA, "Service Parameter Keys (SvcParamKeys)").

export const ServiceKey = {
  mandatory: 0,
  alpn: 1,
  noDefaultAlpn: 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  dohpath: 7,
  ohttp: 8,
} as const;

/** By number. */
const NAMES = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
];

/** The key's name, or `key667` (RFC 9460 §2.1). */
export function formatServiceKey(key: number): string {
  return NAMES[key] ?? `key${key}`;
}

/** A name or `key667`; undefined when it is neither. */
export function parseServiceKey(text: string): number | undefined {
  const known = NAMES.indexOf(text);
  return known >= 0 ? known : parseNumberedKey(text);
}

/** `key667` alone, of which RFC 9460 §2.1 says that its value is octets whatever the key. */
export function parseNumberedKey(text: string): number | undefined {
  const match = /^key(0|[1-9][0-9]{0,4})$/.exec(text);
  const key = match === null ? 65_536 : Number(match[1]);
  return key <= 65_535 ? key : undefined;
}
