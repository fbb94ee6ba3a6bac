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
