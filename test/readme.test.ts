// What the documents say is so: commands print what is shown, files and flags exist, tables are those of the code.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../src/app/config/config.ts';
import { settings } from '../src/app/config/config-schema.ts';
import { createRewriteService } from '../src/app/rewrite-service/service.ts';
import { EXIT } from '../src/cli/cli-io.ts';
import { checkZone } from '../src/core/zone/check/check.ts';
import { DIAGNOSTICS } from '../src/core/zone/diagnostic-codes.ts';
import { parseZone } from '../src/core/zone/language/parser.ts';
import { systemClock } from '../src/io/clock.ts';
import { silentLogger } from '../src/io/log.ts';
import { openUdpSocket, type UdpSocket } from '../src/io/udp-socket.ts';
import { insertTable, referenceTables } from '../tools/reference-tables.ts';
import { ask, authorityOf, imageOf } from './support/authority-of.ts';
import { runCaptured } from './support/captured-io.ts';
import { anchorsOf, blocksOf, brokenLinksOf, linksOf, listPages } from './support/markdown.ts';
import { projectRoot, readText } from './support/source-tree.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const readme = readText('README.md');
const codeMap = readText('src/README.md');

/** What is held here: README.md and its reference. docs/library.md is held by library.test.ts. */
const pages = listPages().filter((path) => path !== 'docs/library.md');
const manual = [readme, ...pages.map(readText)].join('\n');

function blocksIn(language: string): string[] {
  return blocksOf(manual)
    .filter((block) => block.language === language)
    .map(({ text }) => text);
}

