#!/bin/sh
# Makes PRestic.app: bundle.sh [PROGRAMS [FOLDER]], from target/release and in target where nothing else is said.
#
# macOS shows notifications under the name and icon of an application only. A double click on it starts the tray, which starts
# the daemon; all three programs are in it, beside each other. The picture needs `png2icns` (icnsutils).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
programs=${1:-$target/release}
app=${2:-$target}/PRestic.app

rm -rf "$app"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
for program in prestic-daemon prestic-ctl prestic-tray; do
    cp "$programs/$program" "$app/Contents/MacOS/$program"
done
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
sed "s/@VERSION@/$version/" "$here/packaging/macos/Info.plist" >"$app/Contents/Info.plist"
"$here/packaging/install_packages.sh" png2icns >&2
png2icns "$app/Contents/Resources/prestic.icns" "$here/assets/tray/dark/normal.png" >/dev/null

# A program that nobody has signed is not started on Apple's own processors.
if command -v codesign >/dev/null 2>&1; then
    codesign --force --deep --sign - "$app"
fi
echo "$app"
