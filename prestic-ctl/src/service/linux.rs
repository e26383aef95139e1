//! Linux, and whatever else has systemd: asks the user's manager, and looks at the files.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use prestic_proto::home::Home;

use crate::{
    error::CtlError,
    service::{
        Programs, ServiceError, Wishes, daemon_of,
        state::{DaemonReport, Report},
        step::Step,
        systemd::{self, Facts, PACKAGE_FOLDERS, PROPERTIES, UNIT, UnitState},
    },
    system,
};

/// Plans an installation.
pub async fn installation(home: &Home, wishes: Wishes) -> Result<Vec<Step>, CtlError> {
    let programs = Programs::find(home)?;
    let facts = Facts { daemon: daemon_of(home).await?, ..look()? };
    Ok(systemd::install(&facts, &programs, wishes)?)
}

/// Plans a removal.
pub async fn removal(home: &Home) -> Result<Vec<Step>, CtlError> {
    let programs = Programs::find(home)?;
    Ok(systemd::uninstall(&look()?, &programs)?)
}

/// Tells how the service is.
pub async fn report(home: &Home) -> Result<Report, CtlError> {
    let daemon = daemon_of(home).await?;
    let config_folder = config_folder()?;
    let (state, manager_error) = match unit_state() {
        Ok(state) => (state, None),
        Err(reason) => (UnitState::default(), Some(reason)),
    };
    let file = state.file.clone().or_else(|| Some(systemd::unit_file(&config_folder)).filter(|file| file.exists()));
    let programs = Programs::find(home)?;
    // A unit that cannot be read says nothing of another home.
    let unit = file.as_deref().and_then(|file| fs::read_to_string(file).ok());
    let is_for_this_home = unit.is_none_or(|unit| systemd::is_for_home(&unit, &programs));
    let entry = systemd::entry_file(&config_folder);
    let is_known = manager_error.is_none();
    Ok(Report {
        manager: "systemd",
        manager_error,
        installed: file.map(|file| file.display().to_string()),
        is_for_this_home,
        is_enabled: state.enabled == "enabled",
        state: is_known.then(|| format!("{} ({})", state.active, state.sub)),
        since: state.since.filter(|_| state.active == "active"),
        says: state.says,
        daemon: daemon.map(|daemon| DaemonReport::of(daemon, is_known.then(|| state.pid.unwrap_or_default()))),
        is_lingering: is_lingering(),
        tray: entry.exists().then_some(entry),
        home: home.root().to_owned(),
    })
}

/// Returns what prints the daemon's log: the journal of the service, or the file that a daemon without one writes.
pub async fn log_reader(home: &Home, lines: u32, follows: bool) -> Result<Command, CtlError> {
    let state = unit_state().unwrap_or_default();
    let daemon = daemon_of(home).await?;
    let is_the_service = daemon.is_none_or(|daemon| state.pid == Some(daemon.pid));
    let log = home.daemon_log();
    if (state.is_loaded && is_the_service && has_journal()) || !log.exists() {
        // Not `--user -u`: what the manager says of the unit may be in the journal of the system.
        let mut command = Command::new("journalctl");
        command.arg(format!("--user-unit={UNIT}")).arg(format!("--lines={lines}")).args(follows.then_some("--follow"));
        return Ok(command);
    }
    Ok(system::tail(&log, lines, follows))
}

fn has_journal() -> bool {
    ["/run/log/journal", "/var/log/journal"].into_iter().any(|folder| Path::new(folder).is_dir())
}

/// Looks at all but the daemon.
fn look() -> Result<Facts, CtlError> {
    let state = unit_state().map_err(|reason| ServiceError::NoManager { reason, hint: without_manager() })?;
    let config_folder = config_folder()?;
    let package_unit = PACKAGE_FOLDERS.iter().map(|folder| Path::new(folder).join(UNIT)).find(|unit| unit.is_file());
    Ok(Facts {
        unit: read(&systemd::unit_file(&config_folder))?,
        entry: read(&systemd::entry_file(&config_folder))?,
        package_unit,
        state,
        config_folder,
        daemon: None,
    })
}

fn config_folder() -> Result<PathBuf, CtlError> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    folder.ok_or_else(|| {
        let message = "cannot tell where your configurations are: `HOME` is not set".to_owned();
        ServiceError::Unusable { message, hint: "set it to your home folder".to_owned() }.into()
    })
}

/// Reads a file that need not be there.
fn read(path: &Path) -> Result<Option<String>, ServiceError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ServiceError::File { verb: "read", path: path.to_owned(), source }),
    }
}

/// Asks the user's manager for the unit. The error says why there is no answer.
fn unit_state() -> Result<UnitState, String> {
    let mut command = Command::new("systemctl");
    // Times of UTC are the same everywhere. `--timestamp=unix` would need systemd 251, which Ubuntu 22.04 has not.
    command.args(["--user", "show", PROPERTIES, UNIT]).env("TZ", "UTC").stdin(Stdio::null());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("`systemctl` is not installed".to_owned()),
        Err(error) => return Err(format!("`systemctl` cannot be run: {error}")),
    };
    if output.status.success() {
        return Ok(systemd::read_state(&String::from_utf8_lossy(&output.stdout)));
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().next().unwrap_or_default().trim();
    Err(format!("`systemctl --user` says: {words}"))
}

/// Whether the user's manager starts with the machine; none if nobody can tell.
fn is_lingering() -> Option<bool> {
    let user = rustix::process::getuid().as_raw().to_string();
    let mut command = Command::new("loginctl");
    command.args(["show-user", "--property=Linger", "--value", &user]).stdin(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn without_manager() -> String {
    let runtime = format!("/run/user/{}", rustix::process::getuid().as_raw());
    if env::var_os("XDG_RUNTIME_DIR").is_none() && Path::new(&runtime).is_dir() {
        return format!("this shell does not know of it, as after `su`: try again with `XDG_RUNTIME_DIR={runtime}`");
    }
    "log in as yourself rather than by `su`; on a server, `sudo loginctl enable-linger USER` starts it. \
     Without systemd, let whatever starts your programs run `prestic-daemon`"
        .to_owned()
}
