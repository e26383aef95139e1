//! The plans for the Task Scheduler of Windows. Pure.

use std::path::{Path, PathBuf};

use crate::service::{Daemon, Programs, ServiceError, Wishes, files, step::Step};

/// The task that is the daemon.
pub const DAEMON: &str = "\\PRestic\\prestic-daemon";
/// The task that is the tray.
pub const TRAY: &str = "\\PRestic\\prestic-tray";

/// What has to be known before anything is done.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The user, as `MACHINE\user`.
    pub user: String,
    /// Where the tasks are written down for their registration: a folder of the home.
    pub folder: PathBuf,
    /// Whether there is a task that is the daemon.
    pub has_daemon: bool,
    /// Whether there is a task that is the tray.
    pub has_tray: bool,
    /// The daemon that answers.
    pub daemon: Option<Daemon>,
}

/// Returns the file that registers a task.
fn task_file(folder: &Path, task: &str) -> PathBuf {
    let name = task.rsplit('\\').next().unwrap_or(task);
    folder.join(format!("{name}.xml"))
}

/// Plans an installation. A task of the same name is replaced.
pub fn install(facts: &Facts, programs: &Programs, wishes: Wishes) -> Result<Vec<Step>, ServiceError> {
    if let Some(home) = &programs.other_home {
        return Err(ServiceError::Unusable {
            message: format!("a task cannot be told of another home, as {}", home.display()),
            hint: "set PRESTIC_HOME for the user in the system's settings, and unset it here".to_owned(),
        });
    }
    let mut steps = register(facts, DAEMON, files::task_daemon(&facts.user, programs));
    if !wishes.is_enabled {
        steps.push(Step::run(&["schtasks", "/Change", "/TN", DAEMON, "/DISABLE"]));
    }
    if wishes.starts_now {
        if let Some(daemon) = facts.daemon {
            // It cannot be told whether that is the task's. Either way its runs go on.
            steps.push(Step::HandOver { pid: daemon.pid });
        }
        steps.push(Step::run(&["schtasks", "/Run", "/TN", DAEMON]));
    }
    if wishes.has_tray
        && let Some(tray) = &programs.tray
    {
        steps.extend(register(facts, TRAY, files::task_tray(&facts.user, tray)));
    }
    Ok(steps)
}

fn register(facts: &Facts, task: &str, content: Vec<u8>) -> Vec<Step> {
    let path = task_file(&facts.folder, task);
    let file = path.to_string_lossy().into_owned();
    vec![
        Step::Write { path: path.clone(), content },
        Step::run(&["schtasks", "/Create", "/TN", task, "/XML", &file, "/F"]),
        Step::Remove { path },
    ]
}

/// Plans a removal: of what an installation has made, and of nothing else.
pub fn uninstall(facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    if facts.has_daemon {
        // The Task Scheduler would kill it, and its runs would not be stopped but lost sight of.
        steps.extend(facts.daemon.map(|daemon| Step::ShutDown { pid: daemon.pid }));
        steps.push(Step::run(&["schtasks", "/Delete", "/TN", DAEMON, "/F"]));
    }
    if facts.has_tray {
        steps.push(Step::run(&["schtasks", "/Delete", "/TN", TRAY, "/F"]));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wishes = Wishes { is_enabled: true, starts_now: true, has_tray: true };

    fn programs() -> Programs {
        Programs {
            daemon: PathBuf::from("C:\\p\\prestic-daemon.exe"),
            ctl: PathBuf::from("C:\\p\\prestic-ctl.exe"),
            tray: Some(PathBuf::from("C:\\p\\prestic-tray.exe")),
            other_home: None,
            restic_folder: None,
        }
    }

    fn facts() -> Facts {
        Facts { user: "PC\\me".to_owned(), ..Facts::default() }
    }

    fn words(steps: &[Step]) -> Vec<String> {
        let word = |step: &Step| match step {
            Step::Write { path, .. } => format!("write {}", path.display()),
            Step::Remove { path } => format!("remove {}", path.display()),
            Step::Run(program) => program.to_string().replace("schtasks ", "").replace("\\PRestic\\", ""),
            Step::HandOver { pid } => format!("hand over {pid}"),
            Step::ShutDown { pid } => format!("shut down {pid}"),
        };
        steps.iter().map(word).collect()
    }

    #[test]
    fn tasks_are_registered_from_files_that_do_not_stay() {
        let facts = Facts { daemon: Some(Daemon { pid: 7, is_same_version: true }), ..facts() };
        assert_eq!(
            words(&install(&facts, &programs(), ALL).unwrap()),
            [
                "write prestic-daemon.xml",
                "/Create /TN prestic-daemon /XML prestic-daemon.xml /F",
                "remove prestic-daemon.xml",
                "hand over 7",
                "/Run /TN prestic-daemon",
                "write prestic-tray.xml",
                "/Create /TN prestic-tray /XML prestic-tray.xml /F",
                "remove prestic-tray.xml",
            ]
        );
    }

    #[test]
    fn task_that_is_not_enabled_is_there_nevertheless() {
        let none = Wishes { is_enabled: false, starts_now: false, has_tray: false };
        let steps = words(&install(&facts(), &programs(), none).unwrap());
        assert_eq!(steps[3..], ["/Change /TN prestic-daemon /DISABLE"]);
    }

    #[test]
    fn removal_stops_the_runs_before_the_task_goes() {
        let daemon = Some(Daemon { pid: 7, is_same_version: true });
        let facts = Facts { has_daemon: true, has_tray: true, daemon, ..facts() };
        assert_eq!(words(&uninstall(&facts)), ["shut down 7", "/Delete /TN prestic-daemon /F", "/Delete /TN prestic-tray /F"]);
        assert_eq!(uninstall(&Facts { daemon, ..Facts::default() }), []);
    }

    #[test]
    fn another_home_is_refused() {
        let other = Programs { other_home: Some(PathBuf::from("D:\\h")), ..programs() };
        assert!(matches!(install(&facts(), &other, ALL), Err(ServiceError::Unusable { .. })));
    }
}
