#!/bin/sh
# Puts cargo-deb into target/packaging-tools. What is there already is not built again.
set -eu

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
folder=$(cd "$target" && pwd)/packaging-tools

version=3.8.0
if [ "$("$folder/bin/cargo-deb" --version 2>/dev/null)" = "cargo-deb $version" ]; then
    exit 0
fi
echo "Building cargo-deb $version into $folder"
# A debug build takes a quarter of the time, and packs a package in seconds. Its own features are left out but for xz.
cargo install --quiet --debug --locked --root "$folder" --target-dir "$folder/build" --no-default-features \
    --features lzma "cargo-deb@$version"
rm -rf "$folder/build"
