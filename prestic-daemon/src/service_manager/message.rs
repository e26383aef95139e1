//! What is said to a service manager, in the words of sd_notify(3).

use std::time::Duration;

/// Clients can connect, or what was reloaded is live.
pub(super) const READY: &str = "READY=1";

/// The configuration is being read, since an instant of the monotonic clock.
pub(super) fn reloading(at: Duration) -> String {
    format!("RELOADING=1\nMONOTONIC_USEC={}", at.as_micros())
}

/// The daemon ends, and may take so long: as long as restics have to stop may be longer than the unit says.
pub(super) fn stopping(within: Duration) -> String {
    format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS=stopping", within.as_micros())
}

/// The core answers, and may have something new to say.
pub(super) fn alive(is_pulse: bool, news: Option<&String>) -> Option<String> {
    // Names of tasks have no line ends, and a status has only one line.
    let status = news.map(|sentence| format!("STATUS={}", sentence.replace('\n', " ")));
    match (is_pulse, status) {
        (true, Some(status)) => Some(format!("WATCHDOG=1\n{status}")),
        (true, None) => Some("WATCHDOG=1".to_owned()),
        (false, status) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_pulse: bool, news: Option<&str>, expected: Option<&str>) {
        assert_eq!(alive(is_pulse, news.map(str::to_owned).as_ref()).as_deref(), expected);
    }

    #[test]
    fn a_pulse_is_told_each_time_and_a_sentence_when_it_is_new() {
        check(true, None, Some("WATCHDOG=1"));
        check(true, Some("4 tasks"), Some("WATCHDOG=1\nSTATUS=4 tasks"));
        check(false, Some("4 tasks"), Some("STATUS=4 tasks"));
        check(false, None, None);
    }

    #[test]
    fn durations_are_in_microseconds() {
        assert_eq!(reloading(Duration::from_millis(1_500)), "RELOADING=1\nMONOTONIC_USEC=1500000");
        assert!(stopping(Duration::from_secs(195)).contains("\nEXTEND_TIMEOUT_USEC=195000000\n"));
    }
}
