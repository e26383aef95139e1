//! The daemon as a service of systemd: where it is one, whoever starts a daemon starts that.
//!
//! A daemon beside it would keep the service from its start, and would be watched by nobody.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::home::Home;

/// The unit.
pub const UNIT: &str = "prestic-daemon.service";

/// Where units are that start with every user's manager.
const SYSTEM_FOLDER: &str = "/etc/systemd/user";
/// What in them starts with the manager.
const WANTED: &str = "default.target.wants";

/// Starts the service, where it is installed for this home and starts at login. Returns whether it runs.
pub(crate) fn start(home: &Home) -> bool {
    if !cfg!(target_os = "linux") || !home.is_default() {
        return false;
    }
    let folders = user_folder().into_iter().chain([PathBuf::from(SYSTEM_FOLDER)]);
    folders.map(|folder| folder.join(WANTED).join(UNIT)).any(|unit| is_for_usual_home(&unit)) && start_unit()
}

/// Whether a unit is there and names no home of its own.
fn is_for_usual_home(unit: &Path) -> bool {
    fs::read_to_string(unit).is_ok_and(|text| !text.contains("\nEnvironment=\"PRESTIC_HOME="))
}

/// Returns once the daemon is ready, or not.
fn start_unit() -> bool {
    let mut command = Command::new("systemctl");
    command.args(["--user", "start", UNIT]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns the folder of the user's own units.
fn user_folder() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(config.join("systemd/user"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[track_caller]
    fn check(unit: Option<&str>, expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(UNIT);
        if let Some(unit) = unit {
            fs::File::create(&path).unwrap().write_all(unit.as_bytes()).unwrap();
        }
        assert_eq!(is_for_usual_home(&path), expected, "{unit:?}");
    }

    #[test]
    fn service_of_another_home_is_not_the_one_to_start() {
        check(Some("[Service]\nEnvironment=\"PATH=/x\"\nExecStart=/x\n"), true);
        check(Some("[Service]\nEnvironment=\"PRESTIC_HOME=/h\"\nExecStart=/x\n"), false);
        check(None, false);
    }

    #[test]
    fn only_the_usual_home_has_a_service_that_everybody_starts() {
        assert!(!start(&Home::at("/nowhere")));
    }
}
