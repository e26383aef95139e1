#!/bin/sh
# Type-checks everything for macOS with warnings denied: `make macos`. Nothing is linked or run.
set -eu
cd "$(dirname "$0")/../.."

step() {
    printf '\n==> %s\n' "$*"
}

step 'A compiler for macOS'
tests/scripts/fetch_windows.sh
target=${CARGO_TARGET_DIR:-target}
tools=$(cd "$target" && pwd)/windows-tools

# Code in other languages is not compiled: whoever would do it makes an empty file.
stub=$tools/bin/no-compiler
cat >"$stub" <<'EOF'
#!/bin/sh
case ${1:--} in
-*) ;;
*) # An archiver: ar cq ARCHIVE OBJECT...
    : >"$2"
    exit
    ;;
esac
while [ $# -gt 0 ]; do
    case $1 in
    -o) : >"$2" ;;
    -o?*) : >"${1#-o}" ;;
    esac
    shift
done
EOF
chmod +x "$stub"

export PATH="$tools/bin:$tools/root/usr/bin:$PATH" RUSTC="$tools/bin/rustc"
# The standard library comes as source, and this is what builds it with a released compiler.
export RUSTC_BOOTSTRAP=1
export CC_aarch64_apple_darwin="$stub" AR_aarch64_apple_darwin="$stub" SDKROOT=/
export CARGO_TARGET_DIR="$target/macos"

step 'Lints: cargo clippy for aarch64-apple-darwin, warnings denied'
cargo clippy --locked -Zbuild-std=std,panic_unwind,test --target aarch64-apple-darwin --all-targets \
    -p prestic-proto -p prestic-daemon -p prestic-ctl -p prestic-tray -p prestic-double -- -D warnings

printf '\nAll checks for macOS passed.\n'
