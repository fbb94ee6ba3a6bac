import { describe, expect, it } from 'vitest';
import { type Config, type ConfigSource, readConfig } from '../../../src/app/config/config.ts';
import { flagOf, settings } from '../../../src/app/config/config-schema.ts';
import { parsePrefix } from '../../../src/core/net/prefix.ts';
import { textToOctets } from '../../../src/core/octets/text.ts';
import { formatTransferRule } from '../../support/transfer-rule.ts';

function read(text: string | undefined, flags: ConfigSource['flags'] = {}) {
  const file = text === undefined ? undefined : { path: 'portolan.toml', text, folder: '/etc/portolan' };
  return readConfig({ file, flags, workingDirectory: '/srv' });
}

function configOf(text: string | undefined, flags: ConfigSource['flags'] = {}): Config {
  const result = read(text, flags);
  if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
  return result.config;
}

function problemsOf(text: string | undefined, flags: ConfigSource['flags'] = {}): readonly string[] {
  const result = read(text, flags);
  return result.kind === 'wrong' ? result.problems : [];
}

describe('readConfig', () => {
  it('needs no file', () => {
    expect(configOf(undefined)).toEqual({
      zones: ['/srv/zones'],
      state: '/srv/state',
      dns: {
        listen: [
          { address: '127.0.0.1', port: 5300 },
          { address: '::1', port: 5300 },
        ],
        tlsListen: [],
        udpPayload: 1232,
        nsid: new Uint8Array(),
        identity: new Uint8Array(),
        version: new Uint8Array(),
        cookies: 'on',
        cookieSecretFile: undefined,
        rateLimit: {
          perSecond: 200,
          slip: 2,
          exempt: ['127.0.0.0/8', '::1'].map(parsePrefix),
        },
        keyFiles: [],
        transfer: [],
        notify: [],
        secondaries: [],
      },
      tls: undefined,
      tracker: {
        addresses: ['auto'],
        intervalSeconds: 1800,
        drainSeconds: 0,
        allowedPorts: [],
        maxListeners: 256,
        limits: {
          torrents: 1_000_000,
          peers: 4_000_000,
          peersPerTorrent: 100_000,
          heapOctets: 512 * 2 ** 20,
        },
        snapshot: true,
        policy: '',
        policyFile: undefined,
        hasStats: false,
        onBindFailure: 'reject',
      },
      access: { lists: {}, passkeys: undefined },
      admin: { listen: { address: '127.0.0.1', port: 8053 } },
      rewriter: {
        listen: undefined,
        hosts: [],
        origins: [],
        rateLimit: 120,
        trustedProxies: [],
        maxTorrentOctets: 10_485_760,
        resolvers: [],
      },
      workers: { count: 'auto' },
      log: { level: 'info' },
    });
  });

  it('reads what goes along with answers', () => {
    const { dns } = configOf(`[dns]
nsid = "0x01ff"
identity = "ns1.example"
version = "42"
cookies = "off"
cookie_secret_file = "cookie.secret"
rate_limit = 0
rate_limit_slip = 1
rate_limit_exempt = ["192.0.2.0/24", "2001:db8::/32"]`);
    expect(dns).toMatchObject({
      nsid: Uint8Array.of(1, 255),
      identity: textToOctets('ns1.example'),
      version: textToOctets('42'),
      cookies: 'off',
      cookieSecretFile: '/etc/portolan/cookie.secret',
      rateLimit: {
        perSecond: 0,
        slip: 1,
        exempt: ['192.0.2.0/24', '2001:db8::/32'].map(parsePrefix),
      },
    });
  });

  it.each([
    ['nsid = "0x1"', 'dns.nsid: "0x1" is not at most 128 octets'],
    [`nsid = "${'a'.repeat(129)}"`, 'is not at most 128 octets'],
    ['cookies = "maybe"', 'dns.cookies: expected "on" or "off"'],
    ['rate_limit = -1', 'dns.rate_limit: expected a whole number from 0 to 1000000'],
    [
      'rate_limit_exempt = ["192.0.2.1/24"]',
      'dns.rate_limit_exempt[0]: "192.0.2.1/24" is not an address or a network',
    ],
  ])('refuses %s', (line, problem) => {
    expect(problemsOf(`[dns]\n${line}`)).toEqual([expect.stringContaining(problem)]);
  });

  it('reads what the tracker tells people', () => {
    const text = '[tracker]\npolicy_file = "policy.txt"\nstats = true';
    expect(configOf(text).tracker).toMatchObject({ policyFile: '/etc/portolan/policy.txt', hasStats: true });
    const lines = 'No spam.\n\nAsk: hello@example.net, grüße';
    expect(configOf(`[tracker]\npolicy = """${lines}"""`).tracker.policy).toBe(lines);
  });

  it.each([
    ['policy = 1', 'tracker.policy: expected text'],
    [`policy = "${'ä'.repeat(2049)}"`, 'tracker.policy: expected at most 4096 octets in UTF-8'],
    ['policy = "a\\u001bb"', 'tracker.policy: expected plain text, without control characters'],
    ['policy = "a"\npolicy_file = "b"', 'policy_file: expected either tracker.policy or tracker.policy_file'],
    ['stats = "yes"', 'tracker.stats: expected true or false'],
  ])('refuses %s', (line, problem) => {
    expect(problemsOf(`[tracker]\n${line}`)).toEqual([expect.stringContaining(problem)]);
  });

  it('reads every key', () => {
    const config = configOf(`zones = ["a.zone", "/srv/zones"]
state = "/var/lib/portolan"
[dns]
listen = ["auto:53"]
udp_payload = 4096
[tracker]
addresses = ["auto", "203.0.113.5=10.0.0.5"]
interval = "1h30m"
drain = "4h"
allowed_ports = ["80", "1024-65535"]
max_listeners = 16
on_bind_failure = "publish"
[admin]
listen = "[::1]:0"
[workers]
count = 2
[log]
level = "warn"`);
    expect(config).toMatchObject({
      zones: ['/etc/portolan/a.zone', '/srv/zones'],
      state: '/var/lib/portolan',
      dns: { listen: [{ address: 'auto', port: 53 }], udpPayload: 4096 },
      tracker: {
        addresses: ['auto', { published: '203.0.113.5', bound: '10.0.0.5' }],
        intervalSeconds: 5400,
        drainSeconds: 14_400,
        allowedPorts: [
          { first: 80, last: 80 },
          { first: 1024, last: 65_535 },
        ],
      },
      admin: { listen: { address: '::1', port: 0 } },
      workers: { count: 2 },
    });
  });

  it('lets flags win, with their paths from the working folder', () => {
    const flags = {
      zones: ['here'],
      'tracker.drain': '5m',
      'tracker.max_listeners': '8',
      'dns.listen': ['[::1]:0'],
    };
    const config = configOf('zones = ["there"]\n[tracker]\ndrain = "1h"', flags);
    expect(config.zones).toEqual(['/srv/here']);
    expect(config.tracker).toMatchObject({ drainSeconds: 300, maxListeners: 8 });
    expect(config.dns.listen).toEqual([{ address: '::1', port: 0 }]);
    expect(config.state).toBe('/etc/portolan/state');
  });

  it('reports all problems at once, each with its key', () => {
    const text = `zone = ["a"]
[dns]
listen = ["127.0.0.1:53", "localhost:53", "0.0.0.0"]
udp_payload = 100
[tracker]
interval = "30"
drain = 30
drian = "1h"
[admin]
listen = "auto:8053"`;
    const keys = problemsOf(text).map((problem) => problem.split(': ')[1]);
    expect(keys.sort()).toEqual(
      [
        'admin.listen',
        'dns.listen[1]',
        'dns.listen[2]',
        'dns.udp_payload',
        'tracker.drain',
        'tracker.drian',
        'tracker.interval',
        'zone',
      ].sort(),
    );
  });

  it.each([
    ['tracker.interval', '[tracker]\ninterval = "30"', '"30" is not a duration with its unit'],
    ['tracker.interval', '[tracker]\ninterval = "30 min"', '"30 min" is not a duration with its unit'],
    ['tracker.interval', '[tracker]\ninterval = "5s"', 'expected from "1m" to "1d"'],
    ['tracker.drain', '[tracker]\ndrain = 30', 'expected "ttl", or a duration with its unit'],
    [
      'tracker.addresses[0]',
      '[tracker]\naddresses = ["1.2.3.4=::1"]',
      'a pair "published=bound" of one family',
    ],
    ['tracker.allowed_ports[0]', '[tracker]\nallowed_ports = ["90-80"]', 'is not a port or a range'],
    ['tracker.max_listeners', '[tracker]\nmax_listeners = 0', 'a whole number from 1 to 65536'],
    ['tracker.on_bind_failure', '[tracker]\non_bind_failure = "ignore"', 'expected "reject" or "publish"'],
    [
      'tracker.drian',
      '[tracker]\ndrian = "1h"',
      'unknown key; known in [tracker]: addresses, interval, drain',
    ],
    ['zones', 'zones = []', 'at least one path'],
    ['rewriter.listen', '[rewriter]\nlisten = "8054"', 'is not an address with a port'],
    ['rewriter.hosts[0]', '[rewriter]\nhosts = "a:80"', '"a:80" is not a host name'],
    ['rewriter.origins[0]', '[rewriter]\norigins = "https://a/"', '"https://a/" is not an origin'],
    ['rewriter.origins[0]', '[rewriter]\norigins = "null"', '"null" is not an origin'],
    ['rewriter.trusted_proxies[0]', '[rewriter]\ntrusted_proxies = "lo"', 'is not an address or a network'],
    ['rewriter.max_torrent_octets', '[rewriter]\nmax_torrent_octets = 1', 'from 1024 to 104857600'],
    ['rewriter.resolvers[0]', '[rewriter]\nresolvers = "dns"', '"dns" is not a name server'],
    ['workers.count', '[workers]\ncount = "many"', 'expected "auto" or a whole number'],
    ['tracker', 'tracker = 5', 'expected a section'],
  ])('says what is wrong with %s in %j', (key, text, words) => {
    const [problem, ...others] = problemsOf(text);
    expect(others).toEqual([]);
    expect(problem).toContain(`portolan.toml: ${key}: `);
    expect(problem).toContain(words);
  });

  it('names the flag when the flag is wrong', () => {
    expect(problemsOf('', { 'tracker.max_listeners': 'many' })).toEqual([
      '--tracker-max-listeners: expected a whole number from 1 to 65536',
    ]);
    expect(problemsOf('', { 'tracker.snapshot': 'no' })).toEqual([
      '--tracker-snapshot: expected true or false',
    ]);
  });

  it('names line and column of what is not TOML', () => {
    expect(problemsOf('zones = ["a"]\nstate = = 1')[0]).toMatch(/^portolan\.toml:2:\d+: not TOML: /);
  });
});

