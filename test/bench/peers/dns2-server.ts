// `node dns2-server.ts PORT APEX NAMES`: answers A records of numbered names, NXDOMAIN for the rest.

import { createServer, Packet, type Resource } from 'dns2';
import { addressOf, nameOf } from '../zones.ts';

const [port, apex, names] = process.argv.slice(2) as [string, string, string];
const soa = {
  name: apex,
  type: Packet.TYPE.SOA,
  class: Packet.CLASS.IN,
  ttl: 60,
  primary: `ns.${apex}`,
  admin: `hostmaster.${apex}`,
  serial: 1,
  refresh: 3600,
  retry: 600,
  expiration: 604800,
  minimum: 60,
} as unknown as Resource;
const addresses = new Map<string, string>(); // one entry a name of the zone
for (let index = 0; index < Number(names); index++)
  addresses.set(`${nameOf(index)}.${apex}`, addressOf(index));

const server = createServer({
  udp: true,
  handle: (request, send) => {
    const response = Packet.createResponseFromRequest(request);
    const question = request.questions[0];
    const name = question?.name.toLowerCase() ?? '';
    const address = addresses.get(name);
    response.header.aa = 1;
    if (address !== undefined) {
      const record = { name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 300, address };
      // A plain object is what its own examples give it.
      response.answers.push(record as unknown as Resource);
    } else if (name === apex) {
      response.answers.push(soa);
    } else {
      response.header.rcode = 3;
      response.authorities.push(soa);
    }
    send(response);
  },
});
await server.listen({ udp: { port: Number(port), address: '127.0.0.1' } });
