#!/bin/sh
# Builds everything that goes into a package and lays it out in target/release/stage-FORMAT: stage.sh PROFILE FORMAT
#
# The folder is in target/release whatever the profile, because cargo-deb looks for what was built there.
set -eu

profile=$1
format=$2
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
stage=$target/release/stage-$format

case $profile in
dev)
    # All at once, as the tests do: then nothing is built twice.
    cargo build --quiet --locked --workspace --bins
    built=$target/debug
    ;;
*)
    cargo build --quiet --locked --profile "$profile" -p prestic-daemon -p prestic-ctl -p prestic-tray
    # What it writes is the same in every profile, so it is built as is quickest.
    cargo build --quiet --locked -p prestic-generate
    built=$target/$profile
    ;;
esac
rm -rf "$target/docs/man" "$target/docs/completions"
for kind in man completions; do
    "$target/debug/prestic-generate" "$kind" "$target/docs/$kind"
done
rm -rf "$stage"
packaging/install.sh "$built" "$stage" /usr
find "$stage/usr/bin" -type f -exec strip --strip-unneeded --remove-section=.comment --remove-section=.note {} +

documents=$stage/usr/share/doc/prestic
mkdir -p "$documents"
case $format in
deb)
    gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
    # Debian's zsh looks elsewhere than others do.
    mkdir -p "$stage/usr/share/zsh/vendor-completions"
    mv "$stage"/usr/share/zsh/site-functions/* "$stage/usr/share/zsh/vendor-completions/"
    rmdir "$stage/usr/share/zsh/site-functions"
    ;;
rpm)
    install -m 644 CHANGELOG.md README.md "$documents"
    install -D -m 644 LICENSE "$stage/usr/share/licenses/prestic/LICENSE"
    ;;
esac
