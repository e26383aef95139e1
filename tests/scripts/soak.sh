#!/bin/sh
# Kills the daemon at random moments of a rate-limited backup, 50 times for each restic: soak.sh [KILLS]
set -eu
cd "$(dirname "$0")/../.."
tests/scripts/fetch_restic.sh
PRESTIC_KILLS=${1:-50} cargo test --workspace --locked --test end_to_end -- --nocapture crash::backup_goes_on
