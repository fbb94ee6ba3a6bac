// What one request may cost. Torrents have the limit of the configuration.

/** Lists, magnet links and JSON around them: the longest public lists have some 20,000 octets. */
export const MAX_TEXT_OCTETS = 1024 * 1024;

/** As many as a torrent may have; each becomes a decision in memory. */
export const MAX_URLS = 10_000;

/** Each is a query to the resolver, sent for a stranger; public lists name some 200. */
export const MAX_HOSTS = 500;

/** Bodies that are in memory at once, over all connections; a client whose body would not fit is told to try again. */
export const MAX_HELD_OCTETS = 128 * 1024 * 1024;

/** Clients whose rate is remembered, the least recent forgotten first; the rate limiter's own default. */
export const MAX_CLIENTS = 5000;

/** Of a streamed body: a magnet link of the longest public lists has some 20,000 octets. */
export const MAX_LINE_OCTETS = 65_536;

/** Streams at once, over all connections; each holds a connection of the 256 that an address has. */
export const MAX_STREAMS = 32;
/** Of one client: the others stay for others. */
export const MAX_STREAMS_OF_CLIENT = 8;

/** What a stream has in memory: a chunk of either direction with its decisions, and the hosts that it named. */
export const STREAM_OCTETS = 2 * 1024 * 1024;

/** Look-ups of one stream in flight; the resolver has 256 for all. */
export const MAX_STREAM_LOOKUPS = 32;
/** Outcomes that one stream remembers, some 300 octets each; then all are forgotten, and the resolver answers for most. */
export const MAX_STREAM_HOSTS = 4096;

/** A stream on which nothing has moved in either direction for so long is ended; as long as a body has for coming whole. */
export const STREAM_IDLE_MILLISECONDS = 30_000;
