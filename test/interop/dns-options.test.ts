// Names of the server, cookies, extended errors and the rate limit, as dig and kdig see them; cookies beside BIND, Knot
// and NSD that have the same secret.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../support/free-ports.ts';
import { createFolder } from '../support/temporary-folder.ts';
import { askAll } from './dns-client.ts';
import {
  type CommandLine,
  isInstalled,
  isMissing,
  portolan,
  type Running,
  run,
  start,
  waitUntilReady,
} from './programs.ts';

const APEX = 'options.example';
/** Of all servers here. */
const SECRET = '000102030405060708090a0b0c0d0e0f';
const CLIENT = '0123456789abcdef';
/** As dig takes it. */
const KEY = 'hmac-sha256:interop.example:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
/** Answers a second: few, so that a flood needs no load. */
const RATE_LIMIT = 20;

const folder = createFolder();
const zoneFile = join(folder.path, 'zones', `${APEX}.zone`);
let port: number;
let spare: number;
let server: Running;

beforeAll(async () => {
  const [dns, admin, other] = (await findFreePorts(3)) as [number, number, number];
  [port, spare] = [dns, other];
  mkdirSync(join(folder.path, 'zones'));
  writeFileSync(
    zoneFile,
    `$ORIGIN ${APEX}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 604800 60\n@ NS ns\nns A 127.0.0.1\n`,
  );
  const configuration = join(folder.path, 'portolan.toml');
  writeFileSync(join(folder.path, 'transfer.key'), `${KEY}\n`);
  writeFileSync(join(folder.path, 'cookie.secret'), `${SECRET}\n${'ff'.repeat(16)}\n`);
  writeFileSync(
    configuration,
    `zones = ["zones"]
state = "state"
[dns]
listen = ["127.0.0.1:${dns}", "[::1]:${dns}"]
nsid = "interop-1"
identity = "ns1.options.example"
version = "portolan"
cookie_secret_file = "cookie.secret"
keys = ["transfer.key"]
rate_limit = ${RATE_LIMIT}
rate_limit_exempt = ["::1"]
[admin]
listen = "127.0.0.1:${admin}"
`,
  );
  server = start([...portolan, 'serve', '--config', configuration] as unknown as CommandLine);
  await waitUntilReady(server, `127.0.0.1:${admin}`);
});

afterAll(async () => {
  const code = await server?.stop();
  folder.remove();
  expect(code).toBe(0);
});

/** What dig prints; over IPv6, where nothing is limited, unless `at` says otherwise. */
async function dig(words: string, { at = '::1', on = port } = {}): Promise<string> {
  const { stdout } = await run([
    'dig',
    `@${at}`,
    ...['-p', String(on), '+norecurse', '+tries=1', '+time=5', '+nobadcookie', ...words.split(' ')],
  ]);
  return stdout;
}

function cookieIn(printed: string): string {
  return /; COOKIE: ([0-9a-f]+)/.exec(printed)?.[1] ?? '';
}

