// The rewriting service on an address of its own, with a zone for an answer to its look-ups.

import { onTestFinished } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { createRewriteService } from '../../../src/app/rewrite-service/service.ts';
import { systemClock } from '../../../src/io/clock.ts';
import type { Logger } from '../../../src/io/log.ts';
import { openUdpSocket } from '../../../src/io/udp-socket.ts';
import { authorityOf, imageOf } from '../../support/authority-of.ts';
import { zoneText } from '../../support/serving.ts';

export const PREFERENCES = `
two   TXT "BITTORRENT UDP:6969 TCP:6970"
plain TXT "BITTORRENT TCP:80"
none  TXT "BITTORRENT DENY ALL"
typo  TXT "BITTORRENT UDP6969"
mute  TXT "v=spf1 -all"
many  TXT "BITTORRENT UDP:1"
many  TXT "BITTORRENT UDP:2"
xss   TXT "BITTORRENT UDP:7 <img/src=x/onerror=alert(1)> \\027[31m"
`;

export interface ServiceOptions {
  /** Keys of the section `[rewriter]`. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>;
  readonly logger?: Logger;
  readonly requestMilliseconds?: number;
  readonly idleMilliseconds?: number;
}

export interface LogLine {
  readonly message: string;
  readonly fields: unknown;
}

/** Every line that is logged, and a logger that writes them. */
export function recordLog(): { readonly lines: LogLine[]; readonly logger: Logger } {
  const lines: LogLine[] = [];
  const write = (message: string, fields?: unknown): void => void lines.push({ message, fields });
  return { lines, logger: { debug: write, info: write, warn: write, error: write } };
}

export async function startService({ settings = {}, logger, ...times }: ServiceOptions = {}) {
  const image = imageOf(zoneText('example', PREFERENCES), 'example.', { tolerated: TOLERATED });
  const { handle } = authorityOf(image);
  const dns = await openUdpSocket({ address: '127.0.0.1', port: 0, handler: handle, clock: systemClock });
  const { lines, logger: recorder } = recordLog();
  const service = createRewriteService(rewriterConfig(settings, dns.port), {
    logger: logger ?? recorder,
    ...times,
  });
  const server = await service.open();
  onTestFinished(async () => {
    service.close();
    await server!.close();
    await dns.close();
  });
  const { address } = server!;
  const origin = `http://${address.address}:${address.port}`;
  return {
    address,
    origin,
    log: lines,
    ask: (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, init),
    post: (
      body: string | Uint8Array<ArrayBuffer> | Blob,
      type: string | undefined,
      init: { path?: string; headers?: Record<string, string> } = {},
    ) =>
      fetch(`${origin}${init.path ?? '/v1/rewrite'}`, {
        method: 'POST',
        body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
        headers: { ...(type === undefined ? {} : { 'content-type': type }), ...init.headers },
      }),
  };
}

const TOLERATED = ['preference-conflict', 'preference-typo'] as const;

function rewriterConfig(settings: Required<ServiceOptions>['settings'], dnsPort: number) {
  const keys = Object.entries(settings).map(([key, value]) => [`rewriter.${key}`, value]);
  const flags = {
    'rewriter.listen': '127.0.0.1:0',
    'rewriter.resolvers': [`127.0.0.1:${dnsPort}`],
    ...Object.fromEntries(keys),
  };
  const result = readConfig({ flags, workingDirectory: '/' });
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  return result.config.rewriter;
}
