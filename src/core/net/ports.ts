// Where servers wait unless somebody says otherwise.

/** RFC 1035 §4.2. */
export const DNS_PORT = 53;
/** RFC 7858 §3.1. */
export const DNS_TLS_PORT = 853;

/** RFC 9110 §4.2. */
export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;
