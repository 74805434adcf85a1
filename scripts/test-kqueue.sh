#!/usr/bin/env bash
# Runs the contract suite over KqueueSelector on a machine without kqueue. By default kqueue is our
# own shim over epoll (test/support/kqueue-shim), a stand-in for tests. With a real library:
#
#   KQUEUE_INCLUDE=DIR KQUEUE_LIBS=FILE scripts/test-kqueue.sh
#
# where DIR/sys/event.h and FILE are, for example, libkqueue's. Arguments go to vitest.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

include=${KQUEUE_INCLUDE:-$PWD/test/support/kqueue-shim}
tree=build-kqueue${KQUEUE_INCLUDE:+-library}
cmake_addon "$tree" -DSR_KQUEUE_INCLUDE="$include" -DSR_KQUEUE_LIBS="${KQUEUE_LIBS:-}" \
  -DSR_SANITIZE="${SR_SANITIZE:-OFF}"

[ $# -gt 0 ] || set -- test/contract/kqueue.test.ts
say "vitest run $*"
SOCKET_REACTOR_PREBUILD=$PWD/$tree/prebuild npx vitest run "$@"
