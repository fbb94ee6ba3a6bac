import { describe, expect, test } from 'vitest';
import { parseServer } from '../../../src/io/dns-client/name-server.ts';

describe('addresses of servers', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1', 53],
    ['127.0.0.1:5300', '127.0.0.1', 5300],
    ['::1', '::1', 53],
    ['[::1]', '::1', 53],
    ['[::1]:5300', '::1', 5300],
    ['fe80::1%eth0', 'fe80::1%eth0', 53],
    ['[fe80::1%eth0]:5300', 'fe80::1%eth0', 5300],
  ])('%s', (text, address, port) => {
    expect(parseServer(text)).toEqual({ transport: 'udp', address, port });
  });

  test.each([
    '',
    'localhost',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:',
    '127.0.0.1%eth0',
    '[127.0.0.1]:53',
    '[::1',
    '::1%',
    '1.2.3',
    '::1]:53',
  ])('%j is none', (text) => {
    expect(parseServer(text)).toBeUndefined();
  });

  test.each([
    ['tls://dns.example', 'dns.example', 853, undefined],
    ['TLS://dns.example:8853/', 'dns.example', 8853, undefined],
    ['tls://192.0.2.1', '192.0.2.1', 853, undefined],
    ['tls://192.0.2.1:8853#dns.example', '192.0.2.1', 8853, 'dns.example'],
    ['tls://[2001:db8::1]#dns.example', '2001:db8::1', 853, 'dns.example'],
    ['tls://localhost', 'localhost', 853, undefined],
  ])('%s is DNS over TLS', (text, host, port, certificateName) => {
    expect(parseServer(text)).toEqual({ transport: 'tls', host, port, certificateName });
  });

  test.each([
    ['https://dns.example/dns-query', 'https://dns.example/dns-query'],
    ['https://dns.example/dns-query{?dns}', 'https://dns.example/dns-query'],
    ['HTTPS://192.0.2.1:8443/q', 'https://192.0.2.1:8443/q'],
    ['https://[2001:db8::1]/', 'https://[2001:db8::1]/'],
  ])('%s is DNS over HTTPS', (text, url) => {
    expect(parseServer(text)).toEqual({ transport: 'https', url });
  });

  test.each([
    'tls://',
    'tls://dns.example:0',
    'tls://dns.example:99999',
    'tls://1.2.3',
    'tls://user@dns.example',
    'tls://dns.example/path',
    'tls://dns.example#',
    'tls://dns.example#a b',
    'https://',
    'https://dns.example/q?key=secret',
    'https://user:secret@dns.example/q',
    'http://dns.example/dns-query',
    'udp://192.0.2.1',
  ])('%j is no server', (text) => {
    expect(parseServer(text)).toBeUndefined();
  });
});
