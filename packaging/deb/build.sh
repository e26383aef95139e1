#!/bin/sh
# Builds the Debian package: packaging/deb/build.sh [--profile dev] [--revision N] [--output FOLDER]
#
# Without a profile it builds for release. The package is left in target/debian, or in FOLDER.
set -eu

cd "$(dirname "$0")/../.."
profile=release
revision=1
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
output=$target/debian
while [ $# -gt 1 ]; do
    case $1 in
    --profile) profile=$2 ;;
    --revision) revision=$2 ;;
    --output) output=$2 ;;
    *) break ;;
    esac
    shift 2
done
[ $# -eq 0 ] || {
    sed -n '2s/^# //p' "$0" >&2
    exit 64
}

packaging/install_packages.sh cc dpkg-shlibdeps strip
packaging/fetch_cargo_deb.sh
packaging/stage.sh "$profile" deb
mkdir -p "$output"
set -- --no-build --no-strip --quiet --deb-revision "$revision" --output "$output/"
# A test need not wait for the best compression.
[ "$profile" = release ] || set -- "$@" --fast
cd prestic-daemon
"$target/packaging-tools/bin/cargo-deb" "$@"
