//! All that can be told of a home of Python's PRestic without changing anything.

use std::{collections::BTreeSet, env, net::SocketAddr, path::PathBuf};

use chrono::{DateTime, Utc};
use prestic_proto::{endpoint::Endpoint, home::Home, profile::ConfigProblem, run::Run};
use serde::Serialize;

use super::{
    TakeoverError,
    meanings::{self, Surroundings},
    old_logs,
    python_service::PythonService,
};
use crate::{
    config::{self, Arguments, Profile, ResticCommand, command, ini},
    core::memory,
    process,
    schedule::{
        Calendar,
        missed::{self, Missed},
    },
    status_ini::StatusIni,
};

/// What is there, and what becomes of it.
#[derive(Debug, Serialize)]
pub struct Survey {
    /// The home of Python's PRestic.
    pub from: PathBuf,
    /// Ours.
    pub into: PathBuf,
    /// Whether they are the same.
    pub is_in_place: bool,
    /// Whether nothing was done.
    pub is_dry_run: bool,
    /// What was copied, by its name in the home.
    pub copied: Vec<PathBuf>,
    /// The runs with which the history begins.
    #[serde(rename = "history_runs", serialize_with = "serialize_count")]
    pub runs: Vec<Run>,
    /// What still runs of Python's PRestic.
    pub python_service: Option<PythonService>,
    /// Every task with a schedule.
    pub tasks: Vec<TakenTask>,
    /// What means something else now.
    pub changes: Vec<ConfigProblem>,
    /// The entries of the keyring that profiles name. They are the same ones.
    pub keyring: Vec<String>,
    /// Variables of the environment that restic had from Python's PRestic, and will not have.
    pub variables: Vec<String>,
    /// What is wrong with the configuration.
    pub errors: Vec<ConfigProblem>,
    /// What is odd about it.
    pub warnings: Vec<ConfigProblem>,
    /// Why the status of the tasks is not taken over, where it is not.
    pub status_damage: Option<String>,
}

/// A task and what its schedule makes of its last run.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct TakenTask {
    /// Its name.
    pub name: String,
    /// When it ran last.
    pub last_run_at: Option<DateTime<Utc>>,
    /// The process of a restic that was started for it and may still run.
    pub running_as: Option<u32>,
    /// restic's exit code then.
    pub exit_code: Option<i32>,
    /// The time that it missed, and which is caught up once our daemon starts.
    pub catches_up: Option<DateTime<Utc>>,
    /// The time that it missed, and which is let go.
    pub lets_go: Option<DateTime<Utc>>,
    /// Its next time after that.
    pub next_at: Option<DateTime<Utc>>,
}

impl Survey {
    /// Looks at everything.
    pub fn of(
        from: &Home,
        into: &Home,
        is_in_place: bool,
        now: DateTime<Utc>,
        python_web: SocketAddr,
    ) -> Result<Self, TakeoverError> {
        let file = from.config_file();
        let loaded = config::load(&file);
        let text = std::fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let document = ini::parse(&text, 0);
        let (status, status_damage) = match StatusIni::look(&from.status_file()) {
            Ok(status) => (status, None),
            Err(damage) => (StatusIni::default(), Some(damage.to_string())),
        };
        let own_daemon = Endpoint::read(from).ok().map(|endpoint| endpoint.pid);
        // A daemon of ours knows what it runs.
        let is_running = |pid: u32| own_daemon.is_none() && process::is_pid_in_use(pid);
        let noted_pid = status.daemon_pid().filter(|pid| Some(*pid) != own_daemon);
        let commands: Vec<ResticCommand> = loaded.config.profiles().filter_map(|profile| any_command(profile)).collect();
        let keyring: BTreeSet<_> = commands.iter().filter_map(|command| command.keyring_entry.clone()).collect();
        // A home that has run on its own has a better history than the old logs can give.
        let is_new = !into.history_file().exists() && !into.runs_dir().exists() && (status.last_run() == 0 || !is_in_place);
        let runs = if is_new { old_logs::runs(&from.logs_dir()) } else { Ok(Vec::new()) };
        Ok(Self {
            from: from.root().to_owned(),
            into: into.root().to_owned(),
            is_in_place,
            is_dry_run: false,
            copied: Vec::new(),
            runs: runs.map_err(|source| TakeoverError::Logs { folder: from.logs_dir(), source })?,
            python_service: PythonService::look(noted_pid, python_web),
            tasks: loaded.config.tasks().filter_map(|task| taken_task(task, &status, &is_running, now)).collect(),
            changes: meanings::changed_meanings(&document, &Surroundings { file, now }),
            keyring: keyring.into_iter().collect(),
            variables: lost_variables(&commands, env::vars_os().filter_map(|(name, _)| name.into_string().ok())),
            errors: loaded.report.errors,
            warnings: loaded.report.warnings,
            status_damage,
        })
    }

