//! The restic versions that tests run against, and what a test asks restic itself, behind the daemon's back.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::programs;

/// The password of every repository that tests make, unless they say otherwise.
pub const PASSWORD: &str = "correct horse";

/// One restic program.
#[derive(Debug, Clone)]
pub struct Restic {
    /// Its version, as `0.14.0`.
    pub version: String,
    /// The program.
    pub path: PathBuf,
}

/// Runs a test once for every version of restic that `tests/scripts/fetch_restic.sh` provides, oldest first.
///
/// At least two are required: a test that silently ran against one would prove less than it says.
pub fn each_restic(test: impl Fn(&Restic)) {
    for restic in versions() {
        eprintln!("== with restic {}", restic.version);
        test(&restic);
    }
}

/// Returns the oldest and the newest version.
pub fn oldest_and_newest() -> [Restic; 2] {
    let mut versions = versions();
    let newest = versions.pop().expect("there are at least two");
    [versions.swap_remove(0), newest]
}

/// Returns every version, oldest first.
pub fn versions() -> Vec<Restic> {
    let folder = programs::target().join("restic");
    let mut versions: Vec<Restic> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path().join("restic");
            path.exists().then(|| Restic { version: entry.file_name().to_string_lossy().into_owned(), path })
        })
        .collect();
    versions.sort_by_key(|restic| number(&restic.version));
    assert!(
        versions.len() >= 2,
        "at least two versions of restic are needed in {}: run tests/scripts/fetch_restic.sh",
        folder.display()
    );
    versions
}

fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

impl Restic {
    /// Whether this version is at least another one.
    pub fn is_at_least(&self, version: &str) -> bool {
        number(&self.version) >= number(version)
    }

    /// Makes a repository in a folder that does not exist yet.
    pub fn init(&self, path: impl Into<PathBuf>) -> Repository {
        let repository = Repository { restic: self.clone(), path: path.into(), password: PASSWORD.to_owned() };
        repository.succeed(&["init"]);
        repository
    }
}

/// A local repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The restic that made it.
    pub restic: Restic,
    /// Its folder.
    pub path: PathBuf,
    /// What opens it.
    pub password: String,
}

impl Repository {
    /// Returns the lines of a profile that reaches this repository with this restic.
    pub fn profile(&self) -> String {
        format!(
            "executable = {}\nrepository = {}\npassword = {}\n",
            self.restic.path.display(),
            self.path.display(),
            self.password
        )
    }

    /// Returns a restic command for this repository that does not know of PRestic.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.restic.path);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path.parent().unwrap_or(Path::new("/")))
            .env("RESTIC_REPOSITORY", &self.path)
            .env("RESTIC_PASSWORD", &self.password)
            .stdin(Stdio::null())
            .args(args);
        command
    }

    /// Runs restic, and fails the test where it fails.
    #[track_caller]
    pub fn succeed(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().expect("the harness found this restic");
        assert!(output.status.success(), "restic {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Returns the snapshots, as restic describes them in JSON.
    #[track_caller]
    pub fn snapshots(&self) -> Vec<Value> {
        let output = self.succeed(&["snapshots", "--json", "--no-lock"]);
        serde_json::from_slice::<Option<Vec<Value>>>(&output.stdout)
            .expect("restic lists snapshots as JSON")
            .unwrap_or_default()
    }

    /// Returns the names of the locks in the repository: none, when everybody cleaned up.
    pub fn locks(&self) -> Vec<String> {
        fs::read_dir(self.path.join("locks"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    /// Fails the test unless the repository has this many snapshots, no lock, and no damage.
    #[track_caller]
    pub fn check(&self, snapshots: usize) {
        assert_eq!(self.locks(), Vec::<String>::new(), "a lock was left");
        assert_eq!(self.snapshots().len(), snapshots);
        self.succeed(&["check"]);
    }
}
