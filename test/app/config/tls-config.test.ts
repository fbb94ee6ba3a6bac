import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';

function read(text: string) {
  const file = { path: 'portolan.toml', text, folder: '/etc/portolan' };
  return readConfig({ file, flags: {}, workingDirectory: '/srv' });
}

describe('the settings of TLS', () => {
  it('name files beside the configuration, and addresses', () => {
    const result = read(`
      tls = { certificate = "fullchain.pem", key = "/etc/ssl/private/privkey.pem" }
      dns.tls_listen = ["auto:853", "[::1]:8853"]
    `);
    expect(result).toMatchObject({
      kind: 'config',
      config: {
        tls: { certificate: '/etc/portolan/fullchain.pem', key: '/etc/ssl/private/privkey.pem' },
        dns: {
          tlsListen: [
            { address: 'auto', port: 853 },
            { address: '::1', port: 8853 },
          ],
        },
      },
    });
  });

  it.each([
    ['tls.certificate = "a.pem"', 'tls.key: expected the key of tls.certificate'],
    ['tls.key = "a.pem"', 'tls.certificate: expected the certificate of tls.key'],
    [
      'dns.tls_listen = "127.0.0.1:853"',
      'tls.certificate: expected a path, because dns.tls_listen wants a certificate',
    ],
    [
      'dns.tls_listen = "853"',
      'dns.tls_listen[0]: "853" is not an address with a port, such as "127.0.0.1:853", "[::1]:853" or "auto:853"',
    ],
  ])('are refused when they are incomplete: %s', (text, problem) => {
    expect(read(text)).toEqual({ kind: 'wrong', problems: [`portolan.toml: ${problem}`] });
  });
});
