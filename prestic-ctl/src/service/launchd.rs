//! The plans for launchd. Pure.

use std::path::{Path, PathBuf};

use crate::service::{
    Daemon, Programs, ServiceError, Wishes,
    files::{self, MARK},
    step::Step,
};

/// The agent that is the daemon.
pub const DAEMON: &str = "io.github.anmcarrow.prestic-daemon";
/// The agent that is the tray.
pub const TRAY: &str = "io.github.anmcarrow.prestic-tray";

/// What has to be known before anything is done.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The user's number.
    pub user: u32,
    /// `~/Library/LaunchAgents`.
    pub agents_folder: PathBuf,
    /// The daemon's agent that is there.
    pub agent: Option<String>,
    /// The tray's agent that is there.
    pub tray_agent: Option<String>,
    /// Whether launchd has loaded the daemon's agent.
    pub is_loaded: bool,
    /// The process id of the service.
    pub pid: Option<u32>,
    /// The daemon that answers.
    pub daemon: Option<Daemon>,
}

impl Facts {
    /// Returns the session of the user, in which agents live.
    pub fn domain(&self) -> String {
        format!("gui/{}", self.user)
    }
}

/// Returns the file of an agent.
pub fn agent_file(agents_folder: &Path, label: &str) -> PathBuf {
    agents_folder.join(format!("{label}.plist"))
}

/// Reads the process id out of what `launchctl list LABEL` prints.
pub fn read_pid(text: &str) -> Option<u32> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("\"PID\" = "))?;
    line.trim_end_matches(';').parse().ok()
}

/// Plans an installation. What is there already is not done again.
pub fn install(facts: &Facts, programs: &Programs, wishes: Wishes) -> Result<Vec<Step>, ServiceError> {
    let path = agent_file(&facts.agents_folder, DAEMON);
    refuse_foreign(facts.agent.as_deref(), &path)?;
    refuse_other_home(facts, programs)?;
    let agent = files::launchd_daemon(programs);
    let is_changed = facts.agent.as_deref() != Some(agent.as_str());
    let is_the_service = facts.daemon.is_some_and(|daemon| facts.pid == Some(daemon.pid));
    let is_outdated = facts.daemon.is_some_and(|daemon| !daemon.is_same_version);
    let is_to_start = wishes.starts_now && (is_changed || is_outdated || !is_the_service);
    let mut steps = Vec::new();
    if is_to_start && let Some(daemon) = facts.daemon {
        // Before it is unloaded: launchd would have it stop its runs.
        steps.push(Step::HandOver { pid: daemon.pid });
    }
    let service = format!("{}/{DAEMON}", facts.domain());
    if facts.is_loaded && is_to_start {
        steps.push(Step::try_to_run(&["launchctl", "bootout", &service]));
    }
    let path_text = path.to_string_lossy().into_owned();
    if is_changed {
        steps.push(Step::Write { path, content: agent.into_bytes() });
    }
    // An agent that is disabled can be loaded no more.
    let enabling = if wishes.is_enabled || wishes.starts_now { "enable" } else { "disable" };
    steps.push(Step::run(&["launchctl", enabling, &service]));
    if is_to_start {
        steps.push(Step::run(&["launchctl", "bootstrap", &facts.domain(), &path_text]));
    }
    if wishes.starts_now && !wishes.is_enabled {
        steps.push(Step::run(&["launchctl", "disable", &service]));
    }
    if wishes.has_tray
        && let Some(tray) = &programs.tray
    {
        let path = agent_file(&facts.agents_folder, TRAY);
        refuse_foreign(facts.tray_agent.as_deref(), &path)?;
        let agent = files::launchd_tray(programs, tray);
        if facts.tray_agent.as_deref() != Some(agent.as_str()) {
            steps.push(Step::Write { path, content: agent.into_bytes() });
        }
    }
    Ok(steps)
}

/// Plans a removal: of what an installation has made, and of nothing else.
pub fn uninstall(facts: &Facts, programs: &Programs) -> Result<Vec<Step>, ServiceError> {
    let path = agent_file(&facts.agents_folder, DAEMON);
    refuse_foreign(facts.agent.as_deref(), &path)?;
    refuse_other_home(facts, programs)?;
    let mut steps = Vec::new();
    if facts.is_loaded {
        // It is told to stop, and has the time for it that its file says.
        steps.push(Step::run(&["launchctl", "bootout", &format!("{}/{DAEMON}", facts.domain())]));
    }
    if facts.agent.is_some() {
        steps.push(Step::Remove { path });
    }
    if facts.tray_agent.as_deref().is_some_and(|agent| agent.contains(MARK)) {
        steps.push(Step::Remove { path: agent_file(&facts.agents_folder, TRAY) });
    }
    Ok(steps)
}

/// Whether an agent of ours serves the home that these programs are to serve.
pub fn is_for_home(agent: &str, programs: &Programs) -> bool {
    files::home_of_agent(agent) == files::home_of_agent(&files::launchd_daemon(programs))
}

