//! The plans for systemd's user manager, and what it tells of a unit. Pure.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
pub use prestic_proto::user_service::UNIT;

use crate::service::{
    Daemon, Programs, ServiceError, Wishes,
    files::{self, MARK},
    step::Step,
};

/// What `systemctl show` is asked for.
pub const PROPERTIES: &str =
    "--property=LoadState,ActiveState,SubState,UnitFileState,FragmentPath,MainPID,ActiveEnterTimestamp,StatusText";

/// How it writes times where the zone is UTC, in every version of systemd.
const TIMESTAMP: &str = "%a %Y-%m-%d %H:%M:%S UTC";

/// Where packages put units for users.
pub const PACKAGE_FOLDERS: &[&str] = &["/usr/lib/systemd/user", "/lib/systemd/user"];

/// What has to be known before anything is done.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The user's folder for configurations, as `~/.config`.
    pub config_folder: PathBuf,
    /// The unit that is in it.
    pub unit: Option<String>,
    /// The tray's autostart entry that is in it.
    pub entry: Option<String>,
    /// The unit of a package.
    pub package_unit: Option<PathBuf>,
    /// What the manager knows of the unit.
    pub state: UnitState,
    /// The daemon that answers.
    pub daemon: Option<Daemon>,
}

/// What the manager knows of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitState {
    /// Whether there is such a unit.
    pub is_loaded: bool,
    /// Whether it starts with the manager: `enabled`, `disabled` or another word.
    pub enabled: String,
    /// `active`, `failed` or another word.
    pub active: String,
    /// A word for the details.
    pub sub: String,
    /// Its file.
    pub file: Option<PathBuf>,
    /// The process id of its main process.
    pub pid: Option<u32>,
    /// Since when it has been active.
    pub since: Option<DateTime<Utc>>,
    /// What the service says of itself.
    pub says: Option<String>,
}

/// Returns where the unit of this user is.
pub fn unit_file(config_folder: &Path) -> PathBuf {
    config_folder.join("systemd/user").join(UNIT)
}

/// Returns where the tray's autostart entry is.
pub fn entry_file(config_folder: &Path) -> PathBuf {
    config_folder.join("autostart/prestic-tray.desktop")
}

/// Reads what `systemctl show` prints where the zone is UTC.
pub fn read_state(text: &str) -> UnitState {
    let value = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.filter(|value| !value.is_empty())
    };
    let word = |name: &str| value(name).unwrap_or_default().to_owned();
    let since = value("ActiveEnterTimestamp").and_then(|at| NaiveDateTime::parse_from_str(at, TIMESTAMP).ok());
    UnitState {
        is_loaded: value("LoadState") == Some("loaded"),
        enabled: word("UnitFileState"),
        active: word("ActiveState"),
        sub: word("SubState"),
        file: value("FragmentPath").map(PathBuf::from),
        pid: value("MainPID").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0),
        since: since.map(|at| at.and_utc()),
        says: value("StatusText").map(str::to_owned),
    }
}

/// Plans an installation. What is there already is not done again.
pub fn install(facts: &Facts, programs: &Programs, wishes: Wishes) -> Result<Vec<Step>, ServiceError> {
    let unit_path = unit_file(&facts.config_folder);
    refuse_foreign(facts.unit.as_deref(), &unit_path)?;
    [&programs.daemon, &programs.ctl].into_iter().try_for_each(|program| refuse_unstartable(program))?;
    let unit = files::systemd_unit(programs);
    refuse_other_home(facts, programs)?;
    let mut steps = Vec::new();
    let mut is_changed = false;
    if uses_package(facts, programs) {
        if facts.unit.is_some() {
            is_changed = true;
            steps.push(Step::Remove { path: unit_path });
        }
    } else if facts.unit.as_deref() != Some(unit.as_str()) {
        is_changed = true;
        steps.push(Step::Write { path: unit_path, content: unit.into_bytes() });
    }
    if is_changed {
        steps.push(systemctl(&["daemon-reload"]));
    }
    if wishes.is_enabled && (is_changed || facts.state.enabled != "enabled") {
        steps.push(systemctl(&["enable", UNIT]));
    }
    if wishes.starts_now {
        steps.extend(start(facts, is_changed));
    }
    if wishes.has_tray {
        steps.extend(tray(facts, programs)?);
    }
    Ok(steps)
}

