// What the load process can be told to do, in a form that passes between processes.

import { createAnnounceProtocol } from './announce-protocol.ts';
import { createDnsProtocol } from './dns-protocol.ts';
import { HttpLoad, type HttpLoadOptions } from './http-load.ts';
import { type HttpsLoadOptions, runHttpsLoad } from './https-load.ts';
import type { LoadResult } from './load-result.ts';
import type { ProtocolSpec, UdpProtocol } from './protocol.ts';
import { createConnectProtocol, createScrapeProtocol } from './scrape-protocol.ts';
import { UdpLoad, type UdpLoadOptions } from './udp-load.ts';

export type LoadJob =
  | (UdpLoadOptions & { readonly transport: 'udp'; readonly protocol: ProtocolSpec; readonly seed: number })
  | (HttpLoadOptions & { readonly transport: 'http' })
  | (HttpsLoadOptions & { readonly transport: 'https' });

export async function runJob(job: LoadJob): Promise<LoadResult> {
  switch (job.transport) {
    case 'http':
      return new HttpLoad(job).run();
    case 'https':
      return await runHttpsLoad(job);
    case 'udp':
      return new UdpLoad(createProtocol(job), job).run();
  }
}

function createProtocol({ protocol, seed, sockets }: Extract<LoadJob, { transport: 'udp' }>): UdpProtocol {
  switch (protocol.name) {
    case 'dns':
      return createDnsProtocol({ ...protocol, seed });
    case 'announce':
      return createAnnounceProtocol({ ...protocol, seed, sockets });
    case 'scrape':
      return createScrapeProtocol({ ...protocol, seed, sockets });
    case 'connect':
      return createConnectProtocol();
  }
}
