// What the benchmark uses of packages that come without types, beside what the tests do.

declare module 'parse-torrent' {
  export function toTorrentFile(parsed: unknown): Uint8Array;
}

declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events';

  export class Server extends EventEmitter {
    constructor(options: { udp?: boolean; http?: boolean; ws?: boolean; stats?: boolean });
    listen(port: number, hostname: { http: string; udp: string; udp6: string }): void;
  }
}
