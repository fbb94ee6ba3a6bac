// Where name servers wait unless somebody says otherwise.

/** RFC 1035 §4.2. */
export const DNS_PORT = 53;
/** RFC 7858 §3.1. */
export const DNS_TLS_PORT = 853;
