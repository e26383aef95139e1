//! What `status` says of desktop notifications.

use prestic_proto::notification::NotificationState;

use crate::output::Paint;

/// Returns a line about them where there was something to tell that nobody saw.
pub(super) fn words(state: &NotificationState) -> Option<(Paint, String)> {
    match state {
        NotificationState::Unused | NotificationState::Off | NotificationState::Working { .. } => None,
        NotificationState::NoDesktop => {
            let words = "no desktop to show notifications on: for a server, set `notifications = off` in [prestic]";
            Some((Paint::Faint, words.to_owned()))
        }
        NotificationState::Unavailable { reason, hint } => {
            Some((Paint::Warning, format!("a notification was not shown: {reason}; {hint}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(state: &NotificationState, expected: Option<&str>) {
        assert_eq!(words(state).map(|(_, words)| words).as_deref(), expected);
    }

    #[test]
    fn only_what_was_not_seen_is_told() {
        check(&NotificationState::Unused, None);
        check(&NotificationState::Off, None);
        check(&NotificationState::Working { server: "dunst".to_owned() }, None);
        let gone = NotificationState::Unavailable { reason: "nobody is there".to_owned(), hint: "start one".to_owned() };
        check(&gone, Some("a notification was not shown: nobody is there; start one"));
    }
}
