#!/bin/sh
# Everything that must hold before a change is merged: `make test`.
set -eu
cd "$(dirname "$0")/../.."

step() {
    printf '\n==> %s\n' "$*"
}

command -v cargo >/dev/null 2>&1 || {
    echo 'cargo is missing: install a Rust toolchain first' >&2
    exit 1
}

step 'Packages that the tests use'
packaging/install_packages.sh cc chromedriver chromium dbus-daemon dunst faketime fish gnome-keyring-daemon import mandoc png2icns \
    python3 restic shellcheck ssh sshd systemd-analyze xdotool xfce4-panel xfconf-query Xvfb zsh
tests/scripts/fetch_restic.sh
tests/scripts/fetch_cronsim.sh
tests/scripts/fetch_axe.sh
tests/scripts/fetch_keyring.sh

tests/scripts/lint.sh

step 'Build: cargo build --workspace --locked'
cargo build --workspace --locked

step 'Tests: cargo test --workspace --locked'
cargo test --workspace --locked

printf '\nAll checks passed.\n'
