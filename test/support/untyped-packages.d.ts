// What the tests use of packages that come without types.

declare module 'create-torrent' {
  export default function createTorrent(
    input: unknown,
    options: {
      name?: string;
      announceList?: string[][];
      private?: boolean;
      createdBy?: string;
      pieceLength?: number;
    },
    callback: (error: Error | null, torrent: Uint8Array) => void,
  ): void;
}

declare module 'parse-torrent' {
  export default function parseTorrent(
    torrent: Uint8Array | string,
  ): Promise<{ infoHash: string; announce: string[]; name?: string }>;
}

declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events';

  export interface ClientOptions {
    readonly infoHash: Uint8Array | string;
    readonly peerId: Uint8Array | string;
    readonly port: number;
    readonly announce: string | readonly string[];
    readonly getAnnounceOpts?: () => Record<string, unknown>;
  }

  export interface AnnounceData {
    readonly announce: string;
    readonly complete: number;
    readonly incomplete: number;
    readonly interval?: number;
  }

  export class Server extends EventEmitter {
    readonly http: import('node:http').Server;
    readonly udp: import('node:dgram').Socket;
    constructor(options: { udp?: boolean; http?: boolean; ws?: boolean; stats?: boolean });
    listen(port: number, hostname: { http: string; udp: string; udp6: string }, listening?: () => void): void;
    close(callback?: () => void): void;
  }

  export class Client extends EventEmitter {
    constructor(options: ClientOptions);
    start(options?: Record<string, unknown>): void;
    update(options?: Record<string, unknown>): void;
    complete(options?: Record<string, unknown>): void;
    stop(options?: Record<string, unknown>): void;
    scrape(options?: { infoHash?: string[] }): void;
    destroy(callback?: (error: Error | null) => void): void;
  }
}
