#!/bin/sh
# Takes the pictures that README.md shows: `make pictures`.
#
# Those of the web interface are pages of the browser tests' own home, at the size in which those open them; those of the tray are
# of the panel that its own test uses.
set -eu
cd "$(dirname "$0")/.."

packaging/install_packages.sh cc chromedriver chromium dbus-daemon import restic xdotool xfce4-panel xfconf-query Xvfb
tests/scripts/fetch_restic.sh
tests/scripts/fetch_axe.sh
cargo test --locked -p prestic-tests --test browser -- every_page_fits task_is_run_by_a_click
cargo test --locked -p prestic-tests --test end_to_end -- tray_screen
pictures=${CARGO_TARGET_DIR:-target}/screenshots
cp "$pictures/home-running-light.png" assets/web_home.png
cp "$pictures/file-light.png" assets/web_file.png
cp "$pictures/tray-panel.png" assets/tray_panel.png
cp "$pictures/tray-menu.png" assets/tray_menu.png
ls -l assets/*.png
