// The library in other runtimes than Node: its pure part, and look-ups over UDP, TLS and HTTPS.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answers, createHostileDns, type HostileDns, txt } from '../support/hostile-dns.ts';
import { createHostileSecureDns, type HostileSecureDns } from '../support/hostile-secure-dns.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { type CommandLine, isInstalled, isMissing, run } from './programs.ts';

const SCRIPT = join(projectRoot, 'test', 'interop', 'runtime-check.ts');
const folder = createFolder();
const authority = join(folder.path, 'authority.pem');
let plain: HostileDns | undefined;
let secure: HostileSecureDns | undefined;
const left = isMissing('openssl is not installed', isInstalled('openssl'));

beforeAll(async () => {
  if (left) return;
  [plain, secure] = await Promise.all([createHostileDns(), createHostileSecureDns(await createIdentity())]);
  for (const server of [plain!, secure!]) {
    server.on('tracker.test', answers(txt('tracker.test', 'BITTORRENT UDP:1337 TCP:80')));
  }
});

afterAll(async () => {
  await Promise.all([plain?.close(), secure?.close()]);
  folder.remove();
});

/** By an authority of its own: other TLS libraries than OpenSSL take no certificate that has signed itself. */
async function createIdentity(): Promise<{ certificate: string; key: string }> {
  const file = (name: string): string => join(folder.path, name);
  const openssl = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await run(['openssl', ...words]);
    expect(code, stderr).toBe(0);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    authority,
    '-subj',
    '/CN=authority',
    '-days',
    '2',
    '-addext',
    extensions[0]!,
    '-addext',
    extensions[1]!,
  );
  await openssl(
    'req',
    ...key,
    '-keyout',
    file('key.pem'),
    '-out',
    file('request.pem'),
    '-subj',
    '/CN=ns.test',
  );
  writeFileSync(file('leaf.cnf'), 'subjectAltName=DNS:ns.test,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  await openssl(
    'x509',
    '-req',
    '-in',
    file('request.pem'),
    '-CA',
    authority,
    '-CAkey',
    file('ca.key'),
    '-out',
    file('leaf.pem'),
    '-days',
    '2',
    '-extfile',
    file('leaf.cnf'),
    '-set_serial',
    '2',
  );
  return { certificate: readFileSync(file('leaf.pem'), 'utf8'), key: readFileSync(file('key.pem'), 'utf8') };
}

const GOOD = { outcome: 'declared', rewritten: 'udp://tracker.test:1337/announce', aborted: 'enough' };

const RUNTIMES: readonly [name: string, command: CommandLine][] = [
  ['node', [process.execPath]],
  ['bun', ['bun', 'run']],
  ['deno', ['deno', 'run', '--quiet', '--allow-all', '--no-check', '--node-modules-dir=manual']],
];

describe.skipIf(left)('the library', () => {
  test.each(RUNTIMES)('runs in %s', async (name, command) => {
    if (!isInstalled(name)) {
      // In CI, too: their packages are larger than all others together.
      console.log(`left out: ${name} is not installed (npm install -g ${name})`);
      return;
    }
    const words = [...command, SCRIPT, authority, plain!.server, secure!.tls, secure!.https];
    const { code, stdout, stderr } = await run(words as unknown as CommandLine, { seconds: 60 });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      '127.0.0.1': GOOD,
      tls: GOOD,
      https: GOOD,
      pure: { idna: 'denied', torrent: 'failed' },
    });
  });
});
