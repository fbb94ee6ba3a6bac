// The version of this program, as package.json has it: beside src in a checkout, beside dist when installed.

import { createRequire } from 'node:module';

export function readPackageVersion(): string {
  const manifest = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
  return manifest.version;
}
