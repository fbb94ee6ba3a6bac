// The settings of TLS: the certificate of this machine, and where DNS is answered with it.

import { z } from 'zod';
import { parseListenAddress } from './config-values.ts';
import { listOf, notation, setting } from './setting.ts';

const LISTEN = 'an address with a port, such as "127.0.0.1:853", "[::1]:853" or "auto:853"';

/** The section `[tls]`. An empty path is none. */
export const tlsSection = z
  .strictObject({
    certificate: setting(z.string('expected a path'), {
      comment:
        'File with the certificate chain of this machine in PEM, its own certificate first. With it the TCP ports of the ' +
        'tracker answer HTTPS, too, and zones may declare TCP:443. Read again at SIGHUP and ' +
        'when it changes; a file that is of no use leaves the certificate that was.',
      argument: 'path',
      kind: 'text',
      default: '',
    }),
    key: setting(z.string('expected a path'), {
      comment: 'File with the private key of the certificate in PEM, without a passphrase.',
      argument: 'path',
      kind: 'text',
      default: '',
    }),
  })
  .prefault({});

/** A key of the section `[dns]`. */
export const tlsListenSetting = setting(listOf(notation(parseListenAddress, LISTEN), LISTEN), {
  comment:
    'Where DNS is answered over TLS (RFC 7858), zone transfers too (RFC 9103): "auto:853" is port 853 of each address ' +
    'of each interface. Wants tls.certificate and tls.key.',
  argument: 'address:port',
  kind: 'list',
  default: [],
});

/** One half of an identity without the other, and listeners without any. */
export function checkTls(
  tls: { readonly certificate: string; readonly key: string },
  tlsListen: readonly unknown[],
  context: z.RefinementCtx,
): void {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message, input: tls });
  if (tls.certificate !== '' && tls.key === '') refuse(['tls', 'key'], 'expected the key of tls.certificate');
  if (tls.certificate === '' && tls.key !== '')
    refuse(['tls', 'certificate'], 'expected the certificate of tls.key');
  if (tlsListen.length > 0 && tls.certificate === '')
    refuse(['tls', 'certificate'], 'expected a path, because dns.tls_listen wants a certificate');
}
