//! What a run is to do: from its task's profile to what its supervisor is told.

use std::{ffi::OsString, fmt, time::Duration};

use chrono::{DateTime, Utc};
use prestic_proto::{endpoint, home::Home};

use crate::{
    config::{Arguments, Profile, ResticCommand, redact, repository_access},
    records::Record,
    restic::version::ResticVersion,
    runs::ResticVersions,
    supervise::{
        limits::Limits,
        spec::{OutputFormat, RunSpec},
    },
};

/// A run that is to be started.
#[derive(Debug)]
pub struct Job {
    /// Its record, in the stage `Planned`.
    pub record: Record,
    /// Words to add to the task's arguments.
    pub extra_args: Vec<String>,
    /// When the window ends in which it may run.
    pub ends_at: Option<DateTime<Utc>>,
    /// How long restic has to end when a limit stops it.
    pub stop_grace: Duration,
}

/// What a supervisor needs to start restic.
pub struct Orders {
    /// What it is told on its standard input.
    pub spec: RunSpec,
    /// The entry of the keyring that has the password, which is not in the environment.
    pub keyring_entry: Option<String>,
    /// Its whole environment, and restic's, but for that.
    pub environment: Vec<(OsString, OsString)>,
}

/// The environment has the passwords in it.
impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Job {
    /// Works out the command, asking restic for its version. The error says why the run cannot be started.
    pub async fn prepare(&self, profile: &Profile, home: &Home, versions: &ResticVersions) -> Result<Orders, String> {
        let command =
            profile.restic_command(Arguments::OwnAnd(self.extra_args.clone())).map_err(|error| chain(&error))?.for_daemon();
        let environment = repository_access::environment(&command, home);
        let version = match versions.of(&command.executable, &environment).await {
            Ok(version) => Some(version),
            Err(error) => {
                let shown = redact::command_line(&command.executable).join(" ");
                tracing::warn!("the version of `{shown}` is not known: {error}");
                None
            }
        };
        let keyring_entry = command.keyring_entry.clone();
        Ok(Orders { keyring_entry, spec: self.spec(home, profile, command, version), environment })
    }

    fn spec(&self, home: &Home, profile: &Profile, mut command: ResticCommand, version: Option<ResticVersion>) -> RunSpec {
        let subcommand = command.subcommand().unwrap_or_default().to_owned();
        let output = if command.asks_for_json() {
            OutputFormat::JsonForUser
        } else if version.is_some_and(|version| version.json_progress(&subcommand)) {
            command.flags.push("--json".to_owned());
            OutputFormat::Json
        } else {
            OutputFormat::Text
        };
        RunSpec {
            run: self.record.run,
            task: self.record.task.clone(),
            trigger: self.record.trigger.to_string(),
            records: home.runs_dir(),
            socket: endpoint::run_socket(home, self.record.run),
            logs: home.logs_dir(),
            command: command.words(),
            restic: repository_access::words(&command),
            subcommand,
            shown_command: command.shown_line(),
            shown_repository: profile.shown_repository().unwrap_or_default(),
            restic_version: version,
            limits: limits(profile, self.ends_at, self.stop_grace),
            output,
            log_filter: profile.log_filter().map(str::to_owned),
            cpu_priority: command.cpu_priority,
            io_priority: command.io_priority,
        }
    }
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Returns the limits of a run; what the core says beside what the profile says.
fn limits(profile: &Profile, ends_at: Option<DateTime<Utc>>, stop_grace: Duration) -> Limits {
    let milliseconds = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Limits {
        max_runtime_ms: profile.max_runtime().map(milliseconds),
        no_progress_ms: profile.no_progress_timeout().map(milliseconds),
        ends_at,
        wait_for_lock_ms: profile.wait_for_lock().map(milliseconds),
        stop_grace_ms: milliseconds(stop_grace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[track_caller]
    fn check_limits(options: &str, expected: [Option<u64>; 3]) {
        let text = format!("[home]\nrepository = /r\ncommand = backup\nargs = /home\npassword = x\n{options}");
        let loaded = config::read(&text, std::path::Path::new("config.ini"));
        let limits = limits(loaded.config.profile("home").unwrap(), None, Duration::from_secs(75));
        assert_eq!([limits.max_runtime_ms, limits.no_progress_ms, limits.wait_for_lock_ms], expected, "{options}");
        assert_eq!(limits.stop_grace_ms, 75_000);
    }

    #[test]
    fn limits_are_those_of_the_profile() {
        check_limits("", [None; 3]);
        check_limits("wait-for-lock = 5m\n", [None, None, Some(300_000)]);
        check_limits("max-runtime = 2h\nno-progress-timeout = 90\n", [Some(7_200_000), Some(90_000), None]);
        check_limits("max-runtime = 0\nno-progress-timeout = 0\nwait-for-lock = 0\n", [None; 3]);
    }
}
