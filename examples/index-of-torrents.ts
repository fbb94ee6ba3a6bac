// An index of torrents looks every host up once, remembers it over restarts, and puts its torrents right.

import {
  createDecisionMemo,
  createResolver,
  hostsOfTorrent,
  lookUpHosts,
  readCacheFile,
  rewriteTorrent,
  writeCacheFile,
} from 'portolan';

export async function rewriteAll(
  torrents: readonly Uint8Array[],
  { servers, cacheFile }: { readonly servers: readonly string[]; readonly cacheFile: string },
): Promise<Uint8Array[]> {
  const resolver = createResolver({ servers, remembered: await readCacheFile(cacheFile) });
  try {
    const lookup = await lookUpHosts(
      resolver,
      torrents.flatMap((torrent) => hostsOfTorrent(torrent)),
    );
    const memo = createDecisionMemo();
    return torrents.map((torrent) => {
      const result = rewriteTorrent(torrent, lookup, { memo });
      return result.kind === 'rewritten' ? result.octets : torrent;
    });
  } finally {
    resolver.close();
    await writeCacheFile(cacheFile, resolver.remembered());
  }
}
