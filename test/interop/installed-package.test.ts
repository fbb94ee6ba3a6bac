// What `npm pack` makes works where it is installed: the program runs, the library is imported, the types hold.

import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { projectRoot } from '../support/source-tree.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { type CommandLine, type Ended, run, start, waitUntilReady } from './programs.ts';

const folder = createFolder();
const place = join(folder.path, 'elsewhere with a blank');
const version = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')).version;

function runThere(...words: string[]): Promise<Ended> {
  const command = ['sh', '-c', 'cd "$0" && exec "$@"', place, ...words] as unknown as CommandLine;
  return run(command, { seconds: 120 });
}

beforeAll(async () => {
  mkdirSync(place);
  const packed = await run(['npm', 'pack', '--pack-destination', folder.path], { seconds: 120 });
  expect(packed, packed.stdout + packed.stderr).toMatchObject({ code: 0 });
  writeFileSync(join(place, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
  const tarball = join(folder.path, `portolan-${version}.tgz`);
  const words = [
    'npm',
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    tarball,
  ];
  const installed = await runThere(...words);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
});

afterAll(() => folder.remove());

const program = join('node_modules', '.bin', 'portolan');

it('runs as a program', async () => {
  const printed = await runThere(program, '--version');
  expect(printed).toMatchObject({ code: 0, stdout: `${version}\n` });
});

it('explains itself', async () => {
  const printed = await runThere(program, '--help');
  expect(printed.code).toBe(0);
  expect(printed.stdout).toMatch(/^Usage: portolan/);
});

it('is a library: the pure part decides without any I/O', async () => {
  writeFileSync(
    join(place, 'consumer.mjs'),
    `import { parsePreference } from 'portolan/pure';
     console.log(JSON.stringify(parsePreference('BITTORRENT UDP:1337 TCP:80')?.endpoints));`,
  );
  const printed = await runThere(process.execPath, 'consumer.mjs');
  expect(printed, printed.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(printed.stdout)).toEqual([
    { transport: 'udp', port: 1337 },
    { transport: 'tcp', port: 80 },
  ]);
});

it('has the reference and the examples, and is no larger than it need be', async () => {
  const listed = await runThere('tar', '-tzvf', join(folder.path, `portolan-${version}.tgz`));
  const files = listed.stdout.trimEnd().split('\n');
  for (const path of [
    'docs/library.md',
    'docs/configuration.md',
    'examples/client.ts',
    'zones/',
    'dist/pure.js',
    'LICENSE',
  ])
    expect(listed.stdout, path).toContain(`package/${path}`);
  expect(files.filter((line) => /package\/(?:src|test|tools|\.)|\.map$/.test(line))).toEqual([]);
  expect(statSync(join(folder.path, `portolan-${version}.tgz`)).size).toBeLessThan(1_000_000);
});

it('has examples that work as they are', async () => {
  cpSync(join(place, 'node_modules', 'portolan', 'examples'), join(place, 'examples'), { recursive: true });
  writeFileSync(
    join(place, 'examples', 'run.mjs'),
    `import { rightMagnet } from './browser.ts';
     const records = new Map([['tracker.example', 'BITTORRENT UDP:1337']]);
     console.log(rightMagnet('magnet:?xt=1&tr=http%3A%2F%2Ftracker.example%2Fannounce', records));`,
  );
  const printed = await runThere(process.execPath, join('examples', 'run.mjs'));
  expect(printed).toMatchObject({
    code: 0,
    stdout: 'magnet:?xt=1&tr=udp%3A%2F%2Ftracker.example%3A1337%2Fannounce\n',
  });
});

it('has types that a strict consumer can compile against', async () => {
  writeFileSync(
    join(place, 'consumer.ts'),
    `import { createResolver, type Endpoint, parsePreference } from 'portolan';
     const endpoints: readonly Endpoint[] = parsePreference('BITTORRENT UDP:1337')?.endpoints ?? [];
     const port: number | undefined = endpoints[0]?.port;
     const close: () => void = createResolver({}).close;
     export { close, port };`,
  );
  writeFileSync(
    join(place, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'es2024', types: [] },
      files: ['consumer.ts'],
    }),
  );
  const compiled = await runThere(join(projectRoot, 'node_modules', '.bin', 'tsc'), '-p', '.');
  expect(compiled, compiled.stdout).toMatchObject({ code: 0 });
});

it('serves: the zone that init writes is answered and its ports are open', async () => {
  const [dns, admin, tracker] = await findFreePorts(3);
  mkdirSync(join(place, 'zones'));
  const made = await runThere(program, 'init', 'example.org');
  writeFileSync(join(place, 'zones', 'example.org.zone'), made.stdout.replaceAll('6969', `${tracker}`));
  const words = [
    program,
    'serve',
    '--dns-listen',
    `127.0.0.1:${dns}`,
    '--admin-listen',
    `127.0.0.1:${admin}`,
  ];
  const server = start(['sh', '-c', 'cd "$0" && exec "$@"', place, ...words]);
  try {
    await waitUntilReady(server, `127.0.0.1:${admin}`);
    const asked = await runThere(
      program,
      'lookup',
      'tracker.example.org',
      '--json',
      '--resolver',
      `127.0.0.1:${dns}`,
    );
    expect(JSON.parse(asked.stdout)).toMatchObject({
      outcome: 'declared',
      record: `BITTORRENT UDP:${tracker} TCP:${tracker}`,
    });
    const page = await fetch(`http://127.0.0.1:${tracker}/announce`);
    expect(await page.text()).toMatch(/^d14:failure reason/);
    await checkRewritingPage(`http://127.0.0.1:${admin}`);
  } finally {
    expect(await server.stop()).toBe(0);
  }
});

/** Everything that the page names is there, as a browser takes it; so is what its scripts import. */
async function checkRewritingPage(origin: string): Promise<void> {
  const seen = new Set(['rewrite']);
  for (const path of seen) {
    const response = await fetch(`${origin}/${path}`);
    const text = await response.text();
    expect(response.status, path).toBe(200);
    if (path.endsWith('.js')) expect(response.headers.get('content-type')).toMatch(/^text\/javascript/);
    for (const [, name] of text.matchAll(/(?:href|src)="(rewrite\/[\w.]+)"/g)) seen.add(name!);
    for (const [, name] of text.matchAll(/from '\.\/([\w.-]+)'/g)) seen.add(`rewrite/${name}`);
  }
  expect([...seen].sort()).toEqual([
    'rewrite',
    ...['ask.js', 'card.js', 'dom.js', 'icon.svg', 'page.css', 'page.js', 'words.js'].map(
      (name) => `rewrite/${name}`,
    ),
  ]);
}

it('leaves the sources and the tests at home', async () => {
  const listed = await runThere('find', 'node_modules/portolan', '-name', '*.ts', '!', '-name', '*.d.ts');
  expect(listed.stdout.split('\n').filter((path) => !path.includes('/examples/'))).toEqual(['']);
});
