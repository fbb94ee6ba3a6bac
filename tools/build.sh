#!/bin/sh
# Compiles src to dist for publication: plain JavaScript with declarations, and an executable entry.
set -eu
cd "$(dirname "$0")/.."

rm -rf dist
node_modules/.bin/tsc -p tsconfig.json --sourceMap false
# What runs in a browser knows its globals instead of Node's.
node_modules/.bin/tsc -p src/web --sourceMap false
chmod +x dist/main.js
# What is served as it stands (pages, styles) is not TypeScript and is copied.
(cd src && find web -type f ! -name '*.ts' ! -name tsconfig.json -exec cp {} ../dist/web/ \;)
