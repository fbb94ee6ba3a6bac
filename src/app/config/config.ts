// From the text of portolan.toml and the flags to a configuration, or to everything that is wrong with them.

import { resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import type { z } from 'zod';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { ProxyRule } from '../../core/net/proxy-rule.ts';
import type { AddressEntry } from '../../core/preference/address-map.ts';
import type { PortRange } from '../../core/preference/plan.ts';
import type { SwarmLimits } from '../../core/swarm/limits.ts';
import type { TlsFiles } from '../../io/streams/tls-identity.ts';
import { type AccessConfig, toAccessConfig } from './access-settings.ts';
import { type AnswerConfig, toAnswerConfig } from './answer-config.ts';
import { formatSample } from './config-sample.ts';
import { configSchema, flagOf, type ParsedConfig, type Setting, settings } from './config-schema.ts';
import type { ListenAddress } from './config-values.ts';
import { toProxyRule } from './proxy-settings.ts';
import { type RewriterConfig, toRewriterConfig } from './rewriter-settings.ts';
import type { SettingValue } from './setting.ts';
import { toSwarmLimits } from './swarm-settings.ts';
import { rebaseColumn, type TransferConfig, toTransferConfig } from './transfer-config.ts';

export interface Config {
  /** Absolute paths of files and folders. */
  readonly zones: readonly string[];
  /** Absolute path. */
  readonly state: string;
  readonly dns: DnsConfig;
  /** Absolute paths; undefined: no TLS. */
  readonly tls: TlsFiles | undefined;
  readonly tracker: TrackerConfig;
  readonly access: AccessConfig;
  readonly admin: { readonly listen: SocketAddress };
  readonly rewriter: RewriterConfig;
  readonly workers: { readonly count: 'auto' | number };
  readonly log: { readonly level: ParsedConfig['log']['level'] };
}

export interface DnsConfig extends AnswerConfig, TransferConfig {
  readonly listen: readonly ListenAddress[];
  /** Over TLS; empty: nowhere. */
  readonly tlsListen: readonly ListenAddress[];
  readonly udpPayload: number;
}

export interface TrackerConfig {
  readonly addresses: readonly AddressEntry[];
  readonly intervalSeconds: number;
  /** 0: as long as the TTLs say, and no longer. */
  readonly drainSeconds: number;
  /** Empty: any. */
  readonly allowedPorts: readonly PortRange[];
  readonly maxListeners: number;
  /** Of the swarm table. */
  readonly limits: SwarmLimits;
  /** Peers outlive a restart. */
  readonly snapshot: boolean;
  /** On index pages; empty: none. */
  readonly policy: string;
  /** Absolute path of a file that has it instead. */
  readonly policyFile: string | undefined;
  /** Whether tracker hosts have `/stats`. */
  readonly hasStats: boolean;
  /** In front of the HTTP tracker; undefined: none. */
  readonly proxies: ProxyRule | undefined;
  readonly onBindFailure: 'reject' | 'publish';
}

export interface ConfigSource {
  /** The configuration file's text and the folder that its relative paths start from; absent without a file. */
  readonly file?: { readonly path: string; readonly text: string; readonly folder: string } | undefined;
  /** Values by dotted key, as the command line gave them; relative paths start from `workingDirectory`. */
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  readonly workingDirectory: string;
}

export type ConfigResult =
  | {
      readonly kind: 'config';
      readonly config: Config;
      readonly sample: string;
      /** By a file or a flag; false: all of it are defaults, which nobody has chosen. */
      readonly isGiven: boolean;
    }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

/** Flags win over the file, the file over the defaults. All problems are reported, one sentence each. */
export function readConfig(source: ConfigSource): ConfigResult {
  const input = readToml(source.file);
  if (typeof input === 'string') return { kind: 'wrong', problems: [input] };
  const folder = source.file?.folder ?? source.workingDirectory;
  const fromFlags = new Set<string>(); // at most one entry a setting
  for (const setting of settings()) {
    const key = setting.path.join('.');
    const given = source.flags[key];
    if (given === undefined) continue;
    fromFlags.add(key);
    setAt(
      input,
      setting.path,
      flagValue(setting, given, { folder, workingDirectory: source.workingDirectory }),
    );
  }
  const parsed = configSchema.safeParse(input);
  if (parsed.success) {
    const isGiven = source.file !== undefined || fromFlags.size > 0;
    return { kind: 'config', config: toConfig(parsed.data, folder), sample: formatSample(input), isGiven };
  }
  const problems = parsed.error.issues.flatMap((issue) => describeIssue(issue, source.file?.path, fromFlags));
  return { kind: 'wrong', problems };
}

type Table = Record<string, unknown>;

/** A sentence when the text is not TOML. */
function readToml(file: ConfigSource['file']): Table | string {
  if (file === undefined) return {};
  try {
    return parseToml(file.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '');
    return `${file.path}:${error.line}:${error.column}: not TOML: ${reason}`;
  }
}

interface Folders {
  readonly folder: string;
  readonly workingDirectory: string;
}

/** A flag's text as the file would hold it; what is no number, or no switch, stays text, for the schema to refuse. */
function flagValue(setting: Setting, given: string | readonly string[], folders: Folders): SettingValue {
  const texts = typeof given === 'string' ? [given] : given;
  const isPath = setting.argument === 'path' || setting.argument === 'folder';
  const rebase = isPath && folders.folder !== folders.workingDirectory;
  const values = rebase ? texts.map((text) => resolve(folders.workingDirectory, text)) : texts;
  if (setting.kind === 'list') return values;
  if (setting.kind === 'tables')
    return texts.map((text) => rebaseColumn(text, setting.pathColumn, folders.workingDirectory));
  const last = values.at(-1) ?? '';
  if (setting.kind === 'switch' && (last === 'true' || last === 'false')) return last === 'true';
  return setting.kind === 'number' && /^[0-9]{1,15}$/.test(last) ? Number(last) : last;
}

function setAt(table: Table, path: readonly string[], value: SettingValue): void {
  const [key, ...rest] = path;
  if (rest.length === 0) {
    table[key!] = value;
    return;
  }
  const section = table[key!];
  if (section === undefined) table[key!] = {};
  else if (typeof section !== 'object') return; // the schema says what is wrong with it
  setAt(table[key!] as Table, rest, value);
}

function describeIssue(
  issue: z.core.$ZodIssue,
  file: string | undefined,
  fromFlags: ReadonlySet<string>,
): string[] {
  const path = issue.path.map(String);
  const flagged = settings().find(
    (setting) => fromFlags.has(setting.path.join('.')) && startsWith(path, setting.path),
  );
  const where = flagged === undefined ? `${file ?? 'configuration'}: ` : '';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${where}${formatPath([...path, key])}: unknown key; ${knownKeys(path)}`);
  }
  const isSection = !settings().some((setting) => startsWith(path, setting.path));
  if (issue.code === 'invalid_type' && issue.expected === 'object' && isSection)
    return [`${where}${formatPath(path)}: expected a section; ${knownKeys(path)}`];
  const name = flagged === undefined ? formatPath(path) : flagOf(flagged);
  return [`${where}${name}: ${issue.message}`];
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.every((key, index) => path[index] === key);
}

/** `dns.listen[1]`. */
function formatPath(path: readonly string[]): string {
  return path
    .map((key, index) => (/^[0-9]+$/.test(key) ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('');
}

function knownKeys(path: readonly string[]): string {
  const tables = settings().find(
    ({ columns, path: start }) => columns !== undefined && startsWith(path, start),
  );
  if (tables !== undefined) return `known in ${tables.path.join('.')}: ${tables.columns!.join(', ')}`;
  const below = settings().filter((setting) => startsWith(setting.path, path));
  const keys = new Set(below.map((setting) => setting.path[path.length]));
  return `${path.length === 0 ? 'known here' : `known in [${path.join('.')}]`}: ${[...keys].join(', ')}`;
}

function toConfig(parsed: ParsedConfig, folder: string): Config {
  const { tracker } = parsed;
  return {
    zones: parsed.zones.map((path) => resolve(folder, path)),
    state: resolve(folder, parsed.state),
    dns: {
      listen: parsed.dns.listen,
      tlsListen: parsed.dns.tls_listen,
      udpPayload: parsed.dns.udp_payload,
      ...toAnswerConfig(parsed.dns, folder),
      ...toTransferConfig(parsed.dns, folder),
    },
    tls: toTlsFiles(parsed.tls, folder),
    tracker: {
      addresses: tracker.addresses,
      intervalSeconds: tracker.interval,
      drainSeconds: tracker.drain,
      allowedPorts: tracker.allowed_ports,
      maxListeners: tracker.max_listeners,
      limits: toSwarmLimits(tracker),
      snapshot: tracker.snapshot,
      policy: tracker.policy,
      policyFile: tracker.policy_file === '' ? undefined : resolve(folder, tracker.policy_file),
      hasStats: tracker.stats,
      proxies: toProxyRule(tracker),
      onBindFailure: tracker.on_bind_failure,
    },
    access: toAccessConfig(parsed.access, folder),
    admin: parsed.admin,
    rewriter: toRewriterConfig(parsed.rewriter),
    workers: parsed.workers,
    log: parsed.log,
  };
}

function toTlsFiles({ certificate, key }: ParsedConfig['tls'], folder: string): TlsFiles | undefined {
  if (certificate === '') return undefined;
  return { certificate: resolve(folder, certificate), key: resolve(folder, key) };
}
