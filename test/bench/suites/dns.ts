// Queries over UDP to a small zone and to a large one, a tenth of them for names that it has not.

import { join } from 'node:path';
import { runContest } from '../contest.ts';
import { DNSPERF_HINT, dnsperfLevel, isDnsperfInstalled, writeQueries } from '../load/dnsperf.ts';
import type { LoadResult } from '../load/load-result.ts';
import { udpLevels, warmUp } from '../load/udp-levels.ts';
import { bind } from '../peers/bind.ts';
import { coredns } from '../peers/coredns.ts';
import { dns2 } from '../peers/dns2.ts';
import { echoDns } from '../peers/echo.ts';
import { knot } from '../peers/knot.ts';
import { nsd } from '../peers/nsd.ts';
import type { Peer, ZoneScenario } from '../peers/peer.ts';
import { portolanDns } from '../peers/portolan.ts';
import { powerdns } from '../peers/powerdns.ts';
import { createFolder, removeFolder } from '../temporary-folder.ts';
import { APEX, writeZone } from '../zones.ts';
import { choosePeers, type Suite } from './suite.ts';

const NEGATIVE_PERCENT = 10;
/** The share of NXDOMAIN answers in which chance may show. */
const NEGATIVE_SHARE = { least: 0.08, most: 0.12 };
const PEERS = [portolanDns, echoDns, nsd, knot, bind, powerdns, coredns, dns2];

export const dnsSuite: Suite = {
  name: 'dns',
  description: 'queries over UDP, zone of 1,000 names, 10 % NXDOMAIN',
  run: (options, load) => runDns({ suite: 'dns', names: 1000, peers: PEERS }, options, load),
};

export const dnsMillionSuite: Suite = {
  name: 'dns-million',
  description: 'the same with 1,000,000 names, asked at random',
  run: (options, load) => {
    const names = options.isQuick ? 20_000 : 1_000_000;
    return runDns({ suite: 'dns-million', names, peers: PEERS }, options, load);
  },
};

interface DnsContest {
  readonly suite: string;
  readonly names: number;
  readonly peers: readonly Peer<ZoneScenario>[];
}

async function runDns(
  { suite, names, peers }: DnsContest,
  options: Parameters<Suite['run']>[0],
  load: Parameters<Suite['run']>[1],
) {
  const folder = createFolder();
  try {
    const zoneFile = join(folder, `${APEX}.zone`);
    writeZone(zoneFile, names);
    const protocol = { name: 'dns', apex: APEX, names, negativePercent: NEGATIVE_PERCENT } as const;
    const levels = udpLevels(load, protocol, options);
    if (options.isCrossChecked && isDnsperfInstalled()) {
      const queries = join(folder, 'queries');
      writeQueries(queries, protocol);
      levels.push(dnsperfLevel(queries, options));
    } else if (options.isCrossChecked) {
      options.log(`${suite}: dnsperf is not installed and does not check our generator; ${DNSPERF_HINT}`);
    }
    const contest = {
      suite,
      title: `queries over UDP, ${names.toLocaleString('en-US')} names, ${NEGATIVE_PERCENT} % NXDOMAIN`,
      scenario: { apex: APEX, zoneFile, names },
      peers: choosePeers(peers, options.only),
      levels: levels.map((level) => ({ ...level, remark: remarkNegative })),
      prepare: (target: Parameters<typeof warmUp>[1]) =>
        warmUp(load, target, protocol, options.isQuick ? 0.2 : 2),
    };
    return await runContest(contest, options);
  } finally {
    removeFolder(folder);
  }
}

/** A server that does not say NXDOMAIN as often as it is asked for names that are not there does other work. */
function remarkNegative(name: string, { answers, negative }: LoadResult): string | undefined {
  const share = negative / answers;
  const isRight = share > NEGATIVE_SHARE.least && share < NEGATIVE_SHARE.most;
  if (isRight || name === echoDns.name) return undefined;
  return `${name}: ${Math.round(share * 100)} % of the answers were NXDOMAIN`;
}
