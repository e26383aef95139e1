#!/bin/sh
# Puts axe-core into target/axe/axe.min.js: the browser tests look with it for what keeps people with disabilities out.
#
# What is there already is not fetched again, so a second run needs no network.
set -eu

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
folder=$(cd "$target" && pwd)/axe
wanted=axe-core@4.14.1

if [ -f "$folder/axe.min.js" ] && [ "$(cat "$folder/wanted" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
packaging/install_packages.sh npm tar
echo "Fetching into $folder: $wanted"
rm -rf "$folder"
mkdir -p "$folder"
(cd "$folder" && npm pack --silent "$wanted" >/dev/null && tar -xzf ./*.tgz package/axe.min.js && mv package/axe.min.js .)
rm -rf "$folder/package" "$folder"/*.tgz
echo "$wanted" >"$folder/wanted"
