// The flags that a command shares with portolan.toml, and the configuration that both give together.

import { type Command, Option } from 'commander';
import type { ConfigResult } from '../app/config/config.ts';
import { flagOf, settings } from '../app/config/config-schema.ts';
import { DEFAULT_CONFIG_FILE, loadConfig } from '../app/config/load-config.ts';
import { type CliIo, EXIT } from './cli-io.ts';

export interface ConfigFlags {
  readonly config?: string;
  /** Settings, by the name that commander gives them. */
  readonly [name: string]: string | readonly string[] | boolean | undefined;
}

/** `--config`, and a flag for each setting, or for those of `keys` (`tracker.addresses`). */
export function addConfigOptions(command: Command, keys?: readonly string[]): void {
  command.option('--config <file>', `configuration (default: ${DEFAULT_CONFIG_FILE}, where there is one)`);
  for (const setting of settings()) {
    if (keys?.includes(setting.path.join('.')) === false) continue;
    const value =
      setting.kind === 'list' || setting.kind === 'tables'
        ? `<${setting.argument}...>`
        : `<${setting.argument}>`;
    command.addOption(new Option(`${flagOf(setting)} ${value}`, setting.comment));
  }
}

export function loadFlaggedConfig(flags: ConfigFlags, command: Command, io: CliIo): Promise<ConfigResult> {
  const { workingDirectory } = io;
  return loadConfig({ file: flags.config, flags: settingFlags(flags, command), workingDirectory });
}

/** By dotted key, as the configuration names them. */
function settingFlags(flags: ConfigFlags, command: Command): Record<string, string | readonly string[]> {
  const given: Record<string, string | readonly string[]> = {};
  for (const setting of settings()) {
    const option = command.options.find(({ long }) => long === flagOf(setting));
    const value = option === undefined ? undefined : flags[option.attributeName()];
    if (typeof value === 'string' || Array.isArray(value)) given[setting.path.join('.')] = value;
  }
  return given;
}

export function reportProblems(problems: readonly string[], io: CliIo): void {
  for (const problem of problems) io.stderr.write(`portolan: ${problem}\n`);
  io.stderr.write('Try: portolan serve --print-config\n');
  io.setExitCode(EXIT.usage);
}
