// `node zone-load-child.ts FILE NAMES QUERIES`: prints what loading the zone once and asking it took.

import { createCounters } from '../../../src/core/counters.ts';
import { createPacketSource, type PacketPrefetch } from '../../../src/core/net/packet-handler.ts';
import { createAuthority } from '../../../src/core/zone/answer/authority.ts';
import { createZonePrefetch } from '../../../src/core/zone/answer/prefetch.ts';
import { checkZone } from '../../../src/core/zone/check/check.ts';
import { createCatalog } from '../../../src/core/zone/image/catalog.ts';
import { compileZone } from '../../../src/core/zone/image/compile.ts';
import type { ZoneImage } from '../../../src/core/zone/image/image.ts';
import { parseZone } from '../../../src/core/zone/language/parser.ts';
import { readZoneFile } from '../../../src/io/files/zone-files.ts';
import { createPageCollapse } from '../../../src/io/packet-engine/huge-pages.ts';
import { createDnsProtocol } from '../load/dns-protocol.ts';
import { APEX } from '../zones.ts';

export interface ZoneLoadSample {
  /** Milliseconds, each. */
  readonly parse: number;
  readonly check: number;
  readonly compile: number;
  readonly imageOctets: number;
  /** Octets that the process grew by, at most. */
  readonly peakOctets: number;
  /** One query at a time, and as part of a batch of {@link BATCH}, as a busy worker answers it. */
  readonly nanosecondsPerQuery: number;
  readonly nanosecondsInBatch: number;
}

const SEED = 1;
const NEGATIVE_PERCENT = 10;
const SLOT_OCTETS = 512;
/** Queries written before they are answered and timed: as many as the first-level cache may hold. */
const BATCH = 64;

const [path, names, queries] = process.argv.slice(2) as [string, string, string];
const before = process.resourceUsage().maxRSS;
const { image, ...times } = load();
const peakOctets = (process.resourceUsage().maxRSS - before) * 1024;
// As the server does it: once the zone is published, so that no load takes longer.
createPageCollapse()(image.buffer);
const nanosecondsPerQuery = timeQueries(image, Number(queries), () => {});
const nanosecondsInBatch = timeQueries(image, Number(queries), prefetchOf(image));
const sample: ZoneLoadSample = {
  ...times,
  imageOctets: image.buffer.byteLength,
  peakOctets,
  nanosecondsPerQuery,
  nanosecondsInBatch,
};
process.stdout.write(JSON.stringify(sample));

function load() {
  const start = performance.now();
  const zone = parseZone(readZoneFile(path));
  const parsed = performance.now();
  const errors = [...zone.diagnostics, ...checkZone(zone)].filter(({ severity }) => severity === 'error');
  if (zone.apex === undefined || errors.length > 0) throw new Error(`the zone has ${errors.length} errors`);
  const checked = performance.now();
  const compiled = compileZone(
    { apex: zone.apex, records: zone.records },
    { seed: SEED, takesRecords: true },
  );
  return {
    image: compiled,
    parse: parsed - start,
    check: checked - parsed,
    compile: performance.now() - checked,
  };
}

function prefetchOf(zone: ZoneImage): PacketPrefetch {
  const { prefetch, publish } = createZonePrefetch();
  publish(createCatalog([zone], SEED));
  return prefetch;
}

/** Nanoseconds that an answer takes, what goes before a batch included; the first tenth of the queries is for the compiler. */
function timeQueries(zone: ZoneImage, count: number, prefetch: PacketPrefetch): number {
  const authority = createAuthority({ catalog: createCatalog([zone], SEED), counters: createCounters() });
  const protocol = createDnsProtocol({
    apex: APEX,
    names: Number(names),
    negativePercent: NEGATIVE_PERCENT,
    seed: 1,
  });
  const source = createPacketSource();
  const requests = new Uint8Array(BATCH * SLOT_OCTETS);
  const words = new Int32Array(requests.buffer);
  const reply = new Uint8Array(4096);
  const lengths = new Uint32Array(BATCH);
  let elapsed = 0;
  let octets = 0;
  for (let done = -count / 10; done < count; done += BATCH) {
    for (let index = 0; index < BATCH; index++)
      lengths[index] = protocol.write(requests, words, index * SLOT_OCTETS, index, 0);
    const start = performance.now();
    prefetch(requests, 0, SLOT_OCTETS, BATCH);
    for (let index = 0; index < BATCH; index++)
      octets += authority.handle(requests, index * SLOT_OCTETS, lengths[index]!, source, reply, 0, 0);
    if (done >= 0) elapsed += performance.now() - start;
  }
  if (octets === 0) throw new Error('nothing was answered');
  return (elapsed * 1e6) / count;
}
