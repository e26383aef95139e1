# The commands of a checkout. Each target is one script or one cargo command, so that nothing is hidden here.

.DEFAULT_GOAL := help
.PHONY: help build app docs install deb rpm package-test demo clean-demo pictures test windows macos lint bench soak

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

build: ## Build prestic-daemon, prestic-ctl and prestic-tray (release, in target/release)
	cargo build --release --locked -p prestic-daemon -p prestic-ctl -p prestic-tray

app: ## Make PRestic.app for macOS of what `make build` has built there (in target)
	@packaging/macos/bundle.sh

docs: ## Make the reference, the man pages, the completions and the book anew (target/docs)
	@packaging/docs.sh

install: ## Install what `make build docs` has built, below PREFIX (/usr/local unless told); DESTDIR stands for the root
	@packaging/install.sh "$${CARGO_TARGET_DIR:-target}/release" "$(DESTDIR)/" "$(PREFIX)"

deb: ## Build the Debian package (release, in target/debian)
	@packaging/deb/build.sh

rpm: ## Build the RPM package (release, in target/rpm)
	@packaging/rpm/build.sh

package-test: ## Install, upgrade and remove the packages in a clean root (on Debian, as root)
	@tests/scripts/package_test.sh

demo: ## Watch a real backup: make demo, or make demo SRC=/a/folder
	@SRC="$(SRC)" packaging/demo.sh

clean-demo: ## Remove what the demo left in target/demo
	rm -rf "$${CARGO_TARGET_DIR:-target}/demo"

pictures: ## Take the pictures of web interface and tray that README.md shows anew
	@packaging/pictures.sh

test: ## Install what the tests need, then check everything
	@tests/scripts/test.sh

windows: ## Check everything for Windows, and test it under Wine (on Debian)
	@tests/scripts/windows.sh

macos: ## Check everything for macOS, without running it (on Debian)
	@tests/scripts/macos.sh

lint: ## Check format, lints, documentation and scripts, without running a test
	@tests/scripts/lint.sh

bench: ## Measure the overhead and the memory, each beside its reference
	@tests/scripts/bench.sh

soak: ## Live through 30 days of crashes, suspends and wrong clocks; kill daemon and supervisors in backups
	@tests/scripts/soak.sh
