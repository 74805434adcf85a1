#!/usr/bin/env bash
# Runs the tests over an addon with address and undefined-behaviour sanitizers, in a tree of its
# own (build-asan): first the vitest suite, where a finding ends the process, then a plain program
# under LeakSanitizer (exit code 99 on a leak; Node itself needs no suppressions). Arguments go to
# vitest.
#
#   SR_KQUEUE=1   with the kqueue shim built in, so that it and kqueue.cc are looked at as well
set -euo pipefail
source "$(dirname "$0")/lib.sh"

runtime=$("${CXX:-g++}" -print-file-name=libasan.so)
[ -f "$runtime" ] || skip "${CXX:-g++} has no libasan.so"
tree=build-asan${SR_KQUEUE:+-kqueue}
cmake_addon "$tree" -DSR_SANITIZE=ON \
  -DSR_KQUEUE_INCLUDE="${SR_KQUEUE:+$PWD/test/support/kqueue-shim}"

export SOCKET_REACTOR_PREBUILD=$PWD/$tree/prebuild
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# Threads of the tests and the leak check run the built package.
say "npm run build:ts"
npm run --silent build:ts

# Node itself is not instrumented, so the runtime has to be there before it starts.
say "vitest run $*"
LD_PRELOAD=$runtime ASAN_OPTIONS=detect_leaks=0 npx vitest run "$@"

say "LeakSanitizer: node test/support/leak-check.mjs"
LD_PRELOAD=$runtime ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=exitcode=99 \
  node test/support/leak-check.mjs