describe('the rewriting service', () => {
  it('has an address of its own where one is written', () => {
    const text = `[rewriter]
listen = "[::1]:8054"
hosts = "Rewrite.Example."
origins = ["https://tool.example", "http://[::1]:8080"]
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
resolvers = ["192.0.2.53", "tls://dns.example"]
rate_limit = 0`;
    expect(configOf(text).rewriter).toEqual({
      listen: { address: '::1', port: 8054 },
      hosts: ['rewrite.example'],
      origins: ['https://tool.example', 'http://[::1]:8080'],
      rateLimit: 0,
      trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
      maxTorrentOctets: 10_485_760,
      resolvers: ['192.0.2.53', 'tls://dns.example'],
    });
  });
});

describe('zones of other servers', () => {
  const SECONDARY = {
    zone: 'example.net',
    primaries: [
      { address: '192.0.2.1', port: 53 },
      { address: '2001:db8::1', port: 5353 },
    ],
    key: 'xfr.example',
    tls: undefined,
    drivesTracker: false,
    isCatalog: false,
  };

  it.each<[string, string | undefined, ConfigSource['flags']]>([
    [
      'an inline table',
      '[dns]\nsecondaries = [{ zone = "Example.NET.", primaries = ["192.0.2.1", "[2001:DB8::1]:5353"], key = "XFR.example." }]',
      {},
    ],
    [
      'a table of its own',
      '[[dns.secondaries]]\nzone = "example.net"\nprimaries = ["192.0.2.1", "[2001:db8::1]:5353"]\nkey = "xfr.example"',
      {},
    ],
    [
      'words of a flag',
      undefined,
      { 'dns.secondaries': ['zone=example.net  primaries=192.0.2.1,[2001:db8::1]:5353 key=xfr.example'] },
    ],
  ])('reads %s', (_, text, flags) => {
    expect(configOf(text, flags).dns.secondaries).toEqual([SECONDARY]);
  });

  it('asks over TLS on its own port, with the authority beside the configuration', () => {
    const tables =
      'secondaries = [{ zone = "a", primaries = ["192.0.2.1"], tls = "ns1.a", tls_ca = "ca.pem", tracker = true }]';
    const [secondary] = configOf(`[dns]\n${tables}`).dns.secondaries;
    expect(secondary).toMatchObject({
      primaries: [{ address: '192.0.2.1', port: 853 }],
      tls: { name: 'ns1.a', caFile: '/etc/portolan/ca.pem' },
      drivesTracker: true,
    });
  });

  it('takes the paths of a flag from the working folder', () => {
    const flags = {
      'dns.secondaries': ['zone=a primaries=192.0.2.1 tls=ns1.a tls_ca=ca.pem'],
      'dns.keys': ['k'],
    };
    const { dns } = configOf('', flags);
    expect(dns.secondaries[0]!.tls!.caFile).toBe('/srv/ca.pem');
    expect(dns.keyFiles).toEqual(['/srv/k']);
  });

  it('reads who may take zones', () => {
    const rules = configOf('[dns]\ntransfer = ["192.0.2.53", "key:Xfr 2001:db8::/32"]').dns.transfer;
    expect(rules.map(formatTransferRule)).toEqual(['192.0.2.53', '2001:db8::/32 key:xfr']);
    expect(problemsOf('[dns]\ntransfer = ["ns1", "key:"]').map((problem) => problem.split(': ')[1])).toEqual([
      'dns.transfer[0]',
      'dns.transfer[1]',
    ]);
  });

  it('reads whom to notify', () => {
    expect(configOf('[dns]\nnotify = ["192.0.2.53", "[2001:db8::1]:5353 key:Xfr"]').dns.notify).toEqual([
      { address: '192.0.2.53', port: 53, key: undefined },
      { address: '2001:db8::1', port: 5353, key: 'xfr' },
    ]);
  });

  it.each([
    ['dns.secondaries[0].zone', '{ primaries = ["192.0.2.1"] }', 'expected a zone name'],
    ['dns.secondaries[0].zone', '{ zone = "a..b", primaries = ["192.0.2.1"] }', '"a..b" is not a zone name'],
    ['dns.secondaries[0].primaries', '{ zone = "a" }', 'expected an address'],
    ['dns.secondaries[0].primaries', '{ zone = "a", primaries = [] }', 'at least one address'],
    [
      'dns.secondaries[0].primaries[1]',
      '{ zone = "a", primaries = ["192.0.2.1", "ns1"] }',
      '"ns1" is not an address',
    ],
    [
      'dns.secondaries[0].tracker',
      '{ zone = "a", primaries = ["192.0.2.1"], tracker = "yes" }',
      'true or false',
    ],
    ['dns.secondaries[0].tls_ca', '{ zone = "a", primaries = ["192.0.2.1"], tls_ca = "x" }', 'without tls'],
    [
      'dns.secondaries[0].master',
      '{ zone = "a", primaries = ["192.0.2.1"], master = "x" }',
      'known in dns.secondaries: zone, primaries, key',
    ],
    ['dns.secondaries[0]', '5', 'expected a table, or a string of words'],
    ['dns.secondaries[0]', '"zone=a primaries"', 'expected a table, or a string of words'],
    [
      'dns.secondaries[1].zone',
      '{ zone = "a", primaries = ["192.0.2.1"] }, { zone = "A.", primaries = ["192.0.2.2"] }',
      'a is named twice',
    ],
  ])('says what is wrong with %s in %j', (key, tables, words) => {
    const [problem, ...others] = problemsOf(`[dns]\nsecondaries = [${tables}]`);
    expect(others).toEqual([]);
    expect(problem).toContain(`portolan.toml: ${key}: `);
    expect(problem).toContain(words);
  });

  it('names the flag whose words are wrong', () => {
    const flags = { 'dns.secondaries': ['zone=a primaries=here'] };
    expect(problemsOf('', flags)[0]).toMatch(/^--dns-secondaries: "here" is not an address/);
  });
});

