// What is wrong with what came back from one address of a tracker. A random info-hash has no peers but those of the
// probe, so that a list of the other family can only be a mistake.

import { redactUrl } from '../../core/rewrite/redact.ts';
import type { AnnounceResult } from '../../core/tracker/client/announce-query.ts';
import type { HttpResult } from '../../io/tracker-clients/http-tracker-client.ts';
import type { Reached } from '../../io/tracker-clients/reached.ts';

export const PROBLEMS = [
  'no-address', // the host has no address, or none of the family that was asked for
  'lookup-failed', // the addresses of the host cannot be had
  'no-route', // this machine cannot reach the family
  'silence', // nothing came in time
  'closed', // the port is closed: ICMP or a reset says so
  'unreachable', // another error of the network
  'tls-name', // the certificate is for other names
  'tls-expired', // it has expired
  'tls-expires-soon', // it will within days
  'tls-untrusted', // nobody whom this machine trusts has signed it
  'not-tls', // what answers does not speak TLS
  'redirect', // HTTP status 3xx, which few clients follow
  'status', // another HTTP status than 200
  'malformed', // the reply is none of a tracker, or its peers have an odd size
  'refused', // the tracker says no
  'no-peers', // no `peers` in the reply, which several clients cannot read
  'no-peers6', // no `peers6` over IPv6 (BEP 7)
  'wrong-family', // peers of a family over which nobody announced
  'interval', // shorter than a minute or longer than a day
] as const;

export interface Problem {
  readonly code: (typeof PROBLEMS)[number];
  /** A sentence; may hold what the tracker said. */
  readonly message: string;
}

/** newTrackon refuses trackers below 5 minutes and above 3 hours; torrust and aquatic say 2 minutes by default. */
const MIN_INTERVAL_SECONDS = 60;
/** Peers of such a tracker would all have been forgotten by any other. */
const MAX_INTERVAL_SECONDS = 86_400;

type Announced = Extract<AnnounceResult, { kind: 'announced' }>;

/** Nothing for a reply without a fault of its own. */
export function judgeReached(reached: Reached<HttpResult>): readonly Problem[] {
  switch (reached.kind) {
    case 'silence':
      return [{ code: 'silence', message: 'nothing came in time' }];
    case 'unreachable':
      return [judgeError(reached.code)];
    case 'answered':
      return judgeResult(reached.result);
  }
}

function judgeResult(result: HttpResult): readonly Problem[] {
  switch (result.kind) {
    case 'malformed':
      return [{ code: 'malformed', message: result.message }];
    case 'refused':
      return [{ code: 'refused', message: `the tracker refuses: ${result.reason}` }];
    case 'status': {
      const { status, location } = result;
      const isRedirect = status >= 300 && status < 400;
      const where = location === undefined ? '' : `, to ${showPlace(location)}`;
      return [
        {
          code: isRedirect ? 'redirect' : 'status',
          message: `it answers with HTTP status ${status}${where}`,
        },
      ];
    }
    case 'announced':
      return judgeInterval(result);
  }
}

/** Without the query, which is what was asked, and without what may be a passkey. */
function showPlace(location: string): string {
  const [place = ''] = location.split(/[?#]/, 1);
  return redactUrl(place);
}

function judgeInterval({ interval }: Announced): readonly Problem[] {
  if (interval >= MIN_INTERVAL_SECONDS && interval <= MAX_INTERVAL_SECONDS) return [];
  return [{ code: 'interval', message: `it asks for an announce every ${interval} s` }];
}

export interface ListExpectation {
  readonly family: 4 | 6;
  readonly isHttp: boolean;
  /** False where others may have announced the same info-hash. */
  readonly isAlone: boolean;
}

/** The lists of a reply to an announce that followed one of another peer over the same family. */
export function judgeLists(
  { peers, peers6 }: Announced,
  { family, isHttp, isAlone }: ListExpectation,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (isHttp && peers === undefined) {
    problems.push({
      code: 'no-peers',
      message: 'the reply has no "peers", which several clients cannot read',
    });
  }
  if (family === 6 && peers6 === undefined) {
    problems.push({ code: 'no-peers6', message: 'the reply over IPv6 has no "peers6" (BEP 7)' });
  }
  const foreign = family === 4 ? peers6 : peers;
  if (isAlone && foreign !== undefined && foreign.length > 0) {
    const other = family === 4 ? 6 : 4;
    problems.push({
      code: 'wrong-family',
      message: `it lists IPv${other} peers, but announced was over IPv${family} only`,
    });
  }
  return problems;
}

/** Let's Encrypt renews a month before the end: with a week left something is wrong. */
const MIN_CERTIFICATE_DAYS = 7;
/** Of a certificate's dates. */
const DAY_SECONDS = 86_400;

export function judgeCertificate(validToSeconds: number, nowSeconds: number): readonly Problem[] {
  const days = Math.floor((validToSeconds - nowSeconds) / DAY_SECONDS);
  if (days >= MIN_CERTIFICATE_DAYS) return [];
  return [
    { code: 'tls-expires-soon', message: `the certificate expires in ${days} day${days === 1 ? '' : 's'}` },
  ];
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** `code` is the system's, OpenSSL's or Node's. */
function judgeError(code: string): Problem {
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET')
    return {
      code: 'closed',
      message: code === 'ECONNREFUSED' ? 'the port is closed' : 'the connection is cut before an answer',
    };
  if (code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')
    return { code: 'no-route', message: 'this machine has no way to it; --family leaves the other out' };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { code: 'tls-name', message: 'the certificate is for other names' };
  if (code === 'CERT_HAS_EXPIRED') return { code: 'tls-expired', message: 'the certificate has expired' };
  if (UNTRUSTED.has(code))
    return { code: 'tls-untrusted', message: 'the certificate is signed by nobody whom this machine trusts' };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return { code: 'not-tls', message: 'what answers does not speak TLS' };
  return { code: 'unreachable', message: `it cannot be reached: ${code}` };
}
