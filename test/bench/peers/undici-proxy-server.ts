// `node undici-proxy-server.ts ADDRESS PORT UPSTREAM`: a plain reverse proxy on node:http and undici. Whatever is asked goes
// to the upstream, path and query as they are, and its answer comes back; nothing is looked at.

import { createServer } from 'node:http';
import { Pool } from 'undici';

const [address, port, upstream] = process.argv.slice(2) as [string, string, string];
const pool = new Pool(upstream, { connections: 64 });

const server = createServer({ noDelay: true }, (request, response) => {
  const url = request.url!;
  const path = url.startsWith('/') ? url : url.slice(url.indexOf('/', 'http://'.length));
  pool
    .request({ method: 'GET', path, headers: { 'user-agent': request.headers['user-agent'] ?? '' } })
    .then(async ({ statusCode, headers, body }) => {
      const octets = Buffer.from(await body.arrayBuffer());
      response.writeHead(statusCode, {
        'content-type': String(headers['content-type']),
        'content-length': octets.length,
      });
      response.end(octets);
    })
    .catch(() => void response.writeHead(502).end());
});
server.listen(Number(port), address, 511);
