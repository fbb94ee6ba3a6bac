// Portolan as a user starts it, in a folder and on ports of a test's own.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, portolan, type Running, start, waitUntilReady } from './programs.ts';

export interface PortolanSpec {
  /** Holds `zones`, `state` and the configuration; made here. */
  readonly folder: string;
  readonly dnsPort: number;
  readonly adminPort: number;
  /** Zone files by name. */
  readonly zones?: Readonly<Record<string, string>>;
  /** Lines below `[dns]`, and sections after it. */
  readonly dns?: string;
}

/** Serving, and ready. */
export async function startPortolan(spec: PortolanSpec): Promise<Running> {
  const { folder, dnsPort, adminPort, zones = {}, dns = '' } = spec;
  mkdirSync(join(folder, 'zones'), { recursive: true });
  for (const [name, text] of Object.entries(zones)) writeFileSync(join(folder, 'zones', name), text);
  const path = join(folder, 'portolan.toml');
  writeFileSync(
    path,
    `zones = ["zones"]
state = "state"
[admin]
listen = "127.0.0.1:${adminPort}"
[workers]
count = 1
[dns]
listen = ["127.0.0.1:${dnsPort}"]
${dns}
`,
  );
  const server = start([...portolan, 'serve', '--config', path] as unknown as CommandLine);
  await waitUntilReady(server, `127.0.0.1:${adminPort}`);
  return server;
}

/** Asks again and again until `look` says yes; throws with `what` after some seconds. */
export async function until(what: string, look: () => Promise<boolean>, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`not in ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
