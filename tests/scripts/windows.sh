#!/bin/sh
# Checks everything for Windows with warnings denied, and runs its tests under Wine: `make windows`.
#
# Everything is built into target/windows, so that the project's own build stays as it is. Arguments go to the tests.
set -eu
cd "$(dirname "$0")/../.."

step() {
    printf '\n==> %s\n' "$*"
}

step 'A compiler for Windows, and Wine'
tests/scripts/fetch_windows.sh
target=${CARGO_TARGET_DIR:-target}
tools=$(cd "$target" && pwd)/windows-tools
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)

export PATH="$tools/bin:$tools/root/usr/bin:$PATH" RUSTC="$tools/bin/rustc" RUSTDOC="$tools/bin/rustdoc"
# The standard library comes as source, and this is what builds it with a released compiler.
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc-posix
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-posix AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$wine"
export CARGO_TARGET_DIR="$target/windows"
export WINEPREFIX="$tools/prefix" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
# Windows show up on a screen of our own, or on none.
unset DISPLAY WAYLAND_DISPLAY
# Wine makes a file's permissions of its mode.
umask 077

for_windows() {
    command=$1
    shift
    cargo "$command" --locked -Zbuild-std=std,panic_unwind,test --target x86_64-pc-windows-gnu "$@"
}

if [ ! -e "$WINEPREFIX/complete" ]; then
    step 'A Windows of our own: wineboot'
    rm -rf "$WINEPREFIX"
    "$wine" wineboot -i
    touch "$WINEPREFIX/complete"
fi
lacking="$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"
if [ ! -e "$lacking" ]; then
    "$CC_x86_64_pc_windows_gnu" -shared -o "$lacking" tests/scripts/bcryptprimitives.c -ladvapi32
fi

step 'Lints: cargo clippy for x86_64-pc-windows-gnu, warnings denied'
for_windows clippy --all-targets -p prestic-proto -p prestic-daemon -p prestic-ctl -p prestic-tray -p prestic-double \
    -p prestic-windows-tests -- -D warnings

step 'Build: the programs under test'
for_windows build --bins -p prestic-daemon -p prestic-ctl -p prestic-tray -p prestic-double \
    -Zwarnings --config 'build.warnings="deny"'

step 'A screen that nobody sees, for the tray'
pipe=$(mktemp -d)/display
mkfifo "$pipe"
Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3>"$pipe" 2>/dev/null &
screen=$!
trap 'kill $screen; rm -r "${pipe%/*}"' EXIT
# It writes its number when it can be used, and nothing if it ends before.
read -r number <"$pipe" || {
    echo 'Xvfb did not start' >&2
    exit 1
}
export DISPLAY=":$number"
# Programs of Wine that were started without a screen would go on without one.
"${wine%64}server" --wait

step 'Unit tests under Wine'
for_windows test --lib --bins -p prestic-proto -p prestic-daemon -p prestic-ctl -p prestic-tray -- "$@"

step 'End-to-end tests under Wine'
for_windows test -p prestic-windows-tests -- "$@"

printf '\nAll checks for Windows passed.\n'
