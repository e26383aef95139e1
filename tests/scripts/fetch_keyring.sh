#!/bin/sh
# Puts a Python with its `keyring` library into target/python-keyring: the tests of the keyring share entries with it.
#
# What is there already is not fetched again, so a second run needs no network.
set -eu

cd "$(dirname "$0")/../.."
packaging/install_packages.sh python3 python3-venv
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
folder=$(cd "$target" && pwd)/python-keyring

wanted='keyring==25.7.0 SecretStorage==3.5.0'

if [ -x "$folder/bin/python" ] && [ "$(cat "$folder/wanted" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "Installing into $folder: $wanted"
rm -rf "$folder"
python3 -m venv "$folder"
# The list is ours, and no word of it holds a space.
# shellcheck disable=SC2086
"$folder/bin/pip" install --quiet --disable-pip-version-check $wanted
echo "$wanted" >"$folder/wanted"
