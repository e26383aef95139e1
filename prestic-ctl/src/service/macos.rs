//! macOS: asks launchd, and looks at the files.

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
        launchd::{self, DAEMON, Facts, TRAY, agent_file},
        state::{DaemonReport, Report},
        step::Step,
    },
    system,
};

/// Plans an installation.
pub async fn installation(home: &Home, wishes: Wishes) -> Result<Vec<Step>, CtlError> {
    let programs = Programs::find(home)?;
    Ok(launchd::install(&look(home).await?, &programs, wishes)?)
}

/// Plans a removal.
pub async fn removal(home: &Home) -> Result<Vec<Step>, CtlError> {
    let programs = Programs::find(home)?;
    Ok(launchd::uninstall(&look(home).await?, &programs)?)
}

/// Tells how the service is.
pub async fn report(home: &Home) -> Result<Report, CtlError> {
    let facts = look(home).await?;
    let programs = Programs::find(home)?;
    let file = |label| agent_file(&facts.agents_folder, label);
    let state = if facts.pid.is_some() { "running" } else { "not running" };
    Ok(Report {
        manager: "launchd",
        manager_error: None,
        installed: facts.agent.as_ref().map(|_| file(DAEMON).display().to_string()),
        is_for_this_home: facts.agent.as_deref().is_none_or(|agent| launchd::is_for_home(agent, &programs)),
        is_enabled: facts.agent.is_some(),
        state: facts.agent.as_ref().map(|_| state.to_owned()),
        since: None,
        says: None,
        daemon: facts.daemon.map(|daemon| DaemonReport::of(daemon, Some(facts.pid.unwrap_or_default()))),
        is_lingering: None,
        tray: facts.tray_agent.as_ref().map(|_| file(TRAY)),
        home: home.root().to_owned(),
    })
}

/// Returns what prints the daemon's log.
pub async fn log_reader(home: &Home, lines: u32, follows: bool) -> Result<Command, CtlError> {
    Ok(system::tail(&home.daemon_log(), lines, follows))
}

async fn look(home: &Home) -> Result<Facts, CtlError> {
    let folder = env::home_dir().ok_or_else(|| ServiceError::Unusable {
        message: "cannot tell where your home folder is".to_owned(),
        hint: "set `HOME`".to_owned(),
    })?;
    let agents_folder = folder.join("Library/LaunchAgents");
    let mut command = Command::new("launchctl");
    let listed = command.args(["list", DAEMON]).stdin(Stdio::null()).output().map_err(|error| ServiceError::NoManager {
        reason: format!("`launchctl` cannot be run: {error}"),
        hint: "let whatever starts your programs run `prestic-daemon`".to_owned(),
    })?;
    Ok(Facts {
        user: rustix::process::getuid().as_raw(),
        agent: read(&agent_file(&agents_folder, DAEMON))?,
        tray_agent: read(&agent_file(&agents_folder, TRAY))?,
        agents_folder,
        is_loaded: listed.status.success(),
        pid: launchd::read_pid(&String::from_utf8_lossy(&listed.stdout)),
        daemon: daemon_of(home).await?,
    })
}

/// Reads a file that need not be there.
fn read(path: &Path) -> Result<Option<String>, ServiceError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ServiceError::File { verb: "read", path: PathBuf::from(path), source }),
    }
}
