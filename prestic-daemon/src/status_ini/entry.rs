//! The section of one task: Python's keys, and ours beside them.

use chrono::{DateTime, SecondsFormat, Utc};
use ini::Properties;
use prestic_proto::{run::RunId, status::Pause};

use super::text::{decode, encode};
use crate::notify::told::Told;

/// What is known of a task. Python's PRestic knows the first five.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskEntry {
    /// When its run started, while it runs.
    pub started: Option<DateTime<Utc>>,
    /// The process id of its restic, while it runs; otherwise 0.
    pub pid: u32,
    /// The name of the log of its last run.
    pub log_file: Option<String>,
    /// When its last run ended.
    pub last_run: Option<DateTime<Utc>>,
    /// restic's exit code then.
    pub exit_code: Option<i32>,
    /// The last instant of its schedule that was handled, run or not.
    pub last_due: Option<DateTime<Utc>>,
    /// The word for the outcome of its last run.
    pub outcome: Option<String>,
    /// That outcome in words.
    pub message: Option<String>,
    /// The number of its last run.
    pub run: Option<RunId>,
    /// When it last ended well.
    pub last_success: Option<DateTime<Utc>>,
    /// When it was seen first.
    pub first_seen: Option<DateTime<Utc>>,
    /// Its own pause.
    pub paused: Option<Pause>,
    /// What the desktop was told of it.
    pub told: Told,
}

impl TaskEntry {
    /// Reads a section. A value that makes no sense counts as none.
    pub(super) fn read(section: &Properties) -> Self {
        let text = |key| section.get(key).map(decode).filter(|text| !text.is_empty());
        let instant = |key| DateTime::parse_from_rfc3339(section.get(key)?).ok().map(|instant| instant.to_utc());
        Self {
            started: section.get("started").and_then(from_epoch),
            pid: section.get("pid").and_then(|pid| pid.parse().ok()).unwrap_or(0),
            log_file: text("log_file"),
            last_run: section.get("last_run").and_then(from_epoch),
            exit_code: section.get("exit_code").and_then(|code| code.parse().ok()),
            last_due: instant("last_due"),
            outcome: text("outcome"),
            message: text("message"),
            run: section.get("run").and_then(|run| run.parse().ok()),
            last_success: instant("last_success"),
            first_seen: instant("first_seen"),
            paused: read_pause(section),
            told: section.get("told").map(Told::parse).unwrap_or_default(),
        }
    }

    /// Writes all keys into a section; those without a value go, but for the two that Python always has.
    pub(super) fn write(&self, section: &mut Properties) {
        let text = |text: &Option<String>| text.as_deref().map(encode);
        let instant = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let values = [
            ("started", Some(self.started.map_or_else(|| "0".to_owned(), to_epoch))),
            ("pid", Some(self.pid.to_string())),
            ("log_file", text(&self.log_file)),
            ("last_run", self.last_run.map(to_epoch)),
            ("exit_code", self.exit_code.map(|code| code.to_string())),
            ("last_due", instant(self.last_due)),
            ("outcome", text(&self.outcome)),
            ("message", text(&self.message)),
            ("run", self.run.map(|run| run.to_string())),
            ("last_success", instant(self.last_success)),
            ("first_seen", instant(self.first_seen)),
            (PAUSED, self.paused.map(pause_text)),
            ("told", Some(self.told.to_string()).filter(|told| !told.is_empty())),
        ];
        for (key, value) in values {
            match value {
                Some(value) => section.insert(key, value),
                None => drop(section.remove_all(key)),
            }
        }
    }
}

/// The key of a pause, in the section of a task or of the daemon.
pub(super) const PAUSED: &str = "paused";

/// What a pause says that lasts until somebody ends it.
const UNTIL_RESUMED: &str = "until-resumed";

/// Reads the pause of a section. One that makes no sense counts as one until somebody ends it: it was meant to hold.
pub(super) fn read_pause(section: &Properties) -> Option<Pause> {
    let text = section.get(PAUSED).map(str::trim).filter(|text| !text.is_empty())?;
    Some(Pause { until: DateTime::parse_from_rfc3339(text).ok().map(|until| until.to_utc()) })
}

/// Writes a pause.
pub(super) fn pause_text(pause: Pause) -> String {
    pause.until.map_or_else(|| UNTIL_RESUMED.to_owned(), |until| until.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// Writes an instant as Python's `time.time()`, to the millisecond.
fn to_epoch(at: DateTime<Utc>) -> String {
    let millis = at.timestamp_millis();
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000)
}

fn from_epoch(text: &str) -> Option<DateTime<Utc>> {
    let millis = (text.parse::<f64>().ok()? * 1000.0).round();
    // A conversion of what does not fit gives the ends of i64, which are no instants either; NaN gives 0, which is none.
    DateTime::from_timestamp_millis(millis as i64).filter(|at| *at != DateTime::UNIX_EPOCH)
}
