// The lines for the parent against those that ldns and BIND make of the same keys, and --verify against NSD as the parent.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFolder } from '../support/temporary-folder.ts';
import { startNsd } from './name-servers.ts';
import { canCreateNetwork, createNetwork, type Network } from './network.ts';
import { type CommandLine, type Ended, isInstalled, isMissing, portolan, run } from './programs.ts';
import { createSignedZone, SIGNERS, type SignedZone } from './signed-zones.ts';

const left = [
  isMissing('ldns-key2ds is not installed', isInstalled('ldns-key2ds')),
  isMissing('dnssec-dsfromkey is not installed', isInstalled('dnssec-dsfromkey')),
].includes(true);
const leftParent = [
  left,
  isMissing('no right to make a network (root is needed)', canCreateNetwork()),
  isMissing('nsd is not installed', isInstalled('nsd')),
].includes(true);

const folder = createFolder();
let zone: SignedZone;

beforeAll(async () => {
  if (!left) zone = await createSignedZone(SIGNERS[0]!, folder.path);
});

afterAll(() => folder.remove());

/** Lower case, one blank between fields, no TTL and class: what all programs print alike then. */
function dsLines(text: string): string[] {
  return text
    .toLowerCase()
    .split('\n')
    .filter((line) => /\sds\s/.test(line))
    .map((line) =>
      line
        .replace(/\s+(?:\d+\s+)?(?:in\s+)?ds\s+/, ' ds ')
        .trim()
        .split(/\s+/),
    )
    .map(([owner, type, tag, algorithm, digestType, ...digest]) =>
      [owner, type, tag, algorithm, digestType, digest.join('')].join(' '),
    );
}

async function delegation(...words: string[]): Promise<Ended> {
  return await run([...portolan, 'delegation', zone.file, ...words] as unknown as CommandLine);
}

describe.skipIf(left)('DS', () => {
  it('is that of ldns-key2ds and dnssec-dsfromkey', async () => {
    const keys = join(folder.path, 'anchor.key');
    writeFileSync(keys, `${zone.trustAnchor.replace(' IN ', ' 60 IN ')}\n`);
    const own = dsLines((await delegation()).stdout);
    expect(own).toHaveLength(1);
    const ldns = await run(['ldns-key2ds', '-n', '-2', keys]);
    expect(dsLines(ldns.stdout), ldns.stderr).toEqual(own);
    const bind = await run(['dnssec-dsfromkey', '-2', '-f', keys, zone.name]);
    expect(dsLines(bind.stdout), bind.stderr).toEqual(own);
  });
});

describe.skipIf(leftParent)('--verify, with NSD as the parent', () => {
  let network: Network;

  beforeAll(async () => {
    network = await createNetwork([]);
  });

  afterAll(() => network?.close());

  /** Verifies against a parent that publishes `lines`. */
  async function verify(name: string, lines: string): Promise<Ended> {
    const file = join(folder.path, `${name}.zone`);
    const head = '$ORIGIN test.\n$TTL 60\n@ SOA a hostmaster 1 3600 600 604800 60\n@ NS a\na A 127.0.0.1\n';
    writeFileSync(file, `${head}${lines}\n`);
    const server = await startNsd(53, [{ name: 'test', file }], join(folder.path, name), network.within);
    const words = [...network.within, ...portolan, 'delegation', zone.file, '--verify'];
    const ended = await run(words as unknown as CommandLine);
    await server.stop();
    return ended;
  }

  it('finds no difference where the parent publishes the lines that were printed', async () => {
    const { stdout } = await delegation();
    const verified = await verify('same', stdout);
    expect(verified, verified.stdout).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/; servers of test:\n; a\.test \(127\.0\.0\.1:53\): the same\n$/);
  });

  it('says what is missing, and what is too much', async () => {
    const { stdout } = await delegation();
    const other = stdout.replace(/^.* DS .*$/m, '').replace('127.0.0.1', '192.0.2.99');
    const verified = await verify('other', other);
    expect(verified.code).toBe(1);
    expect(verified.stdout).toMatch(/missing {3}bind-nsec\.test\. DS /);
    expect(verified.stdout).toContain('missing   ns1.bind-nsec.test. A 127.0.0.1');
    expect(verified.stdout).toContain('too much  ns1.bind-nsec.test. A 192.0.2.99');
  });

  it('says so where there is no delegation at all', async () => {
    const verified = await verify('none', '');
    expect(verified.code).toBe(1);
    expect(verified.stdout).toContain('missing   bind-nsec.test. NS ns1.bind-nsec.test.');
  });
});
