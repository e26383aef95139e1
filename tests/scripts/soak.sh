#!/bin/sh
# Kills the daemon 50 times and supervisors 25 times in the middle of a backup, for each restic: soak.sh [KILLS]
set -eu
cd "$(dirname "$0")/../.."
tests/scripts/fetch_restic.sh
PRESTIC_KILLS=${1:-50} cargo test --workspace --locked --test end_to_end -- --nocapture --test-threads 1 crash::backup_goes_on crash::restic_stops
