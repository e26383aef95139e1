//! How the service is, for people and for programs.

use std::path::PathBuf;

use chrono::{DateTime, Local, Utc};
use serde::Serialize;

use crate::{
    output::{Look, Paint},
    service::Daemon,
};

/// How the service is.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What starts it: `systemd`, `launchd` or `Task Scheduler`.
    pub manager: &'static str,
    /// Why that cannot be asked, if it cannot.
    pub manager_error: Option<String>,
    /// The file, or the name of the task, that makes the service; none if it is not installed.
    pub installed: Option<String>,
    /// Whether it serves the home that was asked about.
    pub is_for_this_home: bool,
    /// Whether it starts at login.
    pub is_enabled: bool,
    /// Its state in the manager's own words, as `active (running)`.
    pub state: Option<String>,
    /// Since when it has been so.
    pub since: Option<DateTime<Utc>>,
    /// What the daemon says of itself to the manager.
    pub says: Option<String>,
    /// The daemon that answers.
    pub daemon: Option<DaemonReport>,
    /// Whether it starts with the machine and stays after the logout; none if that cannot be told.
    pub is_lingering: Option<bool>,
    /// The file that starts the tray at login, if there is one.
    pub tray: Option<PathBuf>,
    /// The home.
    pub home: PathBuf,
}

/// The daemon that answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DaemonReport {
    /// Its process id.
    pub pid: u32,
    /// Whether the manager started it; none if that cannot be told.
    pub is_the_service: Option<bool>,
    /// Whether it is of this program's version.
    pub is_same_version: bool,
}

impl DaemonReport {
    /// Returns what is to be told of a daemon, given the process id of the service where that is known.
    pub fn of(daemon: Daemon, service: Option<u32>) -> Self {
        Self { pid: daemon.pid, is_the_service: service.map(|pid| pid == daemon.pid), is_same_version: daemon.is_same_version }
    }
}

impl Report {
    /// Returns the lines for people.
    pub fn lines(&self, look: &Look) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = |label: &str, text: String| lines.push(format!("{label:<9}{text}"));
        match (&self.installed, &self.manager_error) {
            (Some(file), _) if self.is_for_this_home => line("service", format!("{} ({file})", self.manager)),
            (Some(file), _) => {
                line("service", look.paint(Paint::Warning, &format!("{} ({file}), for another home", self.manager)));
            }
            (None, Some(error)) => line("service", look.paint(Paint::Warning, &format!("none: {error}"))),
            (None, None) => {
                line("service", look.paint(Paint::Warning, "not installed; `prestic-ctl service install` does that"));
            }
        }
        if let (Some(_), Some(state)) = (&self.installed, &self.state) {
            let paint = match state.split(' ').next() {
                Some("active" | "running" | "Running") => Paint::Good,
                Some("failed") => Paint::Bad,
                _ => Paint::Warning,
            };
            let since = self.since.map(|at| format!(" since {}", at.with_timezone(&Local).format("%Y-%m-%d %H:%M")));
            line("state", format!("{}{}", look.paint(paint, state), since.unwrap_or_default()));
        }
        if self.installed.is_some() {
            line("login", self.login());
        }
        match &self.daemon {
            Some(daemon) => line("daemon", daemon.text()),
            None => line("daemon", look.paint(Paint::Bad, "none answers")),
        }
        if let Some(says) = &self.says {
            line("says", says.clone());
        }
        match &self.tray {
            Some(file) => line("tray", format!("starts at login ({})", file.display())),
            None => line("tray", "does not start at login".to_owned()),
        }
        line("home", self.home.display().to_string());
        lines
    }

    fn login(&self) -> String {
        match (self.is_enabled, self.is_lingering) {
            (false, _) => "does not start by itself".to_owned(),
            (true, None) => "starts at login".to_owned(),
            (true, Some(true)) => "starts with the machine, and stays after the logout".to_owned(),
            (true, Some(false)) => {
                "starts at login, and ends with the last logout; `loginctl enable-linger` makes it stay".to_owned()
            }
        }
    }
}

impl DaemonReport {
    fn text(&self) -> String {
        let mut text = format!("answers as process {}", self.pid);
        if self.is_the_service == Some(false) {
            text.push_str(", and is not the one of the service; `prestic-ctl service install` puts that in its place");
        }
        if !self.is_same_version {
            text.push_str(", and is of another version; `prestic-ctl service install` replaces it");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            manager: "systemd",
            manager_error: None,
            installed: Some("/u/prestic-daemon.service".to_owned()),
            is_for_this_home: true,
            is_enabled: true,
            state: Some("active (running)".to_owned()),
            since: None,
            says: Some("4 tasks".to_owned()),
            daemon: Some(DaemonReport { pid: 7, is_the_service: Some(true), is_same_version: true }),
            is_lingering: Some(false),
            tray: None,
            home: PathBuf::from("/h"),
        }
    }

    #[track_caller]
    fn check(report: &Report, expected: &[&str]) {
        assert_eq!(report.lines(&Look::PLAIN), expected);
    }

    #[test]
    fn service_that_is_as_it_should_be_needs_a_few_lines() {
        check(
            &report(),
            &[
                "service  systemd (/u/prestic-daemon.service)",
                "state    active (running)",
                "login    starts at login, and ends with the last logout; `loginctl enable-linger` makes it stay",
                "daemon   answers as process 7",
                "says     4 tasks",
                "tray     does not start at login",
                "home     /h",
            ],
        );
    }

    #[test]
    fn missing_service_comes_with_the_way_to_it() {
        let report = Report { installed: None, state: None, says: None, daemon: None, is_enabled: false, ..report() };
        check(
            &report,
            &[
                "service  not installed; `prestic-ctl service install` does that",
                "daemon   none answers",
                "tray     does not start at login",
                "home     /h",
            ],
        );
    }

    #[test]
    fn daemon_beside_the_service_is_told() {
        let daemon = DaemonReport { pid: 8, is_the_service: Some(false), is_same_version: true };
        let lines = Report { daemon: Some(daemon), ..report() }.lines(&Look::PLAIN);
        let beside = "daemon   answers as process 8, and is not the one of the service; `prestic-ctl service install` puts that in its place";
        assert!(lines.iter().any(|line| line == beside), "{lines:?}");
    }

    #[test]
    fn daemon_of_another_version_is_told() {
        let daemon = DaemonReport { pid: 8, is_the_service: Some(true), is_same_version: false };
        let lines = Report { daemon: Some(daemon), ..report() }.lines(&Look::PLAIN);
        let other = "daemon   answers as process 8, and is of another version; `prestic-ctl service install` replaces it";
        assert!(lines.iter().any(|line| line == other), "{lines:?}");
    }

    #[test]
    fn service_of_another_home_is_told() {
        let lines = Report { is_for_this_home: false, ..report() }.lines(&Look::PLAIN);
        assert_eq!(lines[0], "service  systemd (/u/prestic-daemon.service), for another home");
    }

    #[test]
    fn absent_manager_is_told_with_its_words() {
        let error = Some("Failed to connect to bus".to_owned());
        let lines = Report { installed: None, manager_error: error, ..report() }.lines(&Look::PLAIN);
        assert_eq!(lines[0], "service  none: Failed to connect to bus");
    }
}
