// Why a URL became what it became, in sentences for people who have never heard of BEP 34.

import { formatEndpoint } from '../../core/net/endpoint.ts';
import type { Decision } from '../../core/rewrite/decide.ts';
import type { UrlFault } from '../../core/rewrite/tracker-url.ts';

const FAULTS: Readonly<Record<UrlFault['code'], string>> = {
  'bad-scheme': 'it does not begin with udp, http, https, ws or wss',
  'empty-host': 'it names no host',
  'bad-host': 'its host is not a name that all programs read alike',
  'bad-port': 'its port is not a number from 1 to 65535',
  'bad-character': 'it holds a blank or a control character',
};

/** One or two sentences. Nothing of the URL is in them. */
export function explain(decision: Decision): string {
  const { reason, outcome, fault, urls } = decision;
  const declared = declaredPorts(decision);
  switch (reason) {
    case 'listed':
      return `The tracker declares ${declared}, so this URL is right.`;
    case 'replaced':
      return `The tracker declares ${declared}, in this order.`;
    case 'denied':
      return `${deniedWhy(decision)} ${urls.length === 0 ? 'The URL is removed.' : 'The URL is kept all the same.'}`;
    case 'silent':
      return `${silentWhy(decision)} The URL stays.`;
    case 'conflict':
      return 'The host has several records that differ, so none of them is followed. The URL stays.';
    case 'failed': {
      const why = outcome?.kind === 'failed' ? ` (${outcome.reason})` : '';
      return `The host could not be looked up${why}. The URL stays.`;
    }
    case 'literal':
      return 'An IP address has no record to look up. The URL stays.';
    case 'malformed':
      return `This is not a tracker URL: ${fault === undefined ? 'it cannot be read' : FAULTS[fault]}. It stays.`;
    case 'downgrade-refused':
      return `The tracker declares ${declared}, which is clear text. The URL stays, so that no passkey travels in the open.`;
    case 'no-candidate':
      return `The tracker declares ${declared}, which WebSocket cannot use. The URL stays.`;
    case 'off':
      return 'Rewriting is off. The URL stays.';
  }
}

/** `UDP:6969, then TCP:80`. */
function declaredPorts({ outcome }: Decision): string {
  return outcome?.kind === 'declared' ? outcome.endpoints.map(formatEndpoint).join(', then ') : 'nothing';
}

function deniedWhy({ outcome }: Decision): string {
  return outcome?.kind === 'denied' && outcome.probableTypo
    ? 'The record of the host names no valid port, which means that it has no tracker; most likely it is mistyped.'
    : 'The host says that it has no tracker.';
}

function silentWhy({ outcome }: Decision): string {
  if (outcome === undefined || outcome.kind !== 'silent' || outcome.reason === 'not-asked')
    return 'DNS does not hold such a name, so nobody was asked.';
  return outcome.reason === 'no-name'
    ? 'There is no host of this name in DNS.'
    : 'The host says nothing of its ports.';
}
