#!/bin/sh
# Puts the restic versions that the tests run against into target/restic/<version>/restic.
#
# They are the system's own one and those that newer suites of the same distribution serve. Nothing is installed: the
# packages are only unpacked, with package lists and caches of our own, and apt checks their signatures as always.
# What is there already is not fetched again, so a second run needs no network.
#
# PRESTIC_TEST_RESTIC=/a/restic:/b/restic names the versions instead, for systems without apt.
set -eu

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
folder=$(cd "$target" && pwd)/restic
work=$folder/.work
mkdir -p "$folder/.suites"

# Prints the version of a restic program.
version_of() {
    "$1" version | awk '$1 == "restic" { print $2; exit }'
}

# Takes a restic program in, as a link: add_program PATH
add_program() {
    version=$(version_of "$1")
    [ -n "$version" ] || {
        echo "$1 does not tell its version" >&2
        exit 1
    }
    mkdir -p "$folder/$version"
    ln -sf "$1" "$folder/$version/restic"
}

# Writes the machine's own sources for another suite into a folder: derive_sources SUITE FOLDER
#
# Only entries of the release itself are taken: updates, security and other vendors have no such suite, or no restic.
derive_sources() {
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        awk -v own="$codename" -v suite="$1" '
            $1 == "deb" {
                field = 2
                if ($field ~ /^\[/) { while ($field !~ /\]$/) field++; field++ }
                if ($(field + 1) == own || $(field + 1) == "stable") { $(field + 1) = suite; print }
            }' "$file" >"$2/$(basename "$file" .list).list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        awk -v own="$codename" -v suite="$1" '
            function flush() { if (wanted) printf "%s\n", stanza; stanza = ""; wanted = 0; in_suites = 0 }
            /^[ \t]*$/ { flush(); next }
            /^#/ { next }
            /^[ \t]/ && in_suites { for (i = 1; i <= NF; i++) if ($i == own || $i == "stable") wanted = 1; next }
            tolower($1) == "suites:" {
                in_suites = 1
                for (i = 2; i <= NF; i++) if ($i == own || $i == "stable") wanted = 1
                stanza = stanza "Suites: " suite "\n"
                next
            }
            { in_suites = 0; stanza = stanza $0 "\n" }
            END { flush() }' "$file" >"$2/$(basename "$file")"
    done
}

# Fetches the restic of another suite: fetch_suite SUITE. A suite that is not served is no error here.
fetch_suite() {
    known=$(cat "$folder/.suites/$1" 2>/dev/null || true)
    if [ -n "$known" ] && [ -x "$folder/$known/restic" ]; then
        return 0
    fi
    echo "Fetching the restic of $1"
    rm -rf "$work"
    mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial" "$work/unpacked"
    derive_sources "$1" "$work/sources"
    set -- "$1" -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/sources" \
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)" \
        -o "Acquire::Languages=none" -o "Acquire::Retries=3" -o "APT::Get::List-Cleanup=false"
    suite=$1
    shift
    if ! (apt-get -qq "$@" update && cd "$work" && apt-get -qq "$@" download restic) >"$work/log" 2>&1; then
        echo "  $suite: not served here:" >&2
        sed 's/^/    /' "$work/log" >&2
        return 0
    fi
    dpkg -x "$work"/restic_*.deb "$work/unpacked"
    version=$(version_of "$work/unpacked/usr/bin/restic")
    mkdir -p "$folder/$version"
    mv -f "$work/unpacked/usr/bin/restic" "$folder/$version/restic"
    echo "$version" >"$folder/.suites/$suite"
    rm -rf "$work"
}

if [ -n "${PRESTIC_TEST_RESTIC:-}" ]; then
    old_ifs=$IFS
    IFS=:
    for program in $PRESTIC_TEST_RESTIC; do
        add_program "$program"
    done
    IFS=$old_ifs
else
    system=$(command -v restic || true)
    if [ -n "$system" ]; then
        add_program "$system"
    fi
    if command -v apt-get >/dev/null 2>&1; then
        # shellcheck source=/dev/null
        . /etc/os-release
        codename=${VERSION_CODENAME:-}
        case ${ID:-} in
        ubuntu) suites='devel' ;;
        *) suites='trixie sid' ;;
        esac
        for suite in $suites; do
            [ "$suite" = "$codename" ] || fetch_suite "$suite"
        done
    fi
fi

versions=$(for program in "$folder"/*/restic; do
    [ -x "$program" ] && basename "$(dirname "$program")"
done | sort -V)
count=$(printf '%s\n' "$versions" | grep -c . || true)
if [ "$count" -lt 2 ]; then
    echo "The tests need at least two versions of restic, and found $count: ${versions:-none}." >&2
    echo "Name them yourself: PRESTIC_TEST_RESTIC=/path/to/one/restic:/path/to/other/restic make test" >&2
    exit 1
fi
printf 'Tests run against restic %s\n' "$(echo "$versions" | tr '\n' ' ')"
