#!/bin/sh
# Checks everything that can be checked without running a test.
set -eu
cd "$(dirname "$0")/../.."

step() {
    printf '\n==> %s\n' "$*"
}

for part in fmt clippy; do
    cargo "$part" --version >/dev/null 2>&1 || {
        echo "\`cargo $part\` is missing: install it with \`rustup component add rustfmt clippy\`" >&2
        exit 1
    }
done

step 'Format: cargo fmt --all --check'
cargo fmt --all --check

step 'Lints: cargo clippy --workspace --all-targets --locked -- -D warnings'
cargo clippy --workspace --all-targets --locked -- -D warnings

step 'Documentation: cargo doc --workspace --no-deps, warnings denied'
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

step 'Shell scripts: shellcheck'
if command -v shellcheck >/dev/null 2>&1; then
    shellcheck .ci/run packaging/*.sh prestic-ctl/src/completion/*.sh tests/scripts/*.sh
else
    echo 'shellcheck is not installed: the scripts were not checked'
fi

step 'Service: systemd-analyze verify'
if command -v systemd-analyze >/dev/null 2>&1; then
    # A home with nothing but a stand-in program where README.md installs the real one: else the check would depend on the
    # machine.
    home=$(mktemp -d)
    trap 'rm -rf "$home"' EXIT
    mkdir -p "$home/.local/bin" "$home/run"
    printf '#!/bin/sh\n' >"$home/.local/bin/prestic-daemon"
    chmod 700 "$home/.local/bin/prestic-daemon" "$home/run"
    HOME=$home XDG_RUNTIME_DIR=$home/run systemd-analyze --user verify packaging/systemd/prestic-daemon.service
else
    echo 'systemd-analyze is not installed: the service was not checked'
fi
