#!/usr/bin/env bash
# Runs the tests over the addon that cmake-js builds, the second road beside node-gyp. Arguments go
# to vitest.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

say "npm run build:cmake"
npm run --silent build:cmake
lay_out build-cmake build-cmake/Release/socket_reactor.node

say "vitest run $*"
SOCKET_REACTOR_PREBUILD=$PWD/build-cmake/prebuild npx vitest run "$@"
