//! The clock: schedules are worth nothing by a wrong one. What can be known without a network: files of ours from the future,
//! the clock of the hardware, and that no time before this program was made can be right.

use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    doctor::{Check, Finding},
    home::Home,
};

/// No PRestic is older.
const FIRST_RELEASE: &str = "2026-01-01T00:00:00Z";

/// What the hardware of Linux keeps.
const HARDWARE_CLOCK: &str = "/sys/class/rtc/rtc0/since_epoch";

/// Clocks and file systems may differ by so much.
const TOLERANCE: TimeDelta = TimeDelta::days(1);

/// What is known of the time.
#[derive(Debug)]
struct Facts {
    now: DateTime<Utc>,
    /// The file of ours that was changed last, and when.
    newest: Option<(String, DateTime<Utc>)>,
    hardware: Option<DateTime<Utc>>,
}

/// Looks at the clock.
pub(super) fn look(home: &Home, now: DateTime<Utc>) -> Vec<Finding> {
    let files = [home.config_file(), home.status_file(), home.history_file(), home.daemon_log()];
    let changed = files.iter().filter_map(|file| Some((file.display().to_string(), changed_at(file)?)));
    let hardware = fs::read_to_string(HARDWARE_CLOCK).ok().and_then(|text| text.trim().parse().ok());
    let hardware = hardware.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    vec![judge(&Facts { now, newest: changed.max_by_key(|(_, at)| *at), hardware })]
}

fn changed_at(file: &Path) -> Option<DateTime<Utc>> {
    Some(fs::metadata(file).ok()?.modified().ok()?.into())
}

fn judge(facts: &Facts) -> Finding {
    const SET_IT: &str = "set the clock, or let the system do so: `timedatectl set-ntp true`";
    let Facts { now, newest, hardware } = facts;
    let first: Option<DateTime<Utc>> = FIRST_RELEASE.parse().ok();
    let shown = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    if first.is_some_and(|first| *now < first) {
        let message = format!("the clock says {}, when there was no PRestic yet", shown(now));
        return Finding::error(Check::Clock, message, SET_IT);
    }
    if let Some((file, at)) = newest.as_ref().filter(|(_, at)| *at > *now + TOLERANCE) {
        let message = format!("the clock says {}, but {file} was changed at {}", shown(now), shown(at));
        return Finding::error(Check::Clock, message, SET_IT);
    }
    // One that never ran says 1970 or 2000, and is no reason to doubt the system's.
    if let Some(at) = hardware.filter(|at| first.is_some_and(|first| *at > first) && (*at - *now).abs() > TOLERANCE) {
        let message = format!("the clock says {}, and that of the hardware {}", shown(now), shown(&at));
        return Finding::warning(Check::Clock, message, SET_IT);
    }
    Finding::ok(Check::Clock, shown(now))
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(now: &str, newest: Option<&str>, hardware: Option<&str>, expected: Level) {
        let newest = newest.map(|text| ("config.ini".to_owned(), at(text)));
        let finding = judge(&Facts { now: at(now), newest, hardware: hardware.map(at) });
        assert_eq!(finding.level, expected, "{finding:?}");
    }

    #[test]
    fn clock_that_is_years_off_is_found_out() {
        check("2031-05-05T12:00:00Z", None, None, Level::Ok);
        check("1970-01-01T00:05:00Z", None, None, Level::Error);
        check("2031-05-05T12:00:00Z", Some("2031-05-07T12:00:00Z"), None, Level::Error);
        check("2031-05-05T12:00:00Z", Some("2031-05-05T13:00:00Z"), None, Level::Ok);
    }

    #[test]
    fn clock_of_the_hardware_counts_if_it_runs() {
        check("2031-05-05T12:00:00Z", None, Some("2029-05-05T12:00:00Z"), Level::Warning);
        check("2031-05-05T12:00:00Z", None, Some("2031-05-05T20:00:00Z"), Level::Ok);
        check("2031-05-05T12:00:00Z", None, Some("1970-01-01T00:00:00Z"), Level::Ok);
    }
}
