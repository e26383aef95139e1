//! Windows: asks the Task Scheduler.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use prestic_proto::home::Home;

use crate::{
    error::CtlError,
    service::{
        Programs, Wishes, daemon_of, files,
        state::{DaemonReport, Report},
        step::Step,
        task_scheduler::{self, DAEMON, Facts, TRAY},
    },
    system,
};

/// Plans an installation.
pub async fn installation(home: &Home, wishes: Wishes) -> Result<Vec<Step>, CtlError> {
    let programs = Programs::find(home)?;
    Ok(task_scheduler::install(&look(home).await?, &programs, wishes)?)
}

/// Plans a removal.
pub async fn removal(home: &Home) -> Result<Vec<Step>, CtlError> {
    Ok(task_scheduler::uninstall(&look(home).await?))
}

/// Tells how the service is.
pub async fn report(home: &Home) -> Result<Report, CtlError> {
    let facts = look(home).await?;
    Ok(Report {
        manager: "Task Scheduler",
        manager_error: None,
        installed: facts.has_daemon.then(|| DAEMON.to_owned()),
        is_for_this_home: home.is_default(),
        is_enabled: facts.has_daemon,
        state: None,
        since: None,
        says: None,
        daemon: facts.daemon.map(|daemon| DaemonReport::of(daemon, None)),
        is_lingering: None,
        tray: facts.has_tray.then(|| PathBuf::from(TRAY)),
        home: home.root().to_owned(),
    })
}

/// Returns what prints the daemon's log.
pub async fn log_reader(home: &Home, lines: u32, follows: bool) -> Result<Command, CtlError> {
    Ok(system::tail(&home.daemon_log(), lines, follows))
}

async fn look(home: &Home) -> Result<Facts, CtlError> {
    Ok(Facts {
        user: files::task_user(),
        folder: home.root().join("run"),
        has_daemon: has_task(DAEMON),
        has_tray: has_task(TRAY),
        daemon: daemon_of(home).await?,
    })
}

fn has_task(task: &str) -> bool {
    let mut command = Command::new("schtasks");
    command.args(["/Query", "/TN", task]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
