#!/bin/sh
# Builds the RPM package: packaging/rpm/build.sh [--profile dev] [--release N] [--output FOLDER]
#
# Without a profile it builds for release. The package is left in target/rpm, or in FOLDER.
set -eu

cd "$(dirname "$0")/../.."
profile=release
release=1
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
output=$target/rpm
while [ $# -gt 1 ]; do
    case $1 in
    --profile) profile=$2 ;;
    --release) release=$2 ;;
    --output) output=$2 ;;
    *) break ;;
    esac
    shift 2
done
[ $# -eq 0 ] || {
    sed -n '2s/^# //p' "$0" >&2
    exit 64
}

packaging/install_packages.sh cc rpmbuild strip
packaging/stage.sh "$profile" rpm
mkdir -p "$output"
version=$(cargo metadata --no-deps --locked --format-version 1 | sed 's/.*"name":"prestic-daemon","version":"\([^"]*\)".*/\1/')
# A test need not wait for the best compression.
compression=w19.zstdio
[ "$profile" = release ] || compression=w3.zstdio
rpmbuild -bb --quiet \
    --define "_topdir $target/rpm-work" --define "_rpmdir $output" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
    --define "_binary_payload $compression" --define "prestic_version $version" --define "prestic_release $release" \
    --define "prestic_stage $target/release/stage-rpm" packaging/rpm/prestic.spec
rm -rf "$target/rpm-work"
ls "$output/prestic-$version-$release".*.rpm
