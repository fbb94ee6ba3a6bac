// What ends a look-up that would go on, and what of it says nothing of the server.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createResolver } from '../../../src/io/resolver/resolver.ts';
import {
  answers,
  answersWith,
  cname,
  createHostileDns,
  type HostileDns,
  overUdpAndTcp,
  replyTo,
  silence,
  truncated,
  txt,
} from '../../support/hostile-dns.ts';

const AUTHENTIC = 0x20;
const PREFERENCE = 'BITTORRENT TCP:80';

let dns: HostileDns;
let other: HostileDns;

beforeAll(async () => {
  [dns, other] = await Promise.all([createHostileDns(), createHostileDns()]);
});

afterAll(() => Promise.all([dns.close(), other.close()]));

test.each([
  [[true, true, true], true],
  [[false, true, true], false],
  [[true, false, true], false],
  [[true, true, false], false],
])(
  'an alias of an alias whose three answers have AD as %j is authentic: %s',
  async (signed, authenticated) => {
    const names = ['first', 'second', 'third'].map((label) => `${label}-${signed.map(Number).join('')}.test`);
    for (const [index, name] of names.entries()) {
      const next = names[index + 1];
      const record = next === undefined ? txt(name, PREFERENCE) : cname(name, next);
      dns.on(name, answersWith({ flags: signed[index] ? AUTHENTIC : 0, answers: [record] }));
    }
    const resolver = createResolver({ servers: [dns.server] });
    expect(await resolver.lookupPreference(names[0]!)).toMatchObject({ kind: 'declared', authenticated });
  },
);

test('answers to other questions over TCP are passed over in twice the octets of a reply, and no more', async () => {
  /** One of 4 kB and the good one behind them. */
  const sends = (strangers: number) =>
    overUdpAndTcp(truncated, (asked) => {
      const stranger = replyTo(asked, {
        answers: Array.from({ length: 15 }, () => txt('x.test', 'x'.repeat(250))),
      });
      stranger[0]! ^= 1;
      for (let left = strangers; left > 0; left--) asked.send(stranger);
      answers(txt(asked.query.questions![0]!.name, PREFERENCE))(asked);
    });
  dns.on('few.test', sends(2));
  dns.on('many.test', sends(10));
  const resolver = createResolver({ servers: [dns.server] });
  expect(await resolver.lookupPreference('few.test')).toMatchObject({ kind: 'declared' });
  expect(await resolver.lookupPreference('many.test')).toEqual({
    kind: 'failed',
    reason: 'the reply is too large to be an answer',
  });
});

test('a server that was not waited for is still asked first', async () => {
  dns.on('given-up.test', silence);
  for (const server of [dns, other]) server.on('next.test', answers(txt('next.test', PREFERENCE)));
  const resolver = createResolver({ servers: [dns.server, other.server] });
  const controller = new AbortController();
  const lookup = resolver.lookupPreference('given-up.test', controller.signal);
  await expect.poll(() => dns.asked('given-up.test').length).toBe(1);
  controller.abort();
  await expect(lookup).rejects.toMatchObject({ name: 'AbortError' });
  expect(await resolver.lookupPreference('next.test')).toMatchObject({ kind: 'declared' });
  expect([dns, other].map((server) => server.asked('next.test').length)).toEqual([1, 0]);
});
