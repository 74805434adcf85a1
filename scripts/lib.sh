# Shared by the scripts beside it: source it first. It moves to the root of the checkout.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s: %s\n' "$(basename "$0" .sh)" "$*"; }

skip() {
  say "SKIPPED: $*"
  exit 0
}

# The directory that Node was installed into; its headers lie in include/node.
node_prefix() {
  node -p "process.env.npm_config_nodedir ?? path.resolve(process.execPath, '../..')"
}

# Puts an addon where the loader looks for it: SOCKET_REACTOR_PREBUILD=<tree>/prebuild.
lay_out() {
  local tree=$1 addon=$2
  mkdir -p "$tree/prebuild/build/Release"
  cp "$addon" "$tree/prebuild/build/Release/"
}

# Builds the addon with plain CMake in <tree> and lays it out there. More arguments go to cmake.
cmake_addon() {
  local tree=$1
  shift
  say "cmake $* -> $tree"
  mkdir -p "$tree"
  {
    cmake -S . -B "$tree" "$@" && cmake --build "$tree" -j 2
  } > "$tree/cmake.log" 2>&1 || {
    cat "$tree/cmake.log"
    return 1
  }
  lay_out "$tree" "$tree/socket_reactor.node"
}
