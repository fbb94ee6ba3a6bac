// Tracker URLs as people and logs may see them. Private trackers put a passkey into the path, the query, the userinfo
// and sometimes the host; whoever has it announces as its owner. So this shows what is known to be harmless and hides
// the rest, and hides whatever could act on a terminal.

const HIDDEN = '…';

/** What path segments of trackers and the names of their parameters are; any other word may be somebody's key. */
const WORDS = new Set(
  (
    'announce announces announcer scrape ann anno tracker trackers torrent torrents track peers peer bittorrent index public ' +
    'private open free http https udp api rss feed web static test main anime music book books movies passkey ' +
    'pass authkey auth key secret token torrentpass torrent_pass user username uid userid user_id infohash info_hash peer_id ' +
    'port uploaded downloaded left event compact numwant no_peer_id ipv4 ipv6 corrupt redundant supportcrypto source'
  ).split(' '),
);
/** What is served there; the extension of a script is no secret. */
const EXTENSION = /\.(?:php[3-8]?|html?|aspx?|ashx|jsp|cgi|do|py|pl)$/i;
/** Too few to be a key: at the least, keys have 16 characters. */
const MAX_SHORT_CHARACTERS = 3;

/** Shorter host labels are names; keys of private trackers have 32 characters, and 16 at the least. */
const MIN_KEY_CHARACTERS = 16;
/** RFC 9562 §4. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The URL with `…` for userinfo, for path segments and parameter names that are neither common words of trackers
 * nor a few letters or a version number, for every parameter value and fragment, and for host labels that look like keys. Text without `://` is hidden whole.
 */
export function redactUrl(url: string): string {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd < 0 || !/^[a-z][a-z0-9+.-]*$/i.test(url.slice(0, schemeEnd))) return url === '' ? '' : HIDDEN;
  const authorityStart = schemeEnd + 3;
  const authorityEnd = indexOfAny(url, '/?#\\', authorityStart);
  const pathEnd = indexOfAny(url, '?#', authorityEnd);
  const queryEnd = indexOfAny(url, '#', pathEnd);
  return (
    url.slice(0, authorityStart) +
    redactAuthority(url.slice(authorityStart, authorityEnd)) +
    redactPath(url.slice(authorityEnd, pathEnd)) +
    redactQuery(url.slice(pathEnd, queryEnd)) +
    (url.length > queryEnd + 1 ? `#${HIDDEN}` : url.slice(queryEnd))
  );
}

function redactAuthority(authority: string): string {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const shown = /^[\p{L}\p{M}\p{N}_.:[\]%-]*$/u.test(host) ? redactLabels(host) : HIDDEN;
  return at < 0 ? shown : `${HIDDEN}@${shown}`;
}

/** Names of Tor and I2P are long and random, and no secret. A port is looked at as a label is: it may be none. */
function redactLabels(host: string): string {
  if (/\.(?:onion|i2p)(?::[0-9]*)?$/i.test(host)) return host;
  return host.replaceAll(/[^.:[\]%]+/g, (label) => (isLikeKey(label) ? HIDDEN : label));
}

/** A UUID, or a word of the length of a key that has digits or is all hexadecimal. Labels of IDNA look like that, too. */
function isLikeKey(label: string): boolean {
  if (label.length < MIN_KEY_CHARACTERS || /^xn--/i.test(label)) return false;
  if (UUID.test(label)) return true;
  return label
    .split('-')
    .some((word) => word.length >= MIN_KEY_CHARACTERS && /^(?:(?=.*[0-9])[a-z0-9_]+|[a-f]+)$/i.test(word));
}

function redactPath(path: string): string {
  return path.split('/').map(redactWord).join('/');
}

function redactQuery(query: string): string {
  if (query.length <= 1) return query;
  const parameters = query.slice(1).split('&');
  return `?${parameters.map(redactParameter).join('&')}`;
}

function redactParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return redactWord(parameter);
  return `${redactWord(parameter.slice(0, equals))}=${equals + 1 < parameter.length ? HIDDEN : ''}`;
}

/** Shows common words, up to three letters, and version numbers, with or without the extension of a script. */
function redactWord(word: string): string {
  if (word === '') return '';
  const stem = word.replace(EXTENSION, '');
  const isShort = stem.length <= MAX_SHORT_CHARACTERS && /^(?:[a-z]+|[A-Z]+|v?[0-9]{1,2})$/.test(stem);
  return isShort || WORDS.has(stem.toLowerCase()) ? word : HIDDEN;
}

/** The first of these characters from `start` on, or the end. */
function indexOfAny(text: string, characters: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    if (characters.includes(text.charAt(index))) return index;
  }
  return text.length;
}

/** A host as {@link redactUrl} shows it: some private trackers put the passkey there. */
export function redactHost(host: string): string {
  const scheme = 'udp://';
  return redactUrl(scheme + host).slice(scheme.length);
}
