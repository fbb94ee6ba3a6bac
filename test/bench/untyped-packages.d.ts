// What the benchmark uses of packages that come without types, beside what the tests do.

declare module 'parse-torrent' {
  export function toTorrentFile(parsed: unknown): Uint8Array;
}
