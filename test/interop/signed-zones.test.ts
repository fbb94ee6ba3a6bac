// Zones signed by the field's tools, served by Portolan, NSD and Knot: the same questions to all three, and the answers
// compared section by section. Where those two differ, signed-disagreements.ts says who is right.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReplyLines } from '../support/dns-message.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { askAll, type Transport } from './dns-client.ts';
import { startKnot, startNsd } from './name-servers.ts';
import { isInstalled, isMissing, type Running } from './programs.ts';
import { DISAGREEMENTS, type Disagreement, type Section } from './signed-disagreements.ts';
import { type Question, questionsFor } from './signed-questions.ts';
import { type SignedServing, serveSignedZones } from './signed-serving.ts';
import { SIGNERS } from './signed-zones.ts';

const PROGRAMS = ['nsd', 'knotd', 'dnssec-signzone', 'dnssec-keygen', 'ldns-signzone'];
const left = PROGRAMS.some((program) => isMissing(`${program} is not installed`, isInstalled(program)));

const peers: Running[] = [];
const ports = { portolan: 0, nsd: 0, knot: 0 };
let serving: SignedServing | undefined;
/** Entries of DISAGREEMENTS that some question met. */
const met = new Set<Disagreement>();

beforeAll(async () => {
  if (left) return;
  serving = await serveSignedZones();
  const [nsd, knot] = (await findFreePorts(2)) as [number, number];
  Object.assign(ports, { portolan: serving.port, nsd, knot });
  peers.push(await startNsd(nsd, serving.zones, join(serving.folder, 'nsd')));
  peers.push(await startKnot(knot, serving.zones, join(serving.folder, 'knot')));
});

afterAll(async () => {
  await Promise.all(peers.map((peer) => peer.stop()));
  const code = await serving?.stop();
  expect(code ?? 0).toBe(0);
});

/** Records in any order, names in any case; of the head response code, flags and DO. */
function linesOf(reply: ReplyLines, section: Section): string {
  if (section === 'head') return JSON.stringify([reply.rcode, reply.flags, reply.edns?.dnssecOk]);
  return reply[section]
    .map((line) => line.toLowerCase())
    .sort()
    .join('\n');
}

interface Replies {
  readonly ours: ReplyLines;
  readonly nsd: ReplyLines;
  readonly knot: ReplyLines;
}

const HEAD_ONLY: readonly Section[] = ['head'];
const SECTIONS: readonly Section[] = ['head', 'answer', 'authority', 'additional'];

/** What is wrong with our reply, or undefined. */
function compare(question: Question, chain: 'NSEC' | 'NSEC3', replies: Replies): string | undefined {
  // What is left of a truncated answer is each server's own affair: ours leaves nothing.
  const sections = replies.ours.flags.includes('TC') ? HEAD_ONLY : SECTIONS;
  for (const section of sections) {
    const fault = compareSection(question, chain, replies, section);
    if (fault !== undefined) return `${section}: ${fault}`;
  }
  return undefined;
}

function compareSection(
  question: Question,
  chain: 'NSEC' | 'NSEC3',
  { ours, nsd, knot }: Replies,
  section: Section,
): string | undefined {
  const [own, theirs, others] = [ours, nsd, knot].map((reply) => linesOf(reply, section));
  if (own === theirs && own === others) return undefined;
  const shown = `\n${own}\n  NSD\n${theirs}\n  Knot\n${others}`;
  if (theirs === others) return shown;
  const known = DISAGREEMENTS.find((each) => each.sections.includes(section) && each.holds(question, chain));
  if (known === undefined) return `a disagreement that nobody has judged${shown}`;
  met.add(known);
  const right = { NSD: theirs, Knot: others, neither: own }[known.right];
  return own === right ? undefined : `not ${known.right}'s, though ${known.what}${shown}`;
}

describe.skipIf(left).each(SIGNERS)('$what', ({ name }) => {
  const chain = name.includes('-nsec.') ? 'NSEC' : 'NSEC3';

  it.each<[string, Transport, boolean]>([
    ['over UDP with DO', 'udp', true],
    ['over TCP with DO', 'tcp', true],
    ['over UDP without DO', 'udp', false],
  ])('is answered as by NSD and Knot %s', async (_how, transport, dnssecOk) => {
    const questions = questionsFor(name).map((question) => ({ ...question, edns: 1232, dnssecOk }));
    const ours = await askAll(ports.portolan, transport, questions);
    const nsd = await askAll(ports.nsd, transport, questions);
    const knot = await askAll(ports.knot, transport, questions);
    const faults = questions.flatMap((question, index) => {
      const fault = compare(question, chain, {
        ours: ours[index]!,
        nsd: nsd[index]!,
        knot: knot[index]!,
      });
      return fault === undefined ? [] : [`${question.name} ${question.type} ${fault}`];
    });
    expect(questions.length).toBeGreaterThan(1000);
    expect(faults.slice(0, 10)).toEqual([]);
  });
});

it.skipIf(left)('knows no disagreement that there is not', () => {
  expect(DISAGREEMENTS.filter((each) => !met.has(each)).map(({ what }) => what)).toEqual([]);
});
