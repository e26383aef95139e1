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
    shellcheck .ci/run packaging/*.sh tests/scripts/*.sh
else
    echo 'shellcheck is not installed: the scripts were not checked'
fi
