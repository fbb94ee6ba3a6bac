#!/bin/sh
# Compiles src to dist for publication: plain JavaScript with declarations, and an executable entry.
set -eu
cd "$(dirname "$0")/.."

rm -rf dist
node_modules/.bin/tsc -p tsconfig.json --sourceMap false
chmod +x dist/main.js
# What is served as it stands (pages, styles) is not TypeScript and is copied.
if [ -d src/web ]; then
  (cd src && find web -type f ! -name '*.ts' -exec sh -c 'mkdir -p "../dist/${1%/*}" && cp "$1" "../dist/$1"' _ {} \;)
fi
