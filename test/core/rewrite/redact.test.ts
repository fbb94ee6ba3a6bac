import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactUrl } from '../../../src/core/rewrite/redact.ts';

const HEX = '0123456789abcdef0123456789abcdef';
const BASE32 = 'mfrggzdfmztwq2lkmfrggzdfmztwq2lk';

describe('what is hidden', () => {
  test.each([
    [`https://h.example:443/${HEX}/announce`, 'https://h.example:443/…/announce'],
    [
      `http://h.example/announce.php?passkey=${HEX}&compact=1`,
      'http://h.example/announce.php?passkey=…&compact=…',
    ],
    [`http://h.example/announce/${BASE32}`, 'http://h.example/announce/…'],
    [`http://h.example/a/${BASE32.toUpperCase()}`, 'http://h.example/a/…'],
    [`http://h.example/announce?${HEX}`, 'http://h.example/announce?…'],
    [`http://h.example/announce?${HEX}=1`, 'http://h.example/announce?…=…'],
    [`http://user:${HEX}@h.example/announce`, 'http://…@h.example/announce'],
    ['http://user@h.example/announce', 'http://…@h.example/announce'],
    [`http://${HEX}.h.example/announce`, 'http://….h.example/announce'],
    [`http://h.example/announce#${HEX}`, 'http://h.example/announce#…'],
    [`http://${HEX}:2710/announce`, 'http://…:2710/announce'],
    [`http://${HEX}.h.example:2710/announce`, 'http://….h.example:2710/announce'],
    [`http://h.${HEX}:2710`, 'http://h.…:2710'],
    [`udp://h.example:${HEX}/announce`, 'udp://h.example:…/announce'],
    [`udp://[::1]:${HEX}/announce`, 'udp://[::1]:…/announce'],
    ['http://abcdefabcdefabcd.h.example/', 'http://….h.example/'],
    [`http://key-${HEX}.h.example/`, 'http://….h.example/'],
    ['http://01234567-89ab-cdef-0123-456789abcdef.h.example/', 'http://….h.example/'],
    ['http://h.example/swordfish/announce', 'http://h.example/…/announce'],
    ['http://h.example/SWORDFISH/announce', 'http://h.example/…/announce'],
    ['http://h.example/announce?swordfish', 'http://h.example/announce?…'],
    ['http://h.example/swordfish.php', 'http://h.example/…'],
    ['http://h.example/1234/announce', 'http://h.example/…/announce'],
    ['http://h.example/user42/announce', 'http://h.example/…/announce'],
    ['http://h.example/12345/announce', 'http://h.example/…/announce'],
    ['http://h.example/aBcDeFgH/announce', 'http://h.example/…/announce'],
    ['http://h.example/%61%62/announce', 'http://h.example/…/announce'],
    [`http://h.example/announce;k=${HEX}`, 'http://h.example/…'],
    [`udp://h.example\\${HEX}`, 'udp://h.example…'],
    [HEX, '…'],
    [`h.example/${HEX}`, '…'],
    [`http:/h.example/${HEX}`, '…'],
    [`\u001b]0;x://h.example`, '…'],
    ['http://h.exa\u001b[31mmple/announce', 'http://…/announce'],
    ['http://h.example/\u202egnp', 'http://h.example/…'],
  ])('%j is shown as %j', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

describe('what is shown', () => {
  test.each([
    '',
    'udp://tracker.example:1337/announce',
    'udp://tracker.example:1337',
    'HTTP://Tracker.Example.:80/announce.php',
    'http://h.example/tracker/announce?',
    'http://h.example/v1/announce/',
    'http://h.example/tr/Announce.PHP?info_hash=&uid=',
    'https://[2001:db8::1]:443/announce',
    'http://bücher.example/announce',
    'http://a-rather-long-name.for-a-tracker.example/scrape',
    'http://expyuzz4wqqyqhjn.onion/announce',
    'http://expyuzz4wqqyqhjn.onion:6969/announce',
    'http://xn--b1aafhc0ahoiikkbb4b4i.example:80/announce',
    'http://2a01-4f8-c17-b8f-1234-5678-9abc-def0.example/announce',
    'http://bittorrenttracker.example:1337/announce',
  ])('%s', (url) => {
    expect(redactUrl(url)).toBe(url);
  });
});

test('no key survives, wherever it is put', () => {
  const key = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 20, maxLength: 64 }),
    fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), minLength: 20, maxLength: 64 }),
    // Those that a person chooses, too: letters of one case, too long to be a common word by chance.
    fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'), minLength: 12, maxLength: 15 }),
    fc.uuid(),
  );
  const place = fc.constantFrom(
    (each: string) => `http://h.example/${each}/announce`,
    (each: string) => `http://h.example/announce/${each}`,
    (each: string) => `http://h.example/announce?k=${each}`,
    (each: string) => `http://h.example/announce?${each}`,
    (each: string) => `http://${each}@h.example/announce`,
    (each: string) => `http://u:${each}@h.example/announce`,
    (each: string) => `http://h.example/a#${each}`,
    // A host of letters alone is a name.
    (each: string) => (/[0-9]/.test(each) ? `http://${each}.h.example:2710/` : ''),
    (each: string) => (/[0-9]/.test(each) ? `udp://${each}:2710` : ''),
    (each: string) => `${each}://h.example/`,
  );
  fc.assert(
    fc.property(key, place, (each, put) => {
      const url = put(each);
      if (!/^(?:http|udp):/.test(url)) return;
      expect(redactUrl(url)).not.toContain(each);
    }),
  );
});

test('any text is redacted without an error, and to nothing that acts on a terminal', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', 'http://', 'udp://h.example/'),
      (text, start) => {
        expect(redactUrl(start + text)).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      },
    ),
  );
});
