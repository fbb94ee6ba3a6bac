import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, startServer } from '../server-process.ts';
import type { Peer, TrackerScenario } from './peer.ts';
import { whenUdpTrackerAnswers } from './readiness.ts';

const PROGRAM = 'aquatic_udp';
/** What the generator asks for, and the others give. */
const PEERS_IN_REPLY = 50;

export const aquaticUdp: Peer<TrackerScenario> = {
  name: 'aquatic',
  installHint: 'cargo install aquatic_udp --locked --no-default-features',
  isInstalled: () => findProgram(PROGRAM) !== undefined,
  async start({ family }, { folder, port, processors }) {
    const configuration = join(folder, 'aquatic.toml');
    const address = family === 4 ? '127.0.0.1' : '::1';
    writeFileSync(
      configuration,
      `socket_workers = 1
[network]
address = "${family === 4 ? address : `[${address}]`}:${port}"
only_ipv6 = ${family === 6}
[protocol]
max_response_peers = ${PEERS_IN_REPLY}
`,
    );
    const server = startServer(processors.server, [findProgram(PROGRAM)!, '-c', configuration]);
    return await whenUdpTrackerAnswers(server, { address, port });
  },
};