describe.skipIf(isMissing('dig', isInstalled('dig')))('dig', () => {
  it('reads the name of the server in NSID', async () => {
    expect(await dig(`+nsid +nocookie ${APEX} SOA`)).toMatch(/; NSID: .*\("interop-1"\)/);
  });

  it.each([
    ['id.server', 'ns1.options.example'],
    ['hostname.bind', 'ns1.options.example'],
    ['version.bind', 'portolan'],
    ['version.server', 'portolan'],
  ])('reads %s', async (name, text) => {
    expect((await dig(`+short CH TXT ${name}`)).trim()).toBe(`"${text}"`);
  });

  it('is refused other names of class CHAOS', async () => {
    expect(await dig('CH TXT authors.bind')).toContain('status: REFUSED');
  });

  it('calls the cookie good', async () => {
    const printed = await dig(`+cookie=${CLIENT} ${APEX} SOA`);
    expect(printed).toMatch(new RegExp(`; COOKIE: ${CLIENT}01000000[0-9a-f]{24} \\(good\\)`));
  });

  it('is told of a cookie that cannot be one: FORMERR', async () => {
    expect(await dig(`+ednsopt=10:0102 +nocookie ${APEX} SOA`)).toContain('status: FORMERR');
  });

  it('gets a cookie without a question (RFC 7873 §5.4)', async () => {
    const printed = await dig(`+header-only +cookie=${CLIENT}`);
    expect(printed).toContain('status: NOERROR');
    expect(cookieIn(printed)).toHaveLength(48);
    expect(await dig('+header-only +nocookie')).toContain('status: FORMERR');
  });

  it('reads the extended error', async () => {
    expect(await dig('example.net A')).toMatch(/; EDE: 20 \(Not Authoritative\)/);
  });

  it.each(['+notcp', '+tcp'])(
    'signs a query and verifies the signature of the answer, %s',
    async (transport) => {
      const printed = await dig(`${transport} -y ${KEY} ${APEX} SOA`);
      expect(printed).toContain('status: NOERROR');
      expect(printed).toMatch(/interop\.example\.\s+0\s+ANY\s+TSIG\s+hmac-sha256\..* NOERROR 0/);
      expect(printed).not.toMatch(/Couldn't verify|TSIG could not be validated|WARNING/);
    },
  );

  it('is told that a key is not known', async () => {
    const printed = await dig(`-y ${KEY.replace('interop', 'other')} ${APEX} SOA`);
    expect(printed).toContain('status: NOTAUTH');
    expect(printed).toContain('BADKEY');
  });

  it('gets every answer of a flood over TCP, and asks over TCP by itself where the answer was cut', async () => {
    const flood = Array.from({ length: RATE_LIMIT * 3 }, () => ({ name: APEX, type: 'SOA' }));
    const replies = await askAll(port, 'udp', flood);
    expect(replies.every(({ rcode }) => rcode === 'NOERROR')).toBe(true);
    expect(replies.some(({ flags }) => flags.includes('TC'))).toBe(true);
    const { length } = (await askAll(port, 'tcp', flood)).filter(({ answer }) => answer.length > 0);
    expect(length).toBe(flood.length);
  });
});

describe.skipIf(isMissing('kdig', isInstalled('kdig')))('kdig', () => {
  const kdig = (words: string) => run(['kdig', '@::1', '-p', String(port), ...words.split(' ')]);

  it('reads NSID and cookie', async () => {
    const { stdout } = await kdig(`+nsid +cookie=${CLIENT} ${APEX} SOA`);
    expect(stdout).toMatch(/;; NSID: .*"interop-1"/);
    expect(stdout).toMatch(/;; COOKIE: 0123456789abcdef01000000/i);
  });
});

interface Neighbour {
  readonly program: string;
  /** Starts it with {@link SECRET}, so that it says BADCOOKIE to cookies that it does not know, where it can. */
  start(on: number, own: string): Promise<Running>;
  /** Whether what it printed means that it took the cookie. */
  accepts(printed: string, cookie: string): boolean;
}

const NEIGHBOURS: readonly Neighbour[] = [
  {
    program: 'named',
    start: async (on, own) => {
      const configuration = join(own, 'named.conf');
      writeFileSync(
        configuration,
        `options {
  directory "${own}";
  pid-file none;
  session-keyfile "${own}/session.key";
  listen-on port ${on} { 127.0.0.1; };
  listen-on-v6 port ${on} { ::1; };
  recursion no;
  dnssec-validation no;
  notify no;
  cookie-algorithm siphash24;
  cookie-secret "${SECRET}";
  require-server-cookie yes;
};
controls { };
zone "${APEX}" { type primary; file "${zoneFile}"; };
`,
      );
      const named = start(['named', '-g', '-c', configuration]);
      await named.line(/ running$/, 20);
      return named;
    },
    accepts: (printed) => printed.includes('status: NOERROR'),
  },
  {
    program: 'knotd',
    start: async (on, own) => {
      const configuration = join(own, 'knot.conf');
      writeFileSync(
        configuration,
        `server:
  listen: ::1@${on}
  rundir: ${own}
log:
  - target: stdout
    any: info
database:
  storage: ${own}
mod-cookies:
  - id: shared
    secret: 0x${SECRET}
    badcookie-slip: 1
template:
  - id: default
    global-module: mod-cookies/shared
zone:
  - domain: ${APEX}
    file: ${zoneFile}
`,
      );
      const knot = start(['knotd', '-c', configuration]);
      await knot.line(/server started/, 20);
      return knot;
    },
    accepts: (printed) => printed.includes('status: NOERROR'),
  },
  {
    program: 'nsd',
    start: async (on, own) => {
      const configuration = join(own, 'nsd.conf');
      writeFileSync(
        configuration,
        `server:
  ip-address: ::1@${on}
  username: ""
  zonesdir: "${own}"
  pidfile: "${own}/nsd.pid"
  database: ""
  xfrdfile: "${own}/xfrd.state"
  zonelistfile: "${own}/zone.list"
  answer-cookie: yes
  cookie-secret: "${SECRET}"
  verbosity: 1
remote-control:
  control-enable: no
zone:
  name: ${APEX}
  zonefile: ${zoneFile}
`,
      );
      const nsd = start(['nsd', '-d', '-c', configuration]);
      await nsd.line(/nsd started/, 20);
      return nsd;
    },
    // It answers in any case; a cookie that it knows comes back as it is.
    accepts: (printed, cookie) => cookieIn(printed) === cookie,
  },
];

describe.each(NEIGHBOURS)('beside $program with the same secret', (neighbour) => {
  const isAbsent = isMissing(neighbour.program, isInstalled(neighbour.program) && isInstalled('dig'));

  it.skipIf(isAbsent)('each takes the cookies of the other', async () => {
    const own = join(folder.path, neighbour.program);
    mkdirSync(own);
    const running = await neighbour.start(spare, own);
    try {
      const question = `${APEX} SOA`;
      const ours = cookieIn(await dig(`+cookie=${CLIENT} ${question}`));
      const theirs = cookieIn(await dig(`+cookie=${CLIENT} ${question}`, { on: spare }));
      const forged = `${ours.slice(0, -2)}${ours.endsWith('00') ? '01' : '00'}`;
      expect([ours, theirs].map((cookie) => cookie.length)).toEqual([48, 48]);
      const reply = await dig(`+cookie=${ours} ${question}`, { on: spare });
      expect(neighbour.accepts(reply, ours), reply).toBe(true);
      const refusal = await dig(`+cookie=${forged} ${question}`, { on: spare });
      expect(neighbour.accepts(refusal, forged), refusal).toBe(false);
      expect(cookieIn(await dig(`+cookie=${theirs} ${question}`))).toBe(theirs);
    } finally {
      await running.stop();
    }
  });
});
