// `node echo-http-server.ts ADDRESS PORT`: the same response to whatever comes, closing where the client says so.

import { createServer } from 'node:net';
import { echoResponse, isLastRequest } from './echo-response.ts';

const [address, port] = process.argv.slice(2) as [string, string];
const response = echoResponse();

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (octets: Buffer) => {
    if (isLastRequest(octets, octets.length)) socket.end(response);
    else socket.write(response);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(port), address, 511);
