//! Finds the programs under test, and builds them once in each test process.
//!
//! `cargo test` builds only the programs of the package that it tests, so the harness asks cargo for those of the others:
//! a matter of milliseconds when they are up to date.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use prestic_double::profile_folder;

/// Returns `prestic-daemon`.
pub fn daemon() -> PathBuf {
    program("prestic-daemon")
}

/// Returns `prestic-ctl`.
pub fn ctl() -> PathBuf {
    program("prestic-ctl")
}

/// Returns `prestic-tray`.
pub fn tray() -> PathBuf {
    program("prestic-tray")
}

/// Returns the scripted double of restic.
pub fn fake_restic() -> PathBuf {
    program("fake_restic")
}

/// Returns what holds the beginning of a faked clock.
pub fn clock_holder() -> PathBuf {
    program("clock_holder")
}

/// Returns the root of the checkout.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// Returns the folder that cargo builds into. Tests run where they were built, so no folder of a target lies in between.
pub fn target() -> PathBuf {
    profile_folder().parent().expect("the folder of a profile lies in the target folder").to_owned()
}

fn program(name: &str) -> PathBuf {
    build_once();
    prestic_double::program(name)
}

fn build_once() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = profile_folder();
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let status = Command::new(env!("CARGO"))
            .current_dir(checkout())
            .args(["build", "--workspace", "--bins", "--quiet", "--profile", profile, "--target-dir"])
            .arg(target())
            .status()
            .expect("cargo built this test, so it runs");
        assert!(status.success(), "the programs under test cannot be built");
    });
}
