// The systemd unit that an operator copies: systemd understands every line of it, and the program every flag.

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flagOf, settings } from '../src/app/config/config-schema.ts';
import { readText } from './support/source-tree.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const unit = readText('contrib/portolan.service');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.skipIf(!hasSystemd)('systemd finds nothing wrong with the unit, and its sandbox closed', async () => {
  const path = join(await temporaryFolder(), 'portolan.service');
  // Where it would be installed there is nothing here.
  writeFileSync(path, unit.replace('/usr/local/bin/portolan', process.execPath));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const judged = execFileSync('systemd-analyze', ['security', '--offline=true', path], { encoding: 'utf8' });
  const [, exposure] = /Overall exposure level for portolan\.service: ([0-9.]+)/.exec(judged)!;
  expect(Number(exposure)).toBeLessThan(2.5);
});

test('its flags are settings, and nothing in it keeps a compiler from running', () => {
  const [, words] = /^ExecStart=\S+ serve (.*)$/m.exec(unit)!;
  const flags = words!.split(' ').filter((word) => word.startsWith('--') && word !== '--config');
  const known = settings().map(flagOf);
  expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m);
  expect(unit).toMatch(/^Type=notify$/m);
});
