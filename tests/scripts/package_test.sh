#!/bin/sh
# Installs, uses, upgrades and removes the Debian package in a clean root: `make package-test`. The RPM is installed, upgraded and
# removed in another one, where nothing but its programs' versions is asked: it has the same files.
#
# The root is a minimal system of the machine's own release, made by debootstrap once, kept in target/package-root, and copied for
# each test. The test has namespaces of its own for mounts, processes and the network: nothing that it starts outlives it, and
# the web interface has its usual port. It needs root, and a kernel that lets root make such namespaces. Where it may not, as in
# many containers, the test ends with 77: it has not run, and has not passed.
#
# The programs are those of a debug build, which the other tests have made already: `make deb` packs the release.
set -eu

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)

fail() {
    echo "package-test: $*" >&2
    exit 1
}

step() {
    printf '\n==> %s\n' "$*"
}

[ "$(id -u)" -eq 0 ] || fail 'this needs root, for chroot and mounts: run it as root, or with sudo'
packaging/install_packages.sh debootstrap ip lintian rpm unshare
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
unshare --mount --pid --net --fork sh -c 'mount --make-rprivate / && mount -t proc proc /proc && mount -t cgroup2 none /mnt' || {
    echo 'package-test: NOT RUN: namespaces or mounts cannot be made here (see above); the package has not been tested' >&2
    exit 77
}

step "A clean root of $suite"
base=$target/package-root/$suite
wanted='restic curl iproute2 procps systemd'
if [ "$(cat "$base.made" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$base"
    mkdir -p "$base"
    debootstrap --variant=minbase --include="$(echo "$wanted" | tr ' ' ',')" "$suite" "$base" >"$base.log" 2>&1 || {
        tail -n 20 "$base.log" >&2
        fail "debootstrap failed; all it said is in $base.log"
    }
    rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
    echo "$wanted" >"$base.made"
fi
root=$target/package-root/test
rm -rf "$root"
cp -a "$base" "$root"

step 'Two packages, the second one an upgrade of the first'
packages=$root/packages
mkdir "$packages"
for revision in 1 2; do
    packaging/deb/build.sh --profile dev --revision "$revision" --output "$packages" >/dev/null
done
ls -l "$packages"

step 'lintian'
# Errors fail. What is only a warning is shown, and judged by whoever reads it.
lintian --fail-on error "$packages"/prestic_*-1_*.deb

step 'In the root'
install -m 755 tests/packages/inside.sh "$root/packages/inside.sh"
install -D -m 755 packaging/demo.sh "$root/packages/packaging/demo.sh"
# shellcheck disable=SC2016
unshare --mount --pid --net --fork --kill-child sh -c '
    set -eu
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount -t tmpfs -o mode=755 tmpfs "$1/dev"
    for device in null zero full random urandom tty; do
        touch "$1/dev/$device"
        mount --bind "/dev/$device" "$1/dev/$device"
    done
    # A user manager of systemd wants to believe that the system was booted with it, and control groups of version 2.
    mkdir -p "$1/run/systemd/system" "$1/sys/fs/cgroup"
    mount -t cgroup2 none "$1/sys/fs/cgroup"
    group=/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)/prestic-package-test
    mkdir -p "$1$group"
    status=0
    PRESTIC_GROUP=$group chroot "$1" /packages/inside.sh || status=$?
    echo 1 >"$1$group/cgroup.kill"
    # The kernel needs a moment for those that were killed.
    while grep -q "populated 1" "$1$group/cgroup.events"; do sleep 0.1; done
    find "$1$group" -depth -type d -exec rmdir {} +
    exit "$status"
' sh "$root"

rm -rf "$root"

step 'The RPM, in a root of its own'
packages=$target/package-root/rpm
for release in 1 2; do
    packaging/rpm/build.sh --profile dev --release "$release" --output "$packages"
done
cp -a "$base" "$root"
files_of_the_root() {
    find "$root" -xdev ! -path '*/.rpmdb*' \( ! -type d -o -name prestic \) | sort
}
files_of_the_root >"$packages/before"
# What Debian has installed is unknown to RPM.
rpm --root "$root" --nodeps --install "$packages"/prestic-*-1.*.rpm
rpm --root "$root" --nodeps --upgrade "$packages"/prestic-*-2.*.rpm
rpm --root "$root" --verify --nodeps prestic
for program in prestic-daemon prestic-ctl prestic-tray prestic; do
    chroot "$root" "$program" --version
done
rpm --root "$root" --erase prestic
files_of_the_root | diff "$packages/before" - || fail 'the RPM left something behind, or took something away'
rm -rf "$root"

printf '\nThe packages passed.\n'
