import type * as dnsPacket from 'dns-packet';
import { expect, onTestFinished, test } from 'vitest';
import { verifyDelegation } from '../../../src/app/delegation/verify-delegation.ts';
import { type Delegation, delegationOf } from '../../../src/core/delegation/delegation.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { createParentServers } from '../../../src/io/dns-client/parent-servers.ts';
import { randomOctets } from '../../../src/io/random.ts';
import { createAddressLookup } from '../../../src/io/resolver/create-address-lookup.ts';
import {
  answers,
  answersWith,
  type Behaviour,
  createHostileDns,
  fails,
  type HostileDns,
  overUdpAndTcp,
  truncated,
} from '../../support/hostile-dns.ts';

function delegation(): Delegation {
  const text = '$ORIGIN z.deep.test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
  const { apex, records } = parseZone({ path: 'z', octets: Buffer.from(text) });
  return delegationOf({ apex: apex!, records }, () => new Uint8Array(0));
}

const ns = (data: string): dnsPacket.Record => ({ name: 'z.deep.test', type: 'NS', ttl: 60, data });
const address = (name: string, data: string): dnsPacket.Record => ({ name, type: 'A', ttl: 60, data });
const REFERRAL = {
  authorities: [ns('ns.z.deep.test')],
  additionals: [address('ns.z.deep.test', '192.0.2.1')],
};

const byType = (behaviours: Readonly<Record<string, Behaviour>>): Behaviour => {
  return (asked) => (behaviours[asked.query.questions![0]!.type] ?? answers())(asked);
};

/** `deep.test` is no zone of its own: the parent is `test`, served by one server here. */
async function verify(child: Behaviour, prepare: (dns: HostileDns) => void = () => {}) {
  const dns = await createHostileDns();
  onTestFinished(() => dns.close());
  dns.on('deep.test', answers());
  dns.on('test', byType({ NS: answers({ name: 'test', type: 'NS', ttl: 60, data: 'a.test' }) }));
  dns.on('a.test', byType({ A: answers(address('a.test', '127.0.0.1')) }));
  dns.on('z.deep.test', child);
  prepare(dns);
  const addresses = createAddressLookup({ servers: [dns.server] });
  const { signal } = new AbortController();
  const servers = createParentServers({ nameServers: [dns.server], clock: systemClock, signal });
  const port = Number(dns.server.split(':')[1]);
  const result = await verifyDelegation(delegation(), { servers, addresses, randomOctets, port });
  addresses.close();
  return { result, dns };
}

test('the parent is the closest zone above, and its server is asked for NS and DS', async () => {
  const { result } = await verify(byType({ NS: answersWith(REFERRAL) }));
  expect(result).toEqual({
    kind: 'asked',
    parent: 'test',
    verdicts: [
      {
        server: expect.stringMatching(/^a\.test \(127\.0\.0\.1:\d+\)$/),
        result: { kind: 'compared', differences: [] },
      },
    ],
  });
});

test('what the parent lacks is said', async () => {
  const { result } = await verify(byType({ NS: answersWith({ authorities: [ns('old.test')] }) }));
  if (result.kind !== 'asked') throw new Error('not asked');
  expect(result.verdicts[0]!.result).toMatchObject({
    kind: 'compared',
    differences: [
      { kind: 'missing', record: { data: 'ns.z.deep.test.' } },
      { kind: 'missing', record: { data: '192.0.2.1' } },
      { kind: 'extra', record: { data: 'old.test.' } },
    ],
  });
});

test('a truncated answer is asked for over TCP', async () => {
  const { result, dns } = await verify(overUdpAndTcp(truncated, byType({ NS: answersWith(REFERRAL) })));
  expect(result).toMatchObject({ verdicts: [{ result: { kind: 'compared', differences: [] } }] });
  expect(dns.asked('z.deep.test')).toContain('tcp');
});

test.each<[string, Behaviour, object]>([
  ['a server that refuses', fails('REFUSED'), { kind: 'failed', message: 'it answers REFUSED' }],
  [
    'a server that serves the zone, too',
    answersWith({ flags: 0x0400, answers: [ns('ns.z.deep.test')] }),
    { kind: 'own-zone' },
  ],
])('%s is told apart', async (_what, child, expected) => {
  const { result } = await verify(child);
  expect(result).toMatchObject({ verdicts: [{ result: expected }] });
});

test('a parent that cannot be found, and a server without address', async () => {
  const lost = await verify(answers(), (dns) => dns.on('deep.test', fails('SERVFAIL')));
  expect(lost.result).toMatchObject({ kind: 'failed', message: expect.stringContaining('ESERVFAIL') });
  const bare = await verify(answers(), (dns) => dns.on('a.test', answers()));
  expect(bare.result).toMatchObject({
    verdicts: [{ result: { kind: 'failed', message: 'it has no address' } }],
  });
});
