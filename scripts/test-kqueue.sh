#!/usr/bin/env bash
# Runs the contract suite over KqueueSelector on a machine without kqueue. By default kqueue is our
# own shim over epoll (test/support/kqueue-shim), a stand-in for tests. With a real library:
#
#   KQUEUE_INCLUDE=DIR KQUEUE_LIBS=FILE scripts/test-kqueue.sh
#
# where DIR/sys/event.h and FILE are, for example, libkqueue's: DIR is the include folder of its build
# tree, where event.h is generated. Tests of what a library is shown to do differently are skipped,
# each with its reason (test/contract/kqueue-deviations.ts). Arguments go to vitest.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

include=${KQUEUE_INCLUDE:-$PWD/test/support/kqueue-shim}
tree=build-kqueue${KQUEUE_INCLUDE:+-library}
cmake_addon "$tree" -DSR_KQUEUE_INCLUDE="$include" -DSR_KQUEUE_LIBS="${KQUEUE_LIBS:-}" \
  -DSR_SANITIZE="${SR_SANITIZE:-OFF}"

[ $# -gt 0 ] || set -- test/contract/kqueue.test.ts
say "vitest run $*"
# Only somebody else's library is excused from tests; the shim is ours.
export SR_KQUEUE_LIBRARY=${KQUEUE_INCLUDE:+${KQUEUE_LIBS:-the header alone}}
SOCKET_REACTOR_PREBUILD=$PWD/$tree/prebuild npx vitest run "$@"
