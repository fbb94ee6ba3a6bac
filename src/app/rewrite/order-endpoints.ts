// For `rewrite --probe`: the endpoints that a host declares, those that answer first ("the client should attempt to fix the
// URL by trying connections", BEP 34). They are tried once a host and run, at the path `/announce` and for a torrent that
// does not exist: no passkey and no info-hash goes anywhere, and the peers that asked leave again.

import type { Endpoint } from '../../core/net/endpoint.ts';
import { HTTP_PORT, HTTPS_PORT } from '../../core/net/ports.ts';
import type { Outcome } from '../../core/preference/outcome.ts';
import type { ProbeResult, Prober } from '../probe/probe.ts';
import type { ProbeEndpoint } from '../probe/probe-plan.ts';

const PATH = '/announce';

/** Of outcomes other than `declared`, and of single endpoints, nothing is tried. */
export function createEndpointOrder(prober: Prober): (host: string, outcome: Outcome) => Promise<Outcome> {
  return async (host, outcome) => {
    if (outcome.kind !== 'declared' || outcome.endpoints.length === 1) return outcome;
    const places = outcome.endpoints.flatMap((endpoint) => placesOf(host, endpoint));
    const results = await prober.probe({ host, outcome, endpoints: places });
    const answers = (endpoint: Endpoint): boolean =>
      results.some((result) => isAt(result, endpoint) && doesAnswer(result));
    const endpoints = [
      ...outcome.endpoints.filter(answers),
      ...outcome.endpoints.filter((endpoint) => !answers(endpoint)),
    ];
    return { ...outcome, endpoints };
  };
}

/** A TCP port may speak either: the record cannot say. */
function placesOf(host: string, { transport, port }: Endpoint): ProbeEndpoint[] {
  const at = (scheme: ProbeEndpoint['scheme']): ProbeEndpoint => ({ scheme, port, host, path: PATH });
  if (transport === 'udp') return [at('udp')];
  if (port === HTTPS_PORT) return [at('https')];
  return port === HTTP_PORT ? [at('http')] : [at('http'), at('https')];
}

function isAt({ endpoint }: ProbeResult, { transport, port }: Endpoint): boolean {
  return endpoint.port === port && (endpoint.scheme === 'udp') === (transport === 'udp');
}

/** A tracker that refuses a stranger answers; what speaks another protocol does not. */
function doesAnswer({ milliseconds, problems }: ProbeResult): boolean {
  return (
    milliseconds !== undefined && !problems.some(({ code }) => code === 'malformed' || code === 'not-tls')
  );
}
