// Why a zone that is right in itself cannot be served here: stable codes beside those of the zone language.

export const LISTENER_CODES = [
  'port-taken',
  'port-not-permitted',
  'port-not-allowed',
  'port-reserved',
  'port-not-opened',
  'too-many-listeners',
  'too-many-hosts',
] as const;

export type ListenerCode = (typeof LISTENER_CODES)[number];
