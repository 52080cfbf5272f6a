#!/bin/sh
# Types (tsc over JSDoc) and rules (Biome) of the JavaScript in assets, where npm is there.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
    echo "No npm here: the types and rules of assets/*.js are not checked."
    exit 0
fi
if ! cmp -s package-lock.json node_modules/.checked; then
    npm ci --silent --no-fund --no-audit
    cp package-lock.json node_modules/.checked
fi
npx --no-install tsc --project .
npx --no-install biome lint --config-path=. --error-on-warnings ../../assets
