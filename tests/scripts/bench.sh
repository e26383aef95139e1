#!/bin/sh
# Measures what PRestic costs, each figure beside its reference in the same run: `make bench`.
#
# A measurement is no test: it prints a table with targets, and what misses one is for a person to judge.
set -eu
cd "$(dirname "$0")/../.."
packaging/install_packages.sh cc dbus-daemon python3 restic xfce4-panel xfconf-query Xvfb
tests/scripts/fetch_restic.sh
cargo build --release --workspace --bins --locked
"${CARGO_TARGET_DIR:-target}/release/bench" "$@"
