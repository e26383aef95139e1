#!/bin/sh
# Checks everything that can be checked without running a test.
set -eu
cd "$(dirname "$0")/../.."

step() {
    printf '\n==> %s\n' "$*"
}

for part in fmt clippy; do
    cargo "$part" --version >/dev/null 2>&1 || {
        echo "\`cargo $part\` is missing: install it with \`rustup component add rustfmt clippy\`" >&2
        exit 1
    }
done

step 'Format: cargo fmt --all --check'
cargo fmt --all --check

step 'Lints: cargo clippy --workspace --all-targets --locked -- -D warnings'
cargo clippy --workspace --all-targets --locked -- -D warnings

step 'Documentation: cargo doc --workspace --no-deps, warnings denied'
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet

step 'Shell scripts: shellcheck'
if command -v shellcheck >/dev/null 2>&1; then
    shellcheck .ci/run packaging/*.sh packaging/deb/*.sh packaging/deb/scripts/* packaging/rpm/*.sh tests/packages/*.sh \
        prestic-ctl/src/completion/*.sh tests/scripts/*.sh
    shellcheck --shell=bash --exclude=SC2034,SC2154,SC2164 packaging/aur/PKGBUILD
else
    echo 'shellcheck is not installed: the scripts were not checked'
fi

step 'Services: systemd-analyze verify'
if command -v systemd-analyze >/dev/null 2>&1; then
    # With stand-ins for the programs of a package: else the check would depend on the machine. Manual pages come with it, too.
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    mkdir -p "$folder/bin" "$folder/user" "$folder/system" "$folder/root/prestic-daemon.service.d" "$folder/run"
    chmod 700 "$folder/run"
    for program in prestic-daemon prestic-ctl; do
        printf '#!/bin/sh\n' >"$folder/bin/$program"
        chmod 700 "$folder/bin/$program"
    done
    sed "s#=/usr/bin/#=$folder/bin/#" packaging/systemd/prestic-daemon.service >"$folder/user/prestic-daemon.service"
    sed "s#=/usr/bin/#=$folder/bin/#" packaging/system/prestic-daemon.service >"$folder/system/prestic-daemon.service"
    cp "$folder/system/prestic-daemon.service" "$folder/root/"
    cp packaging/system/root.conf "$folder/root/prestic-daemon.service.d/"
    HOME=$folder XDG_RUNTIME_DIR=$folder/run systemd-analyze --user --man=no verify "$folder/user/prestic-daemon.service"
    systemd-analyze --man=no verify "$folder/system/prestic-daemon.service"
    systemd-analyze --man=no verify "$folder/root/prestic-daemon.service"
else
    echo 'systemd-analyze is not installed: the services were not checked'
fi
