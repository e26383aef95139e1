#!/bin/sh
# Puts the compiler that makes programs for Windows, and checks them for macOS, into target/windows-tools.
#
# The distribution carries a second, newer compiler for its browsers. Its packages are only unpacked here, because they
# do not stand being installed beside other toolchains; the project's own toolchain stays as it is. mingw's linker and
# Wine are packages like others. What is there already is not fetched again.
set -eu

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
tools=$(cd "$target" && pwd)/windows-tools
root=$tools/root

command -v apt-get >/dev/null 2>&1 || {
    echo 'The checks for Windows and macOS need Debian 12 or later: it has the compiler for both, mingw and Wine.' >&2
    exit 1
}
packaging/install_packages.sh x86_64-w64-mingw32-gcc-posix wine64 Xvfb

if [ ! -e "$tools/complete" ]; then
    echo 'Fetching a compiler for Windows and macOS'
    rm -rf "$tools"
    mkdir -p "$root" "$tools/cache/archives/partial"
    download() {
        apt-get -qq -y --no-install-recommends --download-only -o "Dir::Cache=$tools/cache" \
            -o "APT::Sandbox::User=$(id -un)" -o Acquire::Retries=3 \
            install rustc-web cargo-web rust-web-src rust-web-clippy >"$tools/log" 2>&1
    }
    download || {
        apt-get -qq update
        download || {
            cat "$tools/log" >&2
            exit 1
        }
    }
    for package in "$tools"/cache/archives/*.deb; do
        dpkg -x "$package" "$root"
    done
    rm -rf "$tools/cache"

    # Programs of the unpacked folder need the libraries beside them.
    mkdir -p "$tools/bin"
    for program in rustc cargo cargo-clippy clippy-driver rustdoc; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "'$root/usr/lib/x86_64-linux-gnu'" \
            "'$root/usr/bin/$program'" >"$tools/bin/$program"
        chmod +x "$tools/bin/$program"
    done
    touch "$tools/complete"
fi
