// DNS over TLS as others speak it: kdig, openssl, and a certificate that is renewed while the server runs.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { parsePrintedMessage } from './dns-message.ts';
import { startPortolan, until } from './portolan-server.ts';
import {
  type CommandLine,
  type Ended,
  isInstalled,
  isMissing,
  portolan,
  type Running,
  run,
} from './programs.ts';

const ZONE = 'tls.example';
const NAMES = 3000;
const ZONE_TEXT = `$ORIGIN ${ZONE}.
$TTL 300
@ SOA ns hostmaster 1 3600 600 604800 60
@ NS ns
ns A 127.0.0.1
${Array.from({ length: NAMES }, (_, n) => `host${n} A 10.0.${n >> 8}.${n & 255}\n`).join('')}`;

const folder = createFolder();
const left = isMissing('kdig and openssl', isInstalled('kdig') && isInstalled('openssl'));
let port: number;
let server: Running;

const at = (name: string): string => join(folder.path, name);

/** `NAME.crt` and `NAME.key`, self-signed, in the folder. */
async function createCertificate(name: string, algorithm: readonly string[]): Promise<void> {
  const { code, stderr } = await run([
    'openssl',
    ...['req', '-x509', ...algorithm, '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', 'subjectAltName=DNS:ns.tls.example,IP:127.0.0.1'],
    ...['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)],
  ]);
  if (code !== 0) throw new Error(stderr);
}

function install(certificate: string, key = certificate): void {
  copyFileSync(at(`${certificate}.crt`), at('fullchain.pem'));
  copyFileSync(at(`${key}.key`), at('privkey.pem'));
}

beforeAll(async () => {
  if (left) return;
  await createCertificate('first', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  await createCertificate('second', ['-newkey', 'rsa:2048']);
  install('first');
  const [dnsPort, adminPort, tlsPort] = (await findFreePorts(3)) as [number, number, number];
  port = tlsPort;
  server = await startPortolan({
    folder: folder.path,
    dnsPort,
    adminPort,
    zones: { [`${ZONE}.zone`]: ZONE_TEXT },
    dns: `tls_listen = ["127.0.0.1:${tlsPort}"]
transfer = ["127.0.0.1"]
[tls]
certificate = "fullchain.pem"
key = "privkey.pem"`,
  });
});

afterAll(async () => {
  const code = await server?.stop();
  folder.remove();
  if (!left) expect(code).toBe(0);
});

function kdig(...words: string[]): Promise<Ended> {
  return run(['kdig', '@127.0.0.1', '-p', `${port}`, ...words]);
}

/** Of the certificate that a handshake shows. */
async function subject(): Promise<string> {
  const { stdout } = await openssl();
  return /^subject=(.*)$/m.exec(stdout)?.[1] ?? '';
}

function openssl(...words: string[]): Promise<Ended> {
  const command = ['openssl', 's_client', '-connect', `127.0.0.1:${port}`, ...words];
  return run(command as unknown as CommandLine);
}

describe('DNS over TLS', () => {
  it.skipIf(left)('answers kdig, which checks the certificate and its name', async () => {
    const strict = [`+tls-ca=${at('first.crt')}`, '+tls-hostname=ns.tls.example'];
    const { stdout } = await kdig(...strict, `host7.${ZONE}`, 'A');
    expect(parsePrintedMessage(stdout)).toMatchObject({
      status: 'NOERROR',
      answer: [`host7.${ZONE}. 300 IN A 10.0.0.7`],
    });
    const { stdout: refused, stderr } = await kdig(strict[0]!, '+tls-hostname=other.example', ZONE, 'SOA');
    expect(refused + stderr).toMatch(/TLS.*(does not match|not trusted|failed)/i);
  });

  it.skipIf(left)('gives a whole zone to kdig', async () => {
    const { stdout } = await kdig('+tls', '+noall', '+answer', ZONE, 'AXFR');
    expect(stdout.split('\n').filter((line) => line.includes(' A') || line.includes('\tA\t'))).toHaveLength(
      NAMES + 1,
    );
  });

  it.skipIf(left).each([
    ['TLSv1.3', ['-tls1_3'], /Protocol *: TLSv1\.3|New, TLSv1\.3/],
    ['TLSv1.2', ['-tls1_2'], /Protocol *: TLSv1\.2/],
    ['the protocol "dot"', ['-alpn', 'dot'], /ALPN protocol: dot/],
  ])('speaks %s with openssl', async (_, words, sentence) => {
    const { stdout } = await openssl(...words);
    expect(stdout).toMatch(sentence);
    expect(stdout).toMatch(/subject=CN = ?first/);
  });

  it.skipIf(left).each([
    ['TLSv1.1', ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'], /protocol version/],
    ['other protocols', ['-alpn', 'h2'], /no application protocol/],
  ])('refuses %s', async (_, words, sentence) => {
    const { stdout, stderr } = await openssl(...words);
    expect(stdout + stderr).toMatch(sentence);
  });

  it.skipIf(left)('resumes sessions', async () => {
    const session = at('session.pem');
    // A ticket of TLS 1.3 comes after the handshake: with the first answer at the latest.
    await openssl('-tls1_2', '-sess_out', session);
    const { stdout } = await openssl('-tls1_2', '-sess_in', session);
    expect(stdout).toMatch(/^Reused, /m);
  });

  it.skipIf(left)('shows a renewed certificate at once, after a save and after SIGHUP', async () => {
    install('second');
    await until('the saved certificate is shown', async () => /second/.test(await subject()));
    install('first', 'second');
    server.child.kill('SIGHUP');
    await server.line(/is not the key of/, 20);
    expect(await subject()).toMatch(/second/);
    install('first');
    server.child.kill('SIGHUP');
    await until('the certificate of before is shown', async () => /first/.test(await subject()));
  });

  it.skipIf(left)('ends the start with a sentence when the key is another', async () => {
    const [dnsPort, adminPort, tlsPort] = await findFreePorts(3);
    const words = [
      ...['--zones', at('zones'), '--state', at('other-state'), '--admin-listen', `127.0.0.1:${adminPort}`],
      ...['--dns-listen', `127.0.0.1:${dnsPort}`, '--dns-tls-listen', `127.0.0.1:${tlsPort}`],
      ...['--tls-certificate', at('first.crt'), '--tls-key', at('second.key')],
    ];
    const { code, stderr } = await run([...portolan, 'serve', ...words] as unknown as CommandLine);
    expect(code).toBe(1);
    expect(stderr).toMatch(/second\.key is not the key of .*first\.crt/);
    expect(stderr).not.toMatch(/ {4}at /);
  });
});
