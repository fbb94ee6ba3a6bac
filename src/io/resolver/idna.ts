// Host names in Unicode to the names that DNS holds. By the URL of the web, which browsers have too.

/** What ends a host in a URL, or is taken out of one. */
const NOT_OF_A_HOST = /[\p{Cc}\s/?#@:\\]/u;

/** UTS #46 by the standard library: lower case, `xn--` labels; undefined for what is no host name. */
export function toAsciiHost(host: string): string | undefined {
  if (host === '' || NOT_OF_A_HOST.test(host)) return undefined;
  return URL.parse(`http://${host}`)?.hostname;
}
