#!/bin/sh
# Puts all that belongs to PRestic below a folder: install.sh BINARIES DESTDIR [PREFIX]
#
# BINARIES has the built programs, DESTDIR stands for the root of the system, PREFIX is where PRestic will be found there
# (/usr/local unless told). What packages are made of is made by this, and so is `make install`. Man pages and completions are
# those that `make docs` has left in target/docs.
set -eu

if [ $# -lt 2 ]; then
    sed -n '2s/^# //p' "$0" >&2
    exit 64
fi
binaries=$(cd "$1" && pwd)
destination=${2%/}
prefix=${3:-/usr/local}
cd "$(dirname "$0")/.."
documents=${CARGO_TARGET_DIR:-target}/docs
if [ ! -d "$documents/man" ]; then
    echo "there are no man pages in $documents: run \`make docs\` first" >&2
    exit 1
fi
# What is for the whole system and lies in /usr has its settings in /etc; a prefix of its own has them there.
case $prefix in
/usr) settings=/etc ;;
*) settings=$prefix/etc ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# put MODE FILE PLACE
put() {
    # BSD's install makes no folders on the way.
    mkdir -p "$(dirname "$destination$3")"
    install -m "$1" "$2" "$destination$3"
}

# put_with_paths FILE PLACE: a file that names the programs in /usr/bin, where they are not everywhere.
put_with_paths() {
    sed "s|/usr/bin/prestic|$prefix/bin/prestic|g" "$1" >"$work/file"
    put 644 "$work/file" "$2"
}

# put_all FOLDER PLACE
put_all() {
    for file in "$1"/*; do
        put 644 "$file" "$2/$(basename "$file")"
    done
}

for program in prestic-daemon prestic-ctl prestic-tray; do
    put 755 "$binaries/$program" "$prefix/bin/$program"
done
# The name that Python's PRestic has.
ln -sf prestic-ctl "$destination$prefix/bin/prestic"

for page in "$documents"/man/*; do
    section=$prefix/share/man/man${page##*.}
    gzip -9n <"$page" >"$work/page"
    put 644 "$work/page" "$section/$(basename "$page").gz"
done
ln -sf prestic-ctl.1.gz "$destination$prefix/share/man/man1/prestic.1.gz"

put_all "$documents/completions/bash" "$prefix/share/bash-completion/completions"
put_all "$documents/completions/zsh" "$prefix/share/zsh/site-functions"
put_all "$documents/completions/fish" "$prefix/share/fish/vendor_completions.d"

[ "$(uname)" = Linux ] || exit 0

put_with_paths packaging/systemd/prestic-daemon.service "$prefix/lib/systemd/user/prestic-daemon.service"
put 644 packaging/presets/90-prestic.preset "$prefix/lib/systemd/user-preset/90-prestic.preset"
put_with_paths packaging/system/prestic-daemon.service "$prefix/lib/systemd/system/prestic-daemon.service"
put 644 packaging/presets/90-prestic.preset "$prefix/lib/systemd/system-preset/90-prestic.preset"
put 644 packaging/system/prestic.sysusers "$prefix/lib/sysusers.d/prestic.conf"
put 644 packaging/system/root.conf "$prefix/share/doc/prestic/examples/root.conf"

put_with_paths packaging/desktop/prestic-tray.desktop "$settings/xdg/autostart/prestic-tray.desktop"
put 644 packaging/desktop/prestic.desktop "$prefix/share/applications/prestic.desktop"
put 644 assets/icon.svg "$prefix/share/icons/hicolor/scalable/apps/prestic.svg"
for size in 48 128; do
    put 644 "assets/icon-$size.png" "$prefix/share/icons/hicolor/${size}x$size/apps/prestic.png"
done
