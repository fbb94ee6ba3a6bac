#!/bin/sh
# Brings node_modules up to the lockfile with the machine's own npm; does nothing when it is.
# The runtime comes with it (the npm package `node`), so the machine's Node may be too old to run Portolan.
set -eu
cd "$(dirname "$0")/.."

if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  npm ci --include=dev --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

PATH="$PWD/node_modules/.bin:$PATH"
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 24 ]; then
  echo "portolan: the runtime found is Node $major, and 24 or later is needed." >&2
  echo "The pinned runtime was not unpacked: npm is set to run no install scripts. Allow that one with" >&2
  echo "  npm rebuild node --ignore-scripts=false" >&2
  echo "or put a Node of 24 or later first in PATH." >&2
  exit 1
fi
