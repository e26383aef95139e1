#!/bin/sh
# Shows a real backup from start to end: `make demo`, or `make demo SRC=/a/folder`.
#
# Everything lives in target/demo and nothing outlives the script. It ends with 0 only if the snapshot is there. With --installed it
# builds nothing, and shows the programs that are on the PATH, as a package has put them there.
set -eu

is_installed=false
[ "${1-}" != --installed ] || is_installed=true

cd "$(dirname "$0")/.."
checkout=$(pwd)
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
demo=$target/demo
home=$demo/home
source=${SRC:-$checkout}

if [ -t 1 ]; then
    bold=$(printf '\033[1m')
    green=$(printf '\033[32m')
    plain=$(printf '\033[0m')
else
    bold='' green='' plain=''
fi

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# Runs a command after showing it as a person would type it.
type_and_run() {
    printf '\n%s$ %s%s\n' "$green" "$*" "$plain"
    "$@"
}

fail() {
    echo "demo: $*" >&2
    exit 1
}

daemon=''
clean_up() {
    status=$?
    trap - EXIT
    if [ -n "$daemon" ]; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[ -d "$source" ] || fail "SRC=$source is not a folder"
source=$(cd "$source" && pwd)

if "$is_installed"; then
    say '1. What it needs: restic, and PRestic'
    type_and_run restic version
    type_and_run prestic-daemon --version
else
    command -v cargo >/dev/null 2>&1 || fail 'cargo is missing: install a Rust toolchain first'
    say '1. What it needs: restic, and PRestic built from this checkout'
    packaging/install_packages.sh restic cc
    restic version
    # The whole workspace, so that `make test` finds everything built alike.
    type_and_run cargo build --workspace --bins --locked
    PATH=$target/debug:$PATH
fi
PRESTIC_HOME=$home
# A port that is free: a daemon of the user's own may have the usual one.
PRESTIC_WEB_LISTEN=127.0.0.1:0
export PATH PRESTIC_HOME PRESTIC_WEB_LISTEN

say '2. A configuration: one repository and two tasks'
if [ -e "$home/daemon.lock" ]; then
    # A demo that was killed may have left its daemon.
    prestic-ctl shutdown >/dev/null 2>&1 || true
fi
rm -rf "$demo"
if [ "${#home}" -gt 80 ]; then
    # The path of a socket may have 107 bytes at most.
    fail "the path of this checkout is too long for a socket ($home): set CARGO_TARGET_DIR to a shorter one"
fi
(umask 077 && mkdir -p "$home" && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$home/password")
# What cargo builds on the way is big and worth nothing, and a repository must not back itself up.
if [ "$source" = "$checkout" ]; then
    excludes="--exclude='$target/*/deps' --exclude='$target/*/build' --exclude='$target/*/incremental'
    --exclude='$target/doc' --exclude='$target/tmp' --exclude='$target/restic' --exclude='$demo'"
else
    excludes="--exclude='$demo'"
fi
(umask 077 && cat >"$home/config.ini") <<INI
[demo]
description = A repository in a local folder
repository = $demo/repository
password-file = $home/password

[backup]
inherit = demo
description = Back up a folder
schedule = daily at 12:30
command = backup
args =
    '$source'
    $excludes

[tidy]
inherit = demo
description = Forget old snapshots
schedule = weekly at 13:00
command = forget
args =
    --prune
    --keep-daily 7
    --keep-weekly 4
INI
printf '\n%s$ export PRESTIC_HOME=%s%s\n' "$green" "$home" "$plain"
type_and_run cat "$home/config.ini"
type_and_run prestic-ctl check

say '3. The daemon, and a new repository'
mkfifo "$demo/ready"
printf '\n%s$ prestic-daemon &%s\n' "$green" "$plain"
# In a session of its own, Ctrl-C reaches the client only, as it would with a real daemon.
if command -v setsid >/dev/null 2>&1; then
    setsid prestic-daemon >"$demo/ready" 2>"$demo/daemon.log" &
else
    prestic-daemon >"$demo/ready" 2>"$demo/daemon.log" &
fi
daemon=$!
answer=''
read -r answer <"$demo/ready" || true
if [ "$answer" != ready ]; then
    cat "$demo/daemon.log" >&2
    fail 'the daemon did not get ready'
fi
echo "$answer"
type_and_run prestic-ctl -p demo init

say "4. The backup of $source"
code=0
type_and_run prestic-ctl run backup || code=$?
case $code in
0) ;;
3) echo 'Some files could not be read; the snapshot has the others.' ;;
*) fail "the backup ended with exit code $code" ;;
esac

say '5. What there is now'
type_and_run prestic-ctl status
type_and_run prestic-ctl -p demo snapshots
type_and_run prestic-ctl log backup

say '6. The end'
type_and_run prestic-ctl shutdown
wait "$daemon" || fail "the daemon ended with exit code $?"
daemon=''

snapshots=$(restic --repo "$demo/repository" --password-file "$home/password" --no-cache list snapshots | grep -c '^[0-9a-f]\{64\}$' || true)
[ "$snapshots" -eq 1 ] || fail "expected one snapshot in $demo/repository, found $snapshots"
say "Done: one snapshot in $demo/repository. \`make clean-demo\` removes it."
