// `node echo-https-server.ts ADDRESS PORT CERTIFICATE KEY`: the same response to whatever comes, by Node's own HTTPS.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { BODY } from './echo-response.ts';

const [address, port, cert, key] = process.argv.slice(2) as [string, string, string, string];

createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': BODY.length });
  response.end(BODY);
}).listen(Number(port), address, 511);