describe('the printed sample', () => {
  it.each<[string, string | undefined, ConfigSource['flags']]>([
    ['the defaults', undefined, {}],
    [
      'a file and flags',
      'zones = ["a b", "c\\"d"]\n[tracker]\naddresses = "203.0.113.5=0.0.0.0"\nallowed_ports = ["80"]',
      { 'workers.count': '3', 'dns.listen': ['auto:53', '[::1]:5300'], state: 'st' },
    ],
    [
      'tables and words',
      '[dns]\nkeys = "k"\n[[dns.secondaries]]\nzone = "a"\nprimaries = "192.0.2.1"\ntracker = true',
      {},
    ],
    [
      'words of a flag',
      '',
      { 'dns.secondaries': ['zone=a primaries=192.0.2.1,192.0.2.2', 'zone=b primaries=::1 catalog=true'] },
    ],
  ])('reads back as the same configuration: %s', (_, text, flags) => {
    const result = read(text, flags);
    if (result.kind === 'wrong') throw new Error(result.problems.join('\n'));
    const folder = text === undefined ? '/srv' : '/etc/portolan';
    const again = readConfig({
      file: { path: 'sample.toml', text: result.sample, folder },
      flags: {},
      workingDirectory: '/elsewhere',
    });
    expect(again).toMatchObject({ kind: 'config', config: result.config, sample: result.sample });
  });

  it('explains every setting and holds every key', () => {
    const result = read(undefined);
    const sample = result.kind === 'config' ? result.sample : '';
    for (const setting of settings()) {
      expect(sample).toMatch(new RegExp(`^# .+\\n(# .+\\n)*${setting.path.at(-1)} = `, 'm'));
    }
    expect(sample.split('\n').every((line) => line.length <= 102)).toBe(true);
  });
});

describe('flagOf', () => {
  it('writes a key as a flag', () => {
    expect(settings().map(flagOf)).toContain('--tracker-on-bind-failure');
  });
});
