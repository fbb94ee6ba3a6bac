#!/bin/sh
# Brings node_modules up to the lockfile with the machine's own npm; does nothing when it is.
# The runtime comes with it (the npm package `node`), so the machine's Node may be too old to run Portolan.
set -eu
cd "$(dirname "$0")/.."

if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
  echo "portolan: installing what it needs into node_modules (once, under a minute)" >&2
  # NODE_ENV=production or omit=dev in the environment would leave out the pinned runtime.
  npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

PATH="$PWD/node_modules/.bin:$PATH"
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 24 ]; then
  cat >&2 <<EOF
portolan: this is Node $major, and 24 or later is needed.
The pinned runtime was not unpacked, because npm is set to run no install scripts. Allow this one with
  npm rebuild node --ignore-scripts=false
or put a Node of 24 or later first in PATH, and start again.
EOF
  exit 1
fi
