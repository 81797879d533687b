#!/bin/sh
# What the client for Node and browsers is built and tested with: Node 18 or newer, npm, and the packages of its lock
set -eu
cd "$(dirname "$0")/.."

missing() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
}

# shellcheck source=scripts/apt.sh
. scripts/apt.sh
install_missing
cd clients/typescript
echo "Installing the packages into clients/typescript/node_modules (44 MB)"
npm ci --ignore-scripts --silent
