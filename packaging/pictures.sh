#!/bin/sh
# Takes the pictures of the web interface that README.md shows: `make pictures`.
#
# They are pages of the browser tests' own home, at the size in which those open them.
set -eu
cd "$(dirname "$0")/.."

packaging/install_packages.sh cc chromedriver chromium restic
tests/scripts/fetch_restic.sh
tests/scripts/fetch_axe.sh
cargo test --locked -p prestic-tests --test browser -- every_page_fits task_is_run_by_a_click
pictures=${CARGO_TARGET_DIR:-target}/screenshots
cp "$pictures/home-running-light.png" assets/web_home.png
cp "$pictures/file-light.png" assets/web_file.png
ls -l assets/web_home.png assets/web_file.png
