// dig shows the same of every record type, whether NSD, Knot, BIND or Portolan answers from the same zone file.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRecord } from '../../src/core/zone/language/format.ts';
import { parseZone } from '../../src/core/zone/language/parser.ts';
import { EVERY_TYPE, TYPES_OF_KNOT } from '../support/every-type.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { startPortolan, until } from './portolan-server.ts';
import { PRIMARIES } from './primaries.ts';
import { isInstalled, isMissing, type Running, run } from './programs.ts';
import { SECONDARIES } from './secondaries.ts';

const folder = createFolder();
let dnsPort: number;
let server: Running;

/** Owner and type of each RRset of the zone but its apex, where servers have opinions on what goes along. */
function questionsOf(text: string): string[] {
  const { records } = parseZone({ path: 'zone', octets: Buffer.from(text) });
  const lines = Array.from({ length: records.count }, (_, row) => formatRecord(records, row).split('\t'));
  return [...new Set(lines.map(([owner, , , type]) => `${owner} ${type}`))].filter(
    (question) => !question.startsWith('example. ') && !question.endsWith(' NS'),
  );
}

/** What dig prints of the answers, without TTLs, in an order of its own. */
async function answersOf(port: number, questions: readonly string[]): Promise<string[]> {
  const path = join(folder.path, `questions-${port}`);
  writeFileSync(path, `${questions.join('\n')}\n`);
  const options = ['+norecurse', '+noall', '+answer', '+nottlid', '+nosplit', '+time=5', '+tries=2'];
  const { code, stdout } = await run(['dig', '@127.0.0.1', '-p', `${port}`, ...options, '-f', path]);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/\s+/g, ' '))
    .sort();
}

beforeAll(async () => {
  const [dns, admin] = (await findFreePorts(2)) as [number, number];
  dnsPort = dns;
  const zones = { 'example.zone': EVERY_TYPE };
  server = await startPortolan({
    folder: join(folder.path, 'portolan'),
    dnsPort,
    adminPort: admin,
    zones,
    dns: 'transfer = ["127.0.0.1"]',
  });
}, 60_000);

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

const asWritten = (line: string): string => line;
/** NSD lowers the letters of every name that it reads. */
const inLowerCase = (line: string): string => line.toLowerCase();

const PEERS = [
  ['nsd', EVERY_TYPE, inLowerCase],
  ['bind', EVERY_TYPE, asWritten],
  ['knot', TYPES_OF_KNOT, asWritten],
] as const;

describe.each(PEERS)('%s', (name, text, letters) => {
  const { program, start } = PRIMARIES[name];
  const left = isMissing(`${program} or dig is not installed`, isInstalled(program) && isInstalled('dig'));

  it.skipIf(left)('answers the same of every type', { timeout: 60_000 }, async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const file = join(folder.path, `${name}.zone`);
    writeFileSync(file, text);
    const peer = await start({ port, zone: 'example', file, folder: join(folder.path, name) });
    try {
      const questions = questionsOf(text);
      const answers = await answersOf(dnsPort, questions);
      expect(answers.length).toBeGreaterThanOrEqual(questions.length);
      expect(answers.map(letters)).toEqual((await answersOf(port, questions)).map(letters));
    } finally {
      await peer.stop();
    }
  });

  it.skipIf(left)('copies the zone with every type from Portolan', { timeout: 60_000 }, async () => {
    const [port] = (await findFreePorts(1)) as [number];
    const spec = { port, primaryPort: dnsPort, zone: 'example', folder: join(folder.path, `${name}-copy`) };
    const secondary = await SECONDARIES[name].start(spec);
    try {
      await until('the copy is served', async () => (await answersOf(port, ['example. SOA'])).length === 1);
      const questions = questionsOf(EVERY_TYPE);
      const answers = await answersOf(dnsPort, questions);
      expect((await answersOf(port, questions)).map(inLowerCase)).toEqual(answers.map(inLowerCase));
    } finally {
      await secondary.stop();
    }
  });
});
