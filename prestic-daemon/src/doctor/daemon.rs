//! The daemon: does one run, does it answer, is it of the same version?

use std::time::Duration;

use prestic_proto::{
    client::Client,
    doctor::{Check, Finding},
    endpoint::Endpoint,
    error::ConnectError,
    home::Home,
    service::{Hello, PROTOCOL},
    status::Status,
};
use tokio::time::timeout;

use crate::patience::with_patience;

/// How long it may take to answer: it does so in milliseconds.
const LIMIT: Duration = Duration::from_secs(5);

/// What came of calling it.
#[derive(Debug)]
pub(super) enum Meeting {
    /// None runs.
    Absent,
    /// There is one, and it does not answer in time.
    Silent(Option<u32>),
    /// It cannot be reached.
    Unreachable(String),
    /// It speaks another protocol.
    Foreign(Hello),
    /// It answers.
    Met(Box<(Hello, Status)>),
}

impl Meeting {
    /// Returns what it told.
    pub(super) fn status(&self) -> Option<&Status> {
        if let Self::Met(met) = self { Some(&met.1) } else { None }
    }

    /// Returns its process id.
    pub(super) fn pid(&self) -> Option<u32> {
        match self {
            Self::Met(met) => Some(met.0.pid),
            Self::Foreign(hello) => Some(hello.pid),
            Self::Silent(pid) => *pid,
            _ => None,
        }
    }
}

/// Calls the daemon of a home.
pub(super) async fn meet(home: &Home) -> Meeting {
    let pid = Endpoint::read(home).ok().map(|endpoint| endpoint.pid);
    timeout(with_patience(LIMIT), call(home)).await.unwrap_or(Meeting::Silent(pid))
}

async fn call(home: &Home) -> Meeting {
    let (client, hello) = match Client::connect_any(home).await {
        Ok(met) => met,
        Err(ConnectError::NotRunning { .. }) => return Meeting::Absent,
        Err(error) => return Meeting::Unreachable(with_causes(&error)),
    };
    if hello.protocol != PROTOCOL {
        return Meeting::Foreign(hello);
    }
    match client.status().await {
        Ok(status) => Meeting::Met(Box::new((hello, status))),
        Err(error) => Meeting::Unreachable(error.to_string()),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// `has_config` and `has_schedule` tell whether there is anything for it to do.
pub(super) fn judge(meeting: &Meeting, has_config: bool, has_schedule: bool) -> Vec<Finding> {
    const AGAIN: &str = "restart the service; where there is none: `prestic-ctl shutdown`, which stops what runs, then \
                         `prestic-ctl status`, which starts it again";
    let own = env!("CARGO_PKG_VERSION");
    let finding = match meeting {
        Meeting::Absent if has_schedule => {
            Finding::error(Check::Daemon, "no daemon runs, so no task runs by itself", "start it: `prestic-ctl status` does")
        }
        Meeting::Absent if has_config => Finding::ok(Check::Daemon, "no daemon runs, and no task has a schedule"),
        Meeting::Absent => return Vec::new(),
        Meeting::Silent(pid) => {
            let which = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            let message = format!("the daemon{which} does not answer within {} s", LIMIT.as_secs());
            Finding::error(Check::Daemon, message, "end its process and start it again; its runs go on without it")
        }
        Meeting::Unreachable(reason) => Finding::error(
            Check::Daemon,
            format!("the daemon cannot be reached: {reason}"),
            "see whether the socket and its folder belong to your user, then start it again",
        ),
        Meeting::Foreign(hello) => {
            let message = format!("the daemon (pid {}) is version {}, this program is version {own}", hello.pid, hello.version);
            Finding::error(Check::Daemon, message, AGAIN)
        }
        Meeting::Met(met) if met.0.version != own => {
            let message = format!("the daemon (pid {}) is version {}, and {own} is installed", met.0.pid, met.0.version);
            Finding::warning(Check::Daemon, message, AGAIN)
        }
        Meeting::Met(met) => {
            let (hello, status) = &**met;
            if status.paused.is_some() {
                Finding::warning(Check::Daemon, "every task is paused", "`prestic-ctl resume` ends the pause")
            } else {
                Finding::ok(Check::Daemon, format!("it runs and answers (pid {}, version {})", hello.pid, hello.version))
            }
        }
    };
    vec![finding]
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    fn hello(version: &str) -> Hello {
        Hello { protocol: PROTOCOL + 1, version: version.to_owned(), instance: 1, pid: 7 }
    }

    #[track_caller]
    fn check(meeting: &Meeting, has_schedule: bool, expected: Level, part: &str) {
        let findings = judge(meeting, true, has_schedule);
        assert!(findings[0].level == expected && findings[0].message.contains(part), "{findings:?}");
    }

    #[test]
    fn daemon_matters_where_something_has_a_schedule() {
        check(&Meeting::Absent, true, Level::Error, "no daemon runs");
        check(&Meeting::Absent, false, Level::Ok, "no daemon runs");
        assert_eq!(judge(&Meeting::Absent, false, false), []);
    }

    #[test]
    fn daemon_that_cannot_be_talked_to_is_an_error() {
        check(&Meeting::Silent(Some(7)), true, Level::Error, "(pid 7) does not answer within 5 s");
        check(&Meeting::Unreachable("denied".to_owned()), true, Level::Error, "denied");
        check(&Meeting::Foreign(hello("9.9.9")), true, Level::Error, "is version 9.9.9");
    }
}
