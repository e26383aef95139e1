#!/bin/sh
# Writes what is made of the programs' own definitions: `make docs`.
#
# The reference in docs/src/reference is kept with the sources, and a test says when it is out of date. The rest goes to
# target/docs: man pages, completions, and the book as a website.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

generate() {
    cargo run --quiet --locked -p prestic-generate -- "$@"
}

generate reference
rm -rf "$target/docs"
generate man "$target/docs/man"
generate completions "$target/docs/completions"
generate book "$target/docs/book"
echo "The book: $target/docs/book/index.html"