    /// Returns it as one JSON document.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("it is of texts and numbers") + "\n"
    }

    /// Returns the tasks that run as soon as our daemon has started and settled.
    pub fn due_at_once(&self) -> impl Iterator<Item = &TakenTask> {
        self.tasks.iter().filter(|task| task.catches_up.is_some())
    }
}

fn serialize_count<S: serde::Serializer>(runs: &[Run], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(runs.len() as u64)
}

/// Returns what becomes of a task, by the rules of the core; none if only somebody's word starts it.
fn taken_task(task: &Profile, status: &StatusIni, is_running: &dyn Fn(u32) -> bool, now: DateTime<Utc>) -> Option<TakenTask> {
    let timing = task.timing();
    let schedule = timing.schedule?;
    let calendar = Calendar { zone: timing.zone, anchor: now };
    let entry = status.task(task.name());
    let memory = memory::recall(entry.as_ref(), [], now);
    let handled_until = memory.handled_until.unwrap_or(now).min(now);
    let (catches_up, lets_go) = match missed::missed(&schedule, handled_until, now, &calendar, timing.catch_up) {
        Missed::Due { at, .. } | Missed::CatchUp { at, .. } => (Some(at), None),
        Missed::Skip { at, .. } => (None, Some(at)),
        Missed::Nothing => (None, None),
    };
    Some(TakenTask {
        name: task.name().to_owned(),
        last_run_at: entry.as_ref().and_then(|entry| entry.last_run),
        running_as: entry.as_ref().map(|entry| entry.pid).filter(|pid| *pid != 0 && is_running(*pid)),
        exit_code: entry.and_then(|entry| entry.exit_code),
        catches_up,
        lets_go,
        next_at: schedule.next_after(now, &calendar),
    })
}

/// Returns what restic gets for a profile, whatever it is asked.
fn any_command(profile: &Profile) -> Option<ResticCommand> {
    profile.restic_command(Arguments::Instead(vec!["snapshots".to_owned()])).ok()
}

/// Returns the variables that restic had only because they are in the environment.
fn lost_variables(commands: &[ResticCommand], present: impl Iterator<Item = String>) -> Vec<String> {
    let is_set = |name: &str| commands.iter().any(|command| command.env.iter().any(|(own, _)| own == name));
    let is_own = |name: &str| name.starts_with("PRESTIC_");
    let mut lost: Vec<_> = present.filter(|name| command::is_scrubbed(name) && !is_own(name) && !is_set(name)).collect();
    lost.sort();
    lost
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(last_run: &str, now: &str, [catches_up, lets_go]: [Option<&str>; 2], next_at: &str) {
        let text = "[home]\nrepository = /r\ncommand = backup\nschedule = daily at 02:00\ntimezone = UTC\n";
        let config = config::read(text, Path::new("config.ini")).config;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.ini");
        let entry = format!("[home]\nstarted = 1.5\npid = 7\nlast_run = {}.25\nexit_code = 0\n", at(last_run).timestamp());
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), entry.as_bytes()).unwrap();
        let status = StatusIni::look(&path).unwrap();
        let task = taken_task(config.profile("home").unwrap(), &status, &|pid| pid == 7, at(now)).unwrap();
        assert_eq!(task.running_as, Some(7));
        assert_eq!((task.catches_up, task.lets_go, task.next_at), (catches_up.map(at), lets_go.map(at), Some(at(next_at))));
    }

    #[test]
    fn what_ran_today_is_not_run_again() {
        check("2026-11-23T02:07:00Z", "2026-11-23T10:00:00Z", [None, None], "2026-11-24T02:00:00Z");
    }

    #[test]
    fn what_was_missed_is_caught_up_by_the_rule() {
        let missed = Some("2026-11-23T02:00:00Z");
        check("2026-11-20T02:07:00Z", "2026-11-23T10:00:00Z", [missed, None], "2026-11-24T02:00:00Z");
        // The missed one is of today, and the next one less than twelve hours away.
        check("2026-11-22T02:07:00Z", "2026-11-23T16:00:00Z", [None, missed], "2026-11-24T02:00:00Z");
    }

    #[test]
    fn variables_that_no_profile_sets_are_lost() {
        let text = "[nas]\nrepository = /r\npassword-file = /p\nenv.AWS_PROFILE = backup\n";
        let config = config::read(text, Path::new("config.ini")).config;
        let commands: Vec<_> = config.profiles().filter_map(|profile| any_command(profile)).collect();
        let present = ["PATH", "AWS_PROFILE", "RESTIC_PASSWORD_FILE", "RESTIC_COMPRESSION", "B2_ACCOUNT_ID", "PRESTIC_HOME"];
        assert_eq!(lost_variables(&commands, present.into_iter().map(str::to_owned)), ["B2_ACCOUNT_ID", "RESTIC_COMPRESSION"]);
    }
}
