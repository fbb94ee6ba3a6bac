// `node service-server.ts service|echo PORT`: the rewriting service, or a handler on the same framework that returns the
// body that it got.

import Fastify from 'fastify';
import { readConfig } from '../../../src/app/config/config.ts';
import { createRewriteService } from '../../../src/app/rewrite-service/service.ts';
import { systemClock } from '../../../src/io/clock.ts';
import { silentLogger } from '../../../src/io/log.ts';
import { openUdpSocket } from '../../../src/io/udp-socket.ts';
import { authorityOf, imageOf } from '../../support/authority-of.ts';
import { SERVICE_ZONE } from './service-work.ts';

const [kind, port] = process.argv.slice(2) as [string, string];
if (kind === 'service') await openService();
else await openEcho();

/** Its names are asked for once, and remembered. */
async function openService(): Promise<void> {
  const { handle } = authorityOf(imageOf(SERVICE_ZONE, 'example.'));
  const dns = await openUdpSocket({ address: '127.0.0.1', port: 0, handler: handle, clock: systemClock });
  const flags = {
    'rewriter.listen': `127.0.0.1:${port}`,
    'rewriter.resolvers': [`127.0.0.1:${dns.port}`],
    'rewriter.rate_limit': '0',
  };
  const result = readConfig({ flags, workingDirectory: '/' });
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  await createRewriteService(result.config.rewriter, { logger: silentLogger }).open();
}

async function openEcho(): Promise<void> {
  const server = Fastify({ bodyLimit: 1024 * 1024 });
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.post('/v1/rewrite', (request, reply) => reply.type('application/x-bittorrent').send(request.body));
  await server.listen({ host: '127.0.0.1', port: Number(port) });
}