describe('the tables of docs/', () => {
  it.each(Object.keys(referenceTables()))(
    'are in %s those of the code (npm run docs writes them)',
    (page) => {
      expect(insertTable(page, readText(page))).toBe(readText(page));
    },
  );

  it.each(Object.entries(referenceTables()))('have in %s no empty cell', (_, tables) => {
    expect(tables.split('\n').filter((row) => /\|\s*\|/.test(row))).toEqual([]);
  });

  it('have every setting, every finding and every metric once', () => {
    const rows = Object.values(referenceTables()).flatMap((tables) => tables.match(/^\| `[^`]+`/gm));
    expect(rows.length).toBeGreaterThan(settings().length + Object.keys(DIAGNOSTICS).length);
    expect(new Set(rows).size).toBe(rows.length);
  });
});

describe('README.md', () => {
  it('gives the exit codes that commands end with', () => {
    const codes = [...readme.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });

  it('gives no figure of the benchmarks that docs/benchmarks.md has not', () => {
    const [, section = ''] = readme.split('\n## Benchmarks\n');
    const figures = section.match(/\d+(?:\.\d+)? \([\d.]+–[\d.]+\)/g) ?? [];
    const all = readText('docs/benchmarks.md');
    expect(figures.length).toBeGreaterThan(5);
    expect(figures.filter((figure) => !all.includes(figure))).toEqual([]);
  });

  it('sends its readers to every page of docs/', () => {
    expect(listPages().filter((page) => !linksOf(readme).includes(page))).toEqual([]);
  });
});

interface Service {
  readonly port: number;
  close(): Promise<void>;
}

/** The rewriting service, for which the name server at `dnsPort` is the resolver. */
async function openService(dnsPort: number): Promise<Service> {
  const flags = { 'rewriter.listen': '127.0.0.1:0', 'rewriter.resolvers': [`127.0.0.1:${dnsPort}`] };
  const read = readConfig({ flags, workingDirectory: '.' });
  if (read.kind === 'wrong') throw new Error(read.problems.join());
  const rewriter = createRewriteService(read.config.rewriter, { logger: silentLogger });
  const server = (await rewriter.open())!;
  return {
    port: server.address.port,
    async close() {
      rewriter.close();
      await server.close();
    },
  };
}

/** What a reader has beside the samples: the example zone on the authority's port, and these files. */
const exampleZone = readText('zones/example.zone');
const READER_FILES = {
  'old.torrent':
    'd8:announce36:http://tracker.example:8080/announce4:infod6:lengthi1e4:name1:a12:piece lengthi16384e' +
    '6:pieces20:aaaaaaaaaaaaaaaaaaaaee',
  'zones/tracker.example.net.zone': /<!-- zone: operator -->\n```zone\n([\s\S]*?)```/.exec(readme)![1]!,
  'zones/mistyped.zone': exampleZone.replace('AAAA ::1', 'AAAA ::g'),
};

describe('the samples of README.md and docs/', () => {
  const authority = authorityOf(imageOf(exampleZone, 'example.'));
  let socket: UdpSocket;
  let service: Service;
  const curlFiles = new Map([
    ['old.torrent', Buffer.from(READER_FILES['old.torrent'])],
    ['urls.txt', Buffer.from('http://tracker.example:8080/announce\nudp://tracker.example:6969/announce\n')],
  ]);

  beforeAll(async () => {
    const handler = authority.handle;
    socket = await openUdpSocket({ address: '127.0.0.1', port: 0, handler, clock: systemClock });
    service = await openService(socket.port);
  });

  afterAll(async () => {
    await service.close();
    await socket.close();
  });

  const samples = blocksIn('console').flatMap((text) => text.split(/^(?=\$ )/m));

  it('are there', () => {
    expect(samples.length).toBeGreaterThan(2);
  });

  it.each(samples)('print what is shown: %s', async (sample) => {
    const [line, ...shown] = sample.trimEnd().split('\n');
    const printed = await runSample(line!.replace(/^\$ /, '').split(' '));
    expect(printed.trimEnd()).toBe(shown.join('\n').trimEnd());
  });

  async function runSample([program, ...words]: string[]): Promise<string> {
    if (program === 'dig') return shortAnswer(words);
    if (program === 'curl') return await fetchAnswer(words);
    expect(program).toBe('portolan');
    const workingDirectory = await temporaryFolder();
    await mkdir(join(workingDirectory, 'zones'));
    for (const [path, text] of Object.entries(READER_FILES))
      await writeFile(join(workingDirectory, path), text);
    const own = words.map((word) => word.replace('127.0.0.1:5300', `127.0.0.1:${socket.port}`));
    const { stdout, stderr } = await runCaptured(own, { workingDirectory });
    return `${stdout}${stderr}`;
  }

  /** What `curl` prints: the body, unless it goes to a file. Files stay from one sample to the next. */
  async function fetchAnswer(words: readonly string[]): Promise<string> {
    const headers = new Headers();
    let file: string | undefined;
    let target: string | undefined;
    for (const [index, word] of words.entries()) {
      const before = words[index - 1];
      if (before === '-H') headers.set(...(word.split(':') as [string, string]));
      if (before === '-T') file = word;
      if (before === '-o') target = word;
    }
    const url = words.at(-1)!.replace('127.0.0.1:8053', `127.0.0.1:${service.port}`);
    const body = file === undefined ? null : curlFiles.get(file)!;
    const response = await fetch(url, { method: file === undefined ? 'GET' : 'POST', headers, body });
    if (target === undefined) return await response.text();
    curlFiles.set(target, Buffer.from(await response.arrayBuffer()));
    expect(response.status).toBe(200);
    return '';
  }

  /** What `dig +short` prints: the data of the answer, a line a record. */
  function shortAnswer(words: readonly string[]): string {
    const [type, name] = words.slice(-2);
    const { answer } = ask(authority, { name: `${name}.`, type: type! });
    return answer.map((record) => record.split(' ').slice(4).join(' ')).join('\n');
  }

  it('are a zone without a finding', () => {
    const text = /<!-- zone: operator -->\n```zone\n([\s\S]*?)```/.exec(readme)![1]!;
    const zone = parseZone({ path: 'operator.zone', octets: Buffer.from(text) }, {});
    expect([...zone.diagnostics, ...checkZone(zone)]).toEqual([]);
  });

  it.each(blocksIn('toml'))('are a configuration: %s', (text) => {
    const file = { path: 'portolan.toml', text, folder: '.' };
    expect(readConfig({ file, flags: {}, workingDirectory: '.' })).toMatchObject({ kind: 'config' });
  });

  it('compile, as a program that has the package', async () => {
    const folder = await temporaryFolder();
    for (const [index, text] of blocksIn('ts').entries()) await writeFile(join(folder, `${index}.ts`), text);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      paths: { portolan: [join(projectRoot, 'src', 'index.ts')] },
      typeRoots: [join(projectRoot, 'node_modules', '@types')],
      rootDir: '/',
      noEmit: true,
    };
    const configuration = { extends: join(projectRoot, 'tsconfig.json'), compilerOptions, include: [folder] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    const compiler = join(projectRoot, 'node_modules', '.bin', 'tsc');
    const { stdout } = await promisify(execFile)(compiler, ['-p', folder]).catch((error) => error);
    expect(stdout).toBe('');
  });
});

describe('what README.md and docs/ name', () => {
  const code = [...manual.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);

  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(readText('package.json'));
    const lines = [...code, ...blocksIn('sh')].join('\n');
    const named = [...lines.matchAll(/^npm (?:run (?:-s )?)?([a-z]+)/gm)].map(([, name]) => name!);
    const builtIn = ['install', 'pack', 'rebuild'];
    expect(named.filter((name) => !builtIn.includes(name) && !(name in scripts))).toEqual([]);
  });

  it('are files of this repository', () => {
    const paths = code.filter((text) =>
      /^(zones|test|src|tools|docs|examples|contrib)\/[\w./-]*$/.test(text),
    );
    expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  it('are flags of a command', async () => {
    const commands = [
      'check',
      'delegation',
      'gateway',
      'init',
      'lookup',
      'probe',
      'rewrite',
      'serve',
      'zones',
    ];
    const help = await Promise.all(commands.map((command) => runCaptured([command, '--help'])));
    const known = help.map(({ stdout }) => stdout).join('\n');
    const flags = new Set(
      [...blocksIn('sh'), ...blocksIn('console'), ...code].flatMap((text) =>
        text.startsWith('npm ') ? [] : [...text.matchAll(/(?<=^|\s)--[a-z][a-z-]+/g)].map(([flag]) => flag),
      ),
    );
    expect([...flags].filter((flag) => !new RegExp(`${flag}\\b`).test(known))).toEqual([]);
  });
});

describe('src/README.md', () => {
  const named = [...codeMap.matchAll(/`([\w./-]+(?:\/|\.ts))`/g)].map(([, path]) => path!);

  it('names files and folders that exist', () => {
    const folders = ['', ...named.filter((path) => path.endsWith('/'))];
    const missing = named.filter(
      (path) =>
        !path.startsWith('test/') &&
        !folders.some((folder) => existsSync(join(projectRoot, 'src', folder, path))),
    );
    expect(missing).toEqual([]);
  });

  it('names every folder that holds code', () => {
    const folders = readdirSync(join(projectRoot, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => entry.parentPath.slice(join(projectRoot, 'src').length + 1))
      .filter((folder) => folder !== '');
    expect([...new Set(folders)].filter((folder) => !codeMap.includes(`\`${folder}/`))).toEqual([]);
  });
});

describe('documents', () => {
  it.each([
    'README.md',
    'src/README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'test/hardening/README.md',
    ...listPages(),
  ])('%s links to files and headings that are there', (path) => {
    expect(brokenLinksOf(path)).toEqual([]);
  });
});

it('a link to no file, to no heading and within code is told from one that leads somewhere', () => {
  const markdown =
    '[a](nowhere.md) [b](metrics.md#nowhere) [c](#nowhere) [d](../README.md#try-it) [e](#here) `[f](g)`\n# Here';
  expect(brokenLinksOf('docs/library.md', markdown)).toEqual([
    'nowhere.md',
    'metrics.md#nowhere',
    '#nowhere',
  ]);
});

describe('anchors of headings', () => {
  it.each([
    ['## You serve not everybody, or only your own', 'you-serve-not-everybody-or-only-your-own'],
    ['## `[dns]`', 'dns'],
    ['## One\n## One', 'one-1'],
    ['```sh\n# no heading\n```\n# A `port` of_all', 'a-port-of_all'],
  ])('of %j are those of GitHub', (markdown, anchor) => {
    expect([...anchorsOf(markdown)].at(-1)).toBe(anchor);
  });
});
