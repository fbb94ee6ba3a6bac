// Every finding in an access list or a file of passkeys: stable code, severity and one line for the documentation.

export const ACCESS_CODES = {
  'list-unreadable': { severity: 'error', summary: 'an access list that cannot be read' },
  'list-too-large': { severity: 'error', summary: 'an access list with more entries than one may have' },
  'list-line-too-long': { severity: 'error', summary: 'a line of more than 4,096 octets in an access list' },
  'list-bad-octet': { severity: 'error', summary: 'a control octet in an access list' },
  'list-empty-allow': {
    severity: 'warning',
    summary: 'a list of what is allowed that has no entry, so that everything is refused',
  },
  'list-too-many-errors': {
    severity: 'error',
    summary: 'more errors in an access list than are shown; the rest is left out',
  },
  'bad-info-hash': {
    severity: 'error',
    summary: 'a line of a torrent list that does not begin with 40 or 64 hexadecimal digits',
  },
  'bad-network': { severity: 'error', summary: 'a line of an address list that is no address and no prefix' },
  'bits-after-prefix': {
    severity: 'error',
    summary: 'a prefix of an address list with bits set behind its length',
  },
  'bad-client-prefix': {
    severity: 'error',
    summary: 'a line of a client list that is not 1 to 20 characters of ASCII',
  },
  'bad-passkey': {
    severity: 'error',
    summary: 'a passkey that is not 16 to 64 letters, digits and `-._~`',
  },
  'passkey-twice': { severity: 'error', summary: 'a passkey that an earlier line has already' },
  'entry-with-more': { severity: 'error', summary: 'something behind an entry that is no comment' },
} as const;

export type AccessCode = keyof typeof ACCESS_CODES;
