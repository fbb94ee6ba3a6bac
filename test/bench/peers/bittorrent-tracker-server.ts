// `node bittorrent-tracker-server.ts udp|http PORT`

import { Server } from 'bittorrent-tracker';

const [transport, port] = process.argv.slice(2) as [string, string];
const server = new Server({ udp: transport === 'udp', http: transport === 'http', ws: false, stats: false });
server.on('warning', () => {
  // An announce that it did not like: the load generator counts the answer.
});
const hostname = { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' };
server.listen(Number(port), hostname);
