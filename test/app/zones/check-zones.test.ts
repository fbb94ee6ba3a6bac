import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app/config/config.ts';
import { createZoneChecker } from '../../../src/app/zones/check-zones.ts';
import { MAX_DIAGNOSTICS } from '../../../src/core/zone/diagnostic-list.ts';
import { zoneText } from '../../support/serving.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Setting {
  readonly flags?: Readonly<Record<string, string | readonly string[]>>;
  readonly local?: readonly string[];
  readonly families?: readonly number[];
}

/** Findings of each zone, then those of its hosts elsewhere. Zones by name, or by `FILE=NAME`. */
async function check(zones: Readonly<Record<string, string>>, setting: Setting = {}) {
  const { flags = {}, local = ['127.0.0.1', '::1', '10.0.0.5'], families = [4, 6] } = setting;
  const folder = await temporaryFolder();
  const result = readConfig({ flags, workingDirectory: folder });
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  const machine = { localAddresses: () => local, hasFamily: (family: 4 | 6) => families.includes(family) };
  const checker = createZoneChecker({ config: result.config, machine });
  const checked = [];
  for (const [name, lines] of Object.entries(zones)) {
    const [file, origin = name] = name.split('=');
    const path = join(folder, `${file}.zone`);
    await writeFile(path, zoneText(origin, lines));
    const { findings, publishedOnly } = checker.check(path);
    checked.push(
      [findings, publishedOnly].map((list) =>
        list.map((each) => `${each.line} ${each.code}: ${each.message}`),
      ),
    );
  }
  return checked.map(([findings, elsewhere]) => ({ findings, elsewhere }));
}

const FAR = 'far A 203.0.113.5\nfar TXT "BITTORRENT UDP:6969"';

describe('a zone checker', () => {
  it('names the private address of this machine as the likely partner of a public one', async () => {
    expect(await check({ example: FAR })).toEqual([
      {
        findings: [],
        elsewhere: [
          '7 published-only: far.example is published only: no address of it is this machine\'s; if 203.0.113.5 is, add to [tracker]: addresses = ["auto", "203.0.113.5=10.0.0.5"]',
        ],
      },
    ]);
  });

  it('knows a host by one of its addresses, and a denial as none', async () => {
    const lines = `${FAR}\nfar AAAA ::1\nwww A 203.0.113.5\nwww TXT "BITTORRENT DENY ALL"`;
    expect(await check({ example: lines })).toEqual([{ findings: [], elsewhere: [] }]);
  });

  it('takes TCP:443 where a certificate is configured', async () => {
    const zones = { example: 't A 127.0.0.1\nt TXT "BITTORRENT TCP:443"' };
    const [without] = await check(zones);
    expect(without?.findings).toEqual([expect.stringContaining('preference-needs-certificate')]);
    const flags = { 'tls.certificate': 'fullchain.pem', 'tls.key': 'privkey.pem' };
    expect(await check(zones, { flags })).toEqual([{ findings: [], elsewhere: [] }]);
  });

  it('counts the sockets of all zones, shared ones once, against the limit', async () => {
    const lines = (port: number): string => `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port} TCP:80"`;
    const zones = { one: lines(1), two: lines(1), three: lines(3), four: lines(1) };
    const checked = await check(zones, { flags: { 'tracker.max_listeners': '2' } });
    expect(checked.map(({ findings }) => findings)).toEqual([
      [],
      [],
      [expect.stringMatching(/^7 too-many-listeners: t\.three would need more than/)],
      [],
    ]);
  });

  it('finds a wildcard of this tracker beside an address of its family', async () => {
    const lines =
      'any A 203.0.113.5\nany TXT "BITTORRENT UDP:1"\none A 127.0.0.1\none TXT "BITTORRENT UDP:1"';
    const flags = { 'tracker.addresses': ['auto', '203.0.113.5=0.0.0.0'] };
    const [checked] = await check({ example: lines }, { flags });
    expect(checked?.findings).toEqual([
      expect.stringMatching(/^9 port-taken: one\.example declares UDP:1, for which/),
    ]);
  });

  it('plans nothing for a zone with an error', async () => {
    const [checked] = await check({ example: `${FAR}\nx A 1` });
    expect(checked).toEqual({ findings: [expect.stringContaining('8 bad-ipv4-address')], elsewhere: [] });
  });

  it('leaves out sockets of a family that the machine lacks', async () => {
    const flags = { 'tracker.allowed_ports': ['80'] };
    const six = 't AAAA ::1\nt TXT "BITTORRENT UDP:6969"';
    const codes = async (families: readonly number[]) =>
      (await check({ example: six }, { flags, families })).flatMap(({ findings }) => findings?.length);
    expect([await codes([4, 6]), await codes([4])]).toEqual([[1], [0]]);
  });

  it('stops at a thousand hosts of one zone, and says so', async () => {
    const lines = Array.from(
      { length: MAX_DIAGNOSTICS + 1 },
      (_, index) => `h${index} A 203.0.113.5\nh${index} TXT "BITTORRENT UDP:1"`,
    );
    const [checked] = await check({ example: lines.join('\n') });
    expect(checked?.elsewhere).toHaveLength(MAX_DIAGNOSTICS + 1);
    expect(checked?.elsewhere?.at(-1)).toContain('too-many-warnings: 1 more like this one');
  });

  it('finds two files of one zone, and opens nothing for the second', async () => {
    const flags = { 'tracker.max_listeners': '1' };
    const host = (port: number) => `t A 127.0.0.1\nt TXT "BITTORRENT UDP:${port}"`;
    const [first, second] = await check({ example: host(1), 'copy=example': host(2) }, { flags });
    expect(first?.findings).toEqual([]);
    expect(second?.findings).toEqual([
      expect.stringMatching(/^3 duplicate-zone: example is served from .*example\.zone already; take one/),
    ]);
  });
});