fn refuse_other_home(facts: &Facts, programs: &Programs) -> Result<(), ServiceError> {
    match &facts.agent {
        Some(agent) if !is_for_home(agent, programs) => {
            Err(ServiceError::OtherHome { other: files::home_of_agent(agent).map(str::to_owned) })
        }
        _ => Ok(()),
    }
}

fn refuse_foreign(present: Option<&str>, path: &Path) -> Result<(), ServiceError> {
    match present {
        Some(text) if !text.contains(MARK) => Err(ServiceError::ForeignFile { path: path.to_owned() }),
        _ => Ok(()),
    }
}

// Paths of Unix are joined as Unix does.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wishes = Wishes { is_enabled: true, starts_now: true, has_tray: true };

    fn programs() -> Programs {
        Programs {
            daemon: PathBuf::from("/p/prestic-daemon"),
            ctl: PathBuf::from("/p/prestic-ctl"),
            tray: Some(PathBuf::from("/p/prestic-tray")),
            other_home: None,
            restic_folder: None,
        }
    }

    fn facts() -> Facts {
        Facts { user: 501, agents_folder: PathBuf::from("/A"), ..Facts::default() }
    }

    fn installed() -> Facts {
        Facts {
            agent: Some(files::launchd_daemon(&programs())),
            tray_agent: Some(files::launchd_tray(&programs(), Path::new("/p/prestic-tray"))),
            is_loaded: true,
            pid: Some(7),
            daemon: Some(Daemon { pid: 7, is_same_version: true }),
            ..facts()
        }
    }

    #[track_caller]
    fn check(steps: &[Step], expected: &[&str]) {
        let word = |step: &Step| match step {
            Step::Write { path, .. } => format!("write {}", path.display()),
            Step::Remove { path } => format!("remove {}", path.display()),
            Step::Run(program) => program.to_string().replace("launchctl ", "").replace("io.github.anmcarrow.", ""),
            Step::HandOver { pid } => format!("hand over {pid}"),
            Step::ShutDown { pid } => format!("shut down {pid}"),
        };
        assert_eq!(steps.iter().map(word).collect::<Vec<_>>(), expected);
    }

    const WRITE: &str = "write /A/io.github.anmcarrow.prestic-daemon.plist";
    const WRITE_TRAY: &str = "write /A/io.github.anmcarrow.prestic-tray.plist";
    const ENABLE: &str = "enable gui/501/prestic-daemon";
    const LOAD: &str = "bootstrap gui/501 /A/prestic-daemon.plist";

    #[test]
    fn first_installation_does_everything() {
        check(&install(&facts(), &programs(), ALL).unwrap(), &[WRITE, ENABLE, LOAD, WRITE_TRAY]);
    }

    #[test]
    fn second_installation_changes_nothing() {
        check(&install(&installed(), &programs(), ALL).unwrap(), &[ENABLE]);
    }

    #[test]
    fn daemon_hands_its_runs_over_before_launchd_stops_it() {
        let outdated = Facts { daemon: Some(Daemon { pid: 7, is_same_version: false }), ..installed() };
        let steps = install(&outdated, &programs(), ALL).unwrap();
        check(&steps, &["hand over 7", "bootout gui/501/prestic-daemon", ENABLE, LOAD]);
    }

    #[test]
    fn agent_that_is_not_enabled_can_be_started_once() {
        let once = Wishes { is_enabled: false, starts_now: true, has_tray: false };
        let steps = install(&facts(), &programs(), once).unwrap();
        check(&steps, &[WRITE, ENABLE, LOAD, "disable gui/501/prestic-daemon"]);
    }

    #[test]
    fn removal_takes_back_what_was_installed() {
        check(
            &uninstall(&installed(), &programs()).unwrap(),
            &[
                "bootout gui/501/prestic-daemon",
                "remove /A/io.github.anmcarrow.prestic-daemon.plist",
                "remove /A/io.github.anmcarrow.prestic-tray.plist",
            ],
        );
        check(&uninstall(&facts(), &programs()).unwrap(), &[]);
    }

    #[test]
    fn agents_of_others_are_left_alone() {
        let foreign = Facts { agent: Some("<plist/>".to_owned()), ..facts() };
        assert!(matches!(install(&foreign, &programs(), ALL), Err(ServiceError::ForeignFile { .. })));
        assert!(matches!(uninstall(&foreign, &programs()), Err(ServiceError::ForeignFile { .. })));
    }

    #[test]
    fn service_of_another_home_is_neither_replaced_nor_removed() {
        let other = Programs { other_home: Some(PathBuf::from("/other")), ..programs() };
        assert!(matches!(install(&installed(), &other, ALL), Err(ServiceError::OtherHome { other: None })));
        assert!(matches!(uninstall(&installed(), &other), Err(ServiceError::OtherHome { other: None })));
    }

    #[test]
    fn process_id_is_read_from_the_list() {
        assert_eq!(read_pid("{\n\t\"LastExitStatus\" = 0;\n\t\"PID\" = 411;\n};\n"), Some(411));
        assert_eq!(read_pid("{\n\t\"LastExitStatus\" = 256;\n};\n"), None);
    }
}
