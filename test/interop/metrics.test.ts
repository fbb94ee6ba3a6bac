// What /metrics writes, read by the parser of Prometheus' own Python library: each family with its help, its type and
// its samples, after a server has been asked for something of everything.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COUNTER_FAMILIES } from '../../src/app/admin/counter-families.ts';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { announceHttp, announceUdp, getHttp } from '../support/tracker-clients.ts';
import { isMissing, portolan, type Running, run, start, waitUntilReady } from './programs.ts';

/** Where Debian puts its modules. */
const PYTHON = '/usr/bin/python3';
const hasParser = (await run([PYTHON, '-c', 'import prometheus_client'])).code === 0;
const left = isMissing('python3-prometheus-client is not installed', hasParser);

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly name: string; readonly labels: object; readonly value: number }[];
}

const SCRIPT = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([{'name': f.name, 'type': f.type, 'help': f.documentation,
  'samples': [{'name': s.name, 'labels': s.labels, 'value': s.value} for s in f.samples]} for f in families]))
`;

const folder = createFolder();
let server: Running;
let families: readonly Family[];
let port: number;

beforeAll(async () => {
  const [dns, admin, tracker] = (await findFreePorts(3)) as [number, number, number];
  port = tracker;
  mkdirSync(join(folder.path, 'zones'));
  writeFileSync(
    join(folder.path, 'zones', 'metrics.example.zone'),
    `$ORIGIN metrics.example.
$TTL 300
@   SOA  ns hostmaster 1 3600 600 604800 60
@   NS   ns
ns  A    127.0.0.1
t   A    127.0.0.1
t   TXT  "BITTORRENT UDP:${port} TCP:${port}"
*   A    127.0.0.1
*   TXT  "BITTORRENT UDP:${port} TCP:${port}"
`,
  );
  const toml = `zones = ["${folder.path}/zones"]
state = "${folder.path}/state"
[dns]
listen = ["127.0.0.1:${dns}"]
[admin]
listen = "127.0.0.1:${admin}"
`;
  writeFileSync(join(folder.path, 'portolan.toml'), toml);
  server = start([...portolan, 'serve', '--config', join(folder.path, 'portolan.toml')]);
  await waitUntilReady(server, `127.0.0.1:${admin}`);
  await announceUdp('127.0.0.1', port);
  for (const host of ['t.metrics.example', 'a.metrics.example', 'foreign.test'])
    await announceHttp('127.0.0.1', port, { host });
  const text = (await getHttp('127.0.0.1', admin, '/metrics'))!.body;
  if (left) return;
  const { code, stdout, stderr } = await run([PYTHON, '-c', SCRIPT], { input: text });
  if (code !== 0) throw new Error(stderr);
  families = JSON.parse(stdout) as Family[];
});

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

describe.skipIf(left)('the metrics, read by a parser of Prometheus', () => {
  it('are named as Prometheus asks for, each with its help and type', () => {
    for (const { name, type, help, samples } of families) {
      expect(name).toMatch(/^portolan_[a-z0-9_]+$/);
      expect(help).toMatch(/^[^\n]+[^.\n]$/);
      expect(['counter', 'gauge']).toContain(type);
      // The parser leaves out the suffix of counters, which their samples have.
      const suffix = type === 'counter' ? '_total' : '';
      expect(new Set(samples.map((sample) => sample.name))).toEqual(
        new Set(samples.length === 0 ? [] : [name + suffix]),
      );
      expect(name).not.toMatch(/_(total|count|sum|bucket|info)$/);
    }
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  });

  it('have every family of counters', () => {
    const names = families.map(({ name }) => `${name}_total`);
    for (const { name } of COUNTER_FAMILIES) expect(names).toContain(name);
  });

  it('have each socket and each host of ours, and nobody else', () => {
    const samplesOf = (name: string) =>
      families
        .find((family) => family.name === name)!
        .samples.map(({ labels, value }) => ({ ...labels, value }));
    expect(samplesOf('portolan_tracker_listener_announces')).toEqual([
      { transport: 'udp', listener: `127.0.0.1:${port}`, value: 1 },
      { transport: 'tcp', listener: `127.0.0.1:${port}`, value: 3 },
    ]);
    expect(samplesOf('portolan_tracker_host_announces')).toEqual([
      { host: 't.metrics.example', value: 1 },
      { host: '*.metrics.example', value: 1 },
    ]);
    expect(samplesOf('portolan_udp_receive_buffer_octets')).toHaveLength(2);
  });
});
