import { expect, it } from 'vitest';
import { BindError } from '../../src/io/bind-error.ts';

it.each([
  [
    'EADDRINUSE',
    '127.0.0.1',
    'address-in-use',
    /^cannot open UDP port 53 on 127\.0\.0\.1: another program has it; stop /,
  ],
  [
    'EACCES',
    '::1',
    'permission-denied',
    /^cannot open UDP port 53 on ::1: no permission; ports below 1024 need /,
  ],
  ['EPERM', '::1', 'permission-denied', /no permission/],
  [
    'EADDRNOTAVAIL',
    '192.0.2.1',
    'address-not-available',
    /this machine does not have that address; use one /,
  ],
  ['EAFNOSUPPORT', '::1', 'family-unavailable', /this machine has no IPv6; leave /],
  ['EAFNOSUPPORT', '127.0.0.1', 'family-unavailable', /this machine has no IPv4; leave /],
  ['EMFILE', '::1', 'bind-failed', /^cannot open UDP port 53 on ::1: too many files are open; raise /],
])('turns %s on %s into %s, in one sentence', (errno, address, code, message) => {
  const cause = Object.assign(new Error(`refused by ${errno}`), { code: errno });
  const error = new BindError({ transport: 'udp', address, port: 53 }, cause);
  expect(error).toMatchObject({ name: 'BindError', code, transport: 'udp', address, port: 53, cause });
  expect(error.message).toMatch(message);
});

it('takes an error without a code as well', () => {
  expect(new BindError({ transport: 'tcp', address: '::1', port: 1 }, new Error('odd')).code).toBe(
    'bind-failed',
  );
});
