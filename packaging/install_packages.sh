#!/bin/sh
# Makes sure that commands are there: install_packages.sh COMMAND...
#
# Installs the package of each missing one with the system's package manager, with sudo where we are not root.
# It says what it installs, and where there is no known manager it says what to install.
set -eu

# Some things are no command of their own.
is_there() {
    case "$1" in
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    # Not everybody has its folder on the PATH.
    sshd) [ -x /usr/sbin/sshd ] || command -v sshd >/dev/null 2>&1 ;;
    wine64) [ -x /usr/lib/wine/wine64 ] || command -v wine64 >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing=''
for command in "$@"; do
    is_there "$command" || missing="$missing $command"
done
[ -n "$missing" ] || exit 0

manager=''
for candidate in apt-get dnf pacman zypper brew; do
    if command -v "$candidate" >/dev/null 2>&1; then
        manager=$candidate
        break
    fi
done

package_of() {
    case "$manager:$1" in
    apt-get:cc) echo 'gcc libc6-dev' ;;
    apt-get:dbus-daemon | pacman:dbus-daemon | brew:dbus-daemon) echo dbus ;;
    zypper:dbus-daemon) echo dbus-1 ;;
    *:gnome-keyring-daemon) echo gnome-keyring ;;
    apt-get:Xvfb) echo xvfb ;;
    dnf:Xvfb | zypper:Xvfb) echo xorg-x11-server-Xvfb ;;
    pacman:Xvfb) echo xorg-server-xvfb ;;
    apt-get:chromedriver) echo chromium-driver ;;
    pacman:chromedriver) echo chromium ;;
    apt-get:x86_64-w64-mingw32-gcc-posix) echo gcc-mingw-w64-x86-64-posix ;;
    apt-get:python3-venv) echo python3-venv ;;
    pacman:python3 | pacman:python3-venv) echo python ;;
    *:python3-venv) echo python3 ;;
    *:systemd-analyze) echo systemd ;;
    brew:cc) echo gcc ;;
    *:cc) echo gcc ;;
    apt-get:rsvg-convert) echo librsvg2-bin ;;
    dnf:rsvg-convert) echo librsvg2-tools ;;
    *:rsvg-convert) echo librsvg ;;
    apt-get:dpkg-shlibdeps) echo dpkg-dev ;;
    *:dpkg-shlibdeps) echo dpkg ;;
    *:strip) echo binutils ;;
    *:ip) echo iproute2 ;;
    *:unshare) echo util-linux ;;
    dnf:rpmbuild | zypper:rpmbuild) echo rpm-build ;;
    apt-get:rpmbuild | brew:rpmbuild) echo rpm ;;
    pacman:rpmbuild) echo rpm-tools ;;
    brew:png2icns) echo libicns ;;
    *:png2icns) echo icnsutils ;;
    *:xargs) echo findutils ;;
    dnf:convert | dnf:import) echo ImageMagick ;;
    *:convert | *:import) echo imagemagick ;;
    apt-get:ssh) echo openssh-client ;;
    apt-get:sshd) echo openssh-server ;;
    pacman:ssh | pacman:sshd | zypper:ssh | zypper:sshd | brew:ssh | brew:sshd) echo openssh ;;
    dnf:ssh) echo openssh-clients ;;
    dnf:sshd) echo openssh-server ;;
    *:xfconf-query) echo xfconf ;;
    *) echo "$1" ;;
    esac
}

packages=''
for command in $missing; do
    packages="$packages $(package_of "$command")"
done

if [ -z "$manager" ]; then
    echo "Missing:$missing. No known package manager is here: install these yourself, then try again." >&2
    exit 1
fi

as_root=''
if [ "$(id -u)" -ne 0 ] && [ "$manager" != brew ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Missing:$missing. Install as root:$packages" >&2
        exit 1
    fi
    as_root='sudo'
fi

echo "Installing with $manager:$packages"
# The list is ours, and no word of it holds a space.
# shellcheck disable=SC2086
set -- $packages
case $manager in
apt-get)
    # The first try spares the network where the package lists are there already.
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null 2>&1 || {
        $as_root apt-get -qq update
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
    }
    ;;
dnf) $as_root dnf install -y -q "$@" ;;
pacman) $as_root pacman -S --noconfirm --needed "$@" ;;
zypper) $as_root zypper --non-interactive install "$@" ;;
brew) brew install "$@" ;;
esac

for command in $missing; do
    is_there "$command" || {
        echo "\`$command\` is still missing after the installation of:$packages" >&2
        exit 1
    }
done
