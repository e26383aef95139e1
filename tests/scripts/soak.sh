#!/bin/sh
# Makes the daemon live through weeks of trouble in twenty minutes, then kills it 50 times and supervisors 25 times in the
# middle of a backup, for each restic: soak.sh [KILLS] [DAYS]. PRESTIC_SEED=N repeats the trouble of another time.
set -eu
cd "$(dirname "$0")/../.."
packaging/install_packages.sh cc faketime
tests/scripts/fetch_restic.sh
cargo build --workspace --locked --bins
cargo run --locked --package prestic-tests --bin soak -- "${2:-30}"
PRESTIC_KILLS=${1:-50} cargo test --workspace --locked --test end_to_end -- --nocapture --test-threads 1 crash::backup_goes_on crash::restic_stops
