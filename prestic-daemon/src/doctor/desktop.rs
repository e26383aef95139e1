//! The desktop: does somebody show notifications there, and the icon of the tray?

use std::env;

use prestic_proto::{
    daemon_program,
    doctor::{Check, Finding},
    notification::NotificationState,
    status::Status,
};

use super::{
    Subject,
    bus::{self, Bus},
};

/// What is known of the desktop.
#[derive(Debug)]
struct Facts<'a> {
    bus: Bus,
    /// Whether the configuration wants no notification at all.
    is_silent: bool,
    /// What the daemon knows of notifications.
    state: Option<&'a NotificationState>,
    /// Whether there is a screen, and the program of the tray.
    has_tray_program: bool,
}

/// Looks at the desktop.
pub(super) async fn look(subject: &Subject, status: Option<&Status>) -> Vec<Finding> {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let tray =
        daemon_program::find().ok().map(|daemon| daemon.with_file_name(format!("prestic-tray{}", env::consts::EXE_SUFFIX)));
    let facts = Facts {
        bus: bus::look().await,
        is_silent: subject.config().settings.is_silent,
        state: status.map(|status| &status.notifications),
        has_tray_program: has_screen && tray.is_some_and(|tray| tray.exists()),
    };
    judge(&facts)
}

fn judge(facts: &Facts<'_>) -> Vec<Finding> {
    const FOR_A_SERVER: &str = "for a server, set `notifications = off` in [prestic]";
    let of_notifications = match (facts.state, &facts.bus) {
        _ if facts.is_silent => Finding::ok(Check::Notifications, "they are off, as the configuration says"),
        (Some(NotificationState::Unavailable { reason, hint }), _) => {
            Finding::warning(Check::Notifications, format!("the last one was not shown: {reason}"), hint)
        }
        (Some(NotificationState::NoDesktop), _) => {
            let message = "the daemon had something to show, and belongs to no desktop";
            Finding::warning(Check::Notifications, message, FOR_A_SERVER)
        }
        (_, Bus::Broken(reason)) => Finding::warning(
            Check::Notifications,
            format!("the bus of this session cannot be used: {reason}"),
            format!("see `DBUS_SESSION_BUS_ADDRESS`; {FOR_A_SERVER}"),
        ),
        (_, Bus::There { has_notifications: false, .. }) => Finding::warning(
            Check::Notifications,
            "nobody in this session shows notifications",
            format!("install a notification daemon, as dunst; {FOR_A_SERVER}"),
        ),
        (Some(NotificationState::Working { server }), _) => {
            Finding::ok(Check::Notifications, format!("the last one was shown by {server}"))
        }
        (_, Bus::There { .. }) => Finding::ok(Check::Notifications, "somebody shows them; `prestic-ctl notify-test` shows one"),
        (_, Bus::Nowhere) => Finding::ok(Check::Notifications, "there is no desktop session here to show them in"),
    };
    let mut findings = vec![of_notifications];
    if let (Bus::There { has_tray, .. }, true) = (&facts.bus, facts.has_tray_program) {
        findings.push(if *has_tray {
            Finding::ok(Check::Tray, "the desktop shows icons in a tray")
        } else {
            let hint = "GNOME needs the extension AppIndicator; other panels have a tray among their parts";
            Finding::warning(Check::Tray, "nobody in this session shows the icon of the tray", hint)
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[track_caller]
    fn check(facts: &Facts<'_>, expected: &[(Check, Level)]) {
        let findings = judge(facts);
        let found: Vec<_> = findings.iter().map(|finding| (finding.check, finding.level)).collect();
        assert_eq!(found, expected, "{findings:?}");
    }

    fn facts(bus: Bus) -> Facts<'static> {
        Facts { bus, is_silent: false, state: None, has_tray_program: true }
    }

    #[test]
    fn server_without_a_desktop_is_healthy() {
        check(&facts(Bus::Nowhere), &[(Check::Notifications, Level::Ok)]);
        let state = NotificationState::NoDesktop;
        check(&Facts { state: Some(&state), ..facts(Bus::Nowhere) }, &[(Check::Notifications, Level::Warning)]);
    }

    #[test]
    fn session_in_which_nobody_shows_anything_is_told() {
        let empty = || Bus::There { has_notifications: false, has_tray: false };
        check(&facts(empty()), &[(Check::Notifications, Level::Warning), (Check::Tray, Level::Warning)]);
        let silent = Facts { is_silent: true, has_tray_program: false, ..facts(empty()) };
        check(&silent, &[(Check::Notifications, Level::Ok)]);
        let full = facts(Bus::There { has_notifications: true, has_tray: true });
        check(&full, &[(Check::Notifications, Level::Ok), (Check::Tray, Level::Ok)]);
        check(&facts(Bus::Broken("gone".to_owned())), &[(Check::Notifications, Level::Warning)]);
    }
}
