// `node echo-http-server.ts ADDRESS PORT`: the same response to whatever comes, closing where the client says so.

import { createServer } from 'node:net';

const [address, port] = process.argv.slice(2) as [string, string];
/** A bencoded reply of 50 peers is about as long. */
const BODY_OCTETS = 400;
const body = `d${'x'.repeat(BODY_OCTETS - 2)}e`;
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (octets) => {
    // A request of the load generator ends in "Connection: close" or "Connection: keep-alive".
    if (octets.at(-6) === 's'.charCodeAt(0)) socket.end(response);
    else socket.write(response);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(port), address, 511);