/// A package's unit names the package's programs, and its search path and home are the usual ones.
fn uses_package(facts: &Facts, programs: &Programs) -> bool {
    let is_usual = |program: &Path| program.parent() == Some(Path::new("/usr/bin"));
    facts.package_unit.is_some()
        && is_usual(&programs.daemon)
        && is_usual(&programs.ctl)
        && !files::systemd_unit(programs).contains("\nEnvironment=")
}

fn start(facts: &Facts, is_changed: bool) -> Vec<Step> {
    let is_active = facts.state.active == "active";
    match facts.daemon {
        Some(daemon) if is_active && facts.state.pid == Some(daemon.pid) => {
            // Its runs go on meanwhile: the unit says so.
            let is_outdated = is_changed || !daemon.is_same_version;
            if is_outdated { vec![systemctl(&["restart", UNIT])] } else { Vec::new() }
        }
        Some(daemon) => vec![Step::HandOver { pid: daemon.pid }, systemctl(&["restart", UNIT])],
        None => vec![systemctl(&["restart", UNIT])],
    }
}

fn tray(facts: &Facts, programs: &Programs) -> Result<Option<Step>, ServiceError> {
    let Some(tray) = &programs.tray else { return Ok(None) };
    let path = entry_file(&facts.config_folder);
    refuse_foreign(facts.entry.as_deref(), &path)?;
    let entry = files::autostart_entry(tray, programs.other_home.as_deref());
    let is_there = facts.entry.as_deref() == Some(entry.as_str());
    Ok((!is_there).then(|| Step::Write { path, content: entry.into_bytes() }))
}

/// Plans a removal: of what an installation has made, and of nothing else.
pub fn uninstall(facts: &Facts, programs: &Programs) -> Result<Vec<Step>, ServiceError> {
    let unit_path = unit_file(&facts.config_folder);
    refuse_foreign(facts.unit.as_deref(), &unit_path)?;
    refuse_other_home(facts, programs)?;
    let mut steps = Vec::new();
    let is_in_use = facts.state.enabled == "enabled" || !matches!(facts.state.active.as_str(), "" | "inactive");
    if facts.unit.is_some() || (facts.package_unit.is_some() && is_in_use) {
        steps.push(systemctl(&["disable", "--now", UNIT]));
    }
    if facts.unit.is_some() {
        steps.push(Step::Remove { path: unit_path });
        steps.push(systemctl(&["daemon-reload"]));
        if facts.state.active == "failed" {
            // Else the failure would be shown for a unit that is not there.
            steps.push(Step::try_to_run(&["systemctl", "--user", "reset-failed", UNIT]));
        }
    }
    if facts.entry.as_deref().is_some_and(|entry| entry.contains(MARK)) {
        steps.push(Step::Remove { path: entry_file(&facts.config_folder) });
    }
    Ok(steps)
}

/// Whether a unit of ours serves the home that these programs are to serve.
pub fn is_for_home(unit: &str, programs: &Programs) -> bool {
    files::home_of_unit(unit) == files::home_of_unit(&files::systemd_unit(programs))
}

fn refuse_other_home(facts: &Facts, programs: &Programs) -> Result<(), ServiceError> {
    match &facts.unit {
        Some(unit) if !is_for_home(unit, programs) => {
            Err(ServiceError::OtherHome { other: files::home_of_unit(unit).map(str::to_owned) })
        }
        _ => Ok(()),
    }
}

fn refuse_foreign(present: Option<&str>, path: &Path) -> Result<(), ServiceError> {
    match present {
        // The unit of a package mentions the mark too, so a copy of it counts as ours.
        Some(text) if !text.contains(MARK) => Err(ServiceError::ForeignFile { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// systemd starts no program whose path has quotes or backslashes in it, however they are written.
fn refuse_unstartable(program: &Path) -> Result<(), ServiceError> {
    let is_refused = |letter: char| letter.is_control() || matches!(letter, '"' | '\'' | '\\');
    if !program.to_string_lossy().contains(is_refused) {
        return Ok(());
    }
    Err(ServiceError::Unusable {
        message: format!("systemd cannot start {}: there is a quote or a backslash in its path", program.display()),
        hint: "install PRestic into a folder without".to_owned(),
    })
}

fn systemctl(words: &[&str]) -> Step {
    Step::run(&[&["systemctl", "--user"], words].concat())
}

// Paths of Unix are joined as Unix does.
#[cfg(unix)]
#[cfg(test)]
mod tests;
