//! The types of values: how each is written and what it means.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::{
    notifications::Notifications,
    scheduling::{self, Overlap},
    snapshot_index::SnapshotIndex,
    words,
};
use crate::{
    process::{CpuPriority, IoPriority},
    schedule::{CatchUp, Schedule, ScheduleError, Zone, window::Window},
    secret::Secret,
    web::settings::{Auth, CONFIRMATION, Listen},
};

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that nobody may see.
    Secret,
    /// Words as a shell would split them.
    Words,
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A whole number from 1.
    Count,
    /// How often: a whole number from 0.
    Times,
    /// A whole number from 0 to 100.
    Percent,
    /// A whole number, or low, normal or high.
    RunPriority,
    /// A number of days.
    Days,
    /// An amount of bytes in a second.
    Size,
    /// A length of time.
    Duration,
    /// idle, low, normal or high.
    CpuPriority,
    /// idle, low, normal or high.
    IoPriority,
    /// A regular expression.
    Pattern,
    /// When to run.
    Schedule,
    /// A time zone.
    Zone,
    /// What to do about missed times.
    CatchUp,
    /// A part of the day.
    Window,
    /// skip, queue or replace.
    Overlap,
    /// Words that each name a server and a port.
    Hosts,
    /// An address with a port, or off.
    Listen,
    /// same-user, token or off.
    WebAuth,
    /// One certain text.
    Confirmation,
    /// on, on-demand or off.
    SnapshotIndex,
    /// on, problems or off, or yes or no.
    Notifications,
}

/// A value, understood.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Text`], [`Kind::Pattern`], [`Kind::Schedule`], [`Kind::Zone`], [`Kind::CatchUp`], [`Kind::Window`] and
    /// [`Kind::Confirmation`].
    Text(String),
    /// Of [`Kind::Secret`].
    Secret(Secret),
    /// Of [`Kind::Words`] and [`Kind::Hosts`].
    Words(Vec<String>),
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Int`], [`Kind::Count`], [`Kind::Days`], [`Kind::Times`] and [`Kind::RunPriority`].
    Int(i64),
    /// Of [`Kind::Percent`]; none for an empty value.
    Percent(Option<u8>),
    /// Of [`Kind::Overlap`].
    Overlap(Overlap),
    /// Of [`Kind::Listen`].
    Listen(Listen),
    /// Of [`Kind::WebAuth`].
    WebAuth(Auth),
    /// Of [`Kind::SnapshotIndex`].
    SnapshotIndex(SnapshotIndex),
    /// Of [`Kind::Notifications`].
    Notifications(Notifications),
    /// Of [`Kind::Size`], in KiB.
    Size(u64),
    /// Of [`Kind::Duration`]; none for an empty value.
    Duration(Option<Duration>),
    /// Of [`Kind::CpuPriority`]; none for an empty value.
    CpuPriority(Option<CpuPriority>),
    /// Of [`Kind::IoPriority`]; none for an empty value.
    IoPriority(Option<IoPriority>),
}

/// Why a value cannot be understood. Never holds a value that may be secret.
#[derive(Debug, PartialEq, Eq)]
pub struct BadValue {
    /// What is wrong.
    pub message: String,
    /// How to write it.
    pub hint: String,
}

const SIZE_HINT: &str = "write KiB a second as a plain number, or a number with K, M, G or T, as `512` or `1.5M`";
const DURATION_HINT: &str = "write seconds as a plain number, or numbers with s, m, h or d, as `300`, `5m` or `1h30m`";
const SCHEDULE_HINT: &str = "write for example `daily at 02:30`, `mon,thu at 12:00`, `hourly` or `*:15`";
const ZONE_HINT: &str = "write a name of the tz database, as `Europe/Berlin`, or `local` for the machine's own zone";
const PRIORITY_HINT: &str = "write `idle`, `low`, `normal` or `high`";
const RUN_PRIORITY_HINT: &str =
    "write a whole number, of which the highest goes first, or `low` (-10), `normal` (0) or `high` (10)";
const PERCENT_HINT: &str = "write a whole number from 0 to 100, as `30` or `30%`";
const OVERLAP_HINT: &str = "`skip` lets the later time go, `queue` runs it afterwards, `replace` stops the run and starts anew";
const LISTEN_HINT: &str = "write for example `127.0.0.1:8711`, `[::1]:8711`, or `off` for no web interface";
const WEB_AUTH_HINT: &str =
    "`same-user` lets your own programs in, `token` whom `prestic-ctl web` lets in, `off` everybody on this machine";
const INDEX_HINT: &str = "`on` indexes a snapshot after its backup, `on-demand` when somebody asks for it, `off` never";
const NOTIFICATIONS_HINT: &str =
    "`on` tells of every start and end, `problems` of what needs you and when it is over, `off` of failures only";
const HOST_HINT: &str = "write the server and its port, as `nas:22` or `[fe80::1]:22`";

/// No backup is longer; keeps sums of instants far from overflow.
const LONGEST_DURATION: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Understands a value.
pub fn parse(kind: Kind, text: &str) -> Result<Value, BadValue> {
    match kind {
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Secret => Ok(Value::Secret(Secret::new(text))),
        Kind::Words => words::split(text).map(Value::Words).map_err(bad_words),
        Kind::Bool => parse_bool(text),
        Kind::Int => parse_int(text, i64::MIN, "a whole number"),
        Kind::Count => parse_int(text, 1, "a whole number from 1"),
        Kind::Days => parse_int(text, 0, "a number of days"),
        Kind::Times => parse_int(text, 0, "a whole number from 0"),
        Kind::Percent => parse_optional(text, scheduling::parse_percent, "a percentage", PERCENT_HINT).map(Value::Percent),
        Kind::RunPriority => {
            scheduling::parse_priority(text).map(Value::Int).ok_or_else(|| bad(text, "a priority", RUN_PRIORITY_HINT))
        }
        Kind::Size => parse_size(text).map(Value::Size).ok_or_else(|| bad(text, "a size", SIZE_HINT)),
        Kind::Duration => parse_optional(text, parse_duration, "a duration", DURATION_HINT).map(Value::Duration),
        Kind::CpuPriority => parse_optional(text, parse_cpu_priority, "a priority", PRIORITY_HINT).map(Value::CpuPriority),
        Kind::IoPriority => parse_optional(text, parse_io_priority, "a priority", PRIORITY_HINT).map(Value::IoPriority),
        Kind::Pattern => parse_pattern(text),
        Kind::Schedule => parse_schedule(text),
        Kind::Zone => check_timing(text, Zone::parse, ZONE_HINT),
        Kind::CatchUp => check_timing(text, CatchUp::parse, SCHEDULE_HINT),
        Kind::Window => check_timing(text, Window::parse, SCHEDULE_HINT),
        Kind::Overlap => {
            Overlap::parse(text).map(Value::Overlap).ok_or_else(|| bad(text, "`skip`, `queue` or `replace`", OVERLAP_HINT))
        }
        Kind::Hosts => parse_hosts(text),
        Kind::Listen => Listen::parse(text).map(Value::Listen).ok_or_else(|| bad(text, "an address with a port", LISTEN_HINT)),
        Kind::WebAuth => {
            Auth::parse(text).map(Value::WebAuth).ok_or_else(|| bad(text, "`same-user`, `token` or `off`", WEB_AUTH_HINT))
        }
        Kind::Confirmation => parse_confirmation(text),
        Kind::SnapshotIndex => SnapshotIndex::parse(text)
            .map(Value::SnapshotIndex)
            .ok_or_else(|| bad(text, "`on`, `on-demand` or `off`", INDEX_HINT)),
        Kind::Notifications => Notifications::parse(text)
            .map(Value::Notifications)
            .ok_or_else(|| bad(text, "`on`, `problems` or `off`", NOTIFICATIONS_HINT)),
    }
}

impl Value {
    /// Returns the value as it would stand in `config.ini`; secrets too, so callers redact.
    pub fn plain_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Secret(secret) => secret.reveal().to_owned(),
            Self::Words(list) => words::join(list),
            Self::Bool(value) => value.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Percent(percent) => percent.map(|percent| percent.to_string()).unwrap_or_default(),
            Self::Overlap(overlap) => overlap.to_string(),
            Self::Listen(listen) => listen.to_string(),
            Self::WebAuth(auth) => auth.to_string(),
            Self::SnapshotIndex(index) => index.to_string(),
            Self::Notifications(notifications) => notifications.to_string(),
            Self::Size(kibibytes) => kibibytes.to_string(),
            Self::Duration(duration) => duration.map(|length| format!("{}s", length.as_secs())).unwrap_or_default(),
            Self::CpuPriority(priority) => priority.map(|level| priority_name(level as usize)).unwrap_or_default(),
            Self::IoPriority(priority) => priority.map(|level| priority_name(level as usize)).unwrap_or_default(),
        }
    }

    /// Returns the texts that go into flags: one for each word of a list.
    pub fn flag_texts(&self) -> Vec<String> {
        if let Self::Words(list) = self { list.clone() } else { vec![self.plain_text()] }
    }

    /// Tells whether nothing is set: this is how a child takes back what a parent says.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Secret(secret) => secret.reveal().is_empty(),
            Self::Words(list) => list.is_empty(),
            Self::Duration(duration) => duration.is_none(),
            Self::Percent(percent) => percent.is_none(),
            Self::CpuPriority(priority) => priority.is_none(),
            Self::IoPriority(priority) => priority.is_none(),
            Self::Bool(_)
            | Self::Int(_)
            | Self::Size(_)
            | Self::Overlap(_)
            | Self::Listen(_)
            | Self::WebAuth(_)
            | Self::SnapshotIndex(_)
            | Self::Notifications(_) => false,
        }
    }
}

const PRIORITY_NAMES: [&str; 4] = ["idle", "low", "normal", "high"];

fn priority_name(level: usize) -> String {
    PRIORITY_NAMES[level].to_owned()
}

fn parse_cpu_priority(text: &str) -> Option<CpuPriority> {
    let levels = [CpuPriority::Idle, CpuPriority::Low, CpuPriority::Normal, CpuPriority::High];
    priority_level(text).map(|level| levels[level])
}

fn parse_io_priority(text: &str) -> Option<IoPriority> {
    let levels = [IoPriority::Idle, IoPriority::Low, IoPriority::Normal, IoPriority::High];
    priority_level(text).map(|level| levels[level])
}

fn priority_level(text: &str) -> Option<usize> {
    PRIORITY_NAMES.iter().position(|name| text.eq_ignore_ascii_case(name))
}

fn parse_optional<T>(text: &str, parse: fn(&str) -> Option<T>, what: &str, hint: &str) -> Result<Option<T>, BadValue> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).ok_or_else(|| bad(text, what, hint)) }
}

fn parse_bool(text: &str) -> Result<Value, BadValue> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
        "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
        _ => Err(bad(text, "yes or no", "write true, on, yes or 1, or false, off, no or 0")),
    }
}

fn parse_int(text: &str, least: i64, what: &str) -> Result<Value, BadValue> {
    let number = text.parse().ok().filter(|number| (least..=i64::from(u32::MAX)).contains(number));
    number.map(Value::Int).ok_or_else(|| bad(text, what, "write digits only, as `2`"))
}

/// Returns whole KiB, rounded up: a limit of less than one must not become "no limit".
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let unit = unit.strip_suffix("/s").unwrap_or(&unit);
    let kibibytes = match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(unit) {
        "k" => 1.0,
        "m" => 1024.0,
        "g" => 1024.0 * 1024.0,
        "t" => 1024.0 * 1024.0 * 1024.0,
        "" if unit.is_empty() => 1.0,
        _ => return None,
    };
    let size = (number * kibibytes).ceil();
    // restic keeps a limit in a C-like int of KiB, and multiplies it by 1024.
    (size <= f64::from(u32::MAX)).then_some(size as u64)
}

/// Reads seconds, or numbers with units, as `1h30m`; none if it is no duration.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let mut letters = after.chars();
        let unit = match letters.next().map(|letter| letter.to_ascii_lowercase()) {
            None if rest.len() == text.len() => 1,
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 24 * 3600,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = letters.as_str().trim_start();
    }
    Some(Duration::from_secs(seconds)).filter(|duration| *duration <= LONGEST_DURATION)
}

/// Returns the shortest spelling of a duration that reads back as the same, as `1h30m`.
pub fn show_duration(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [("d", 24 * 3600), ("h", 3600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn parse_pattern(text: &str) -> Result<Value, BadValue> {
    regex::Regex::new(text).map(|_| Value::Text(text.to_owned())).map_err(|error| BadValue {
        // The library draws the pattern over several lines; its last one says what is wrong.
        message: format!("`{text}` is no regular expression: {}", last_line(&error.to_string())),
        hint: "write a backslash before characters that should stand for themselves".to_owned(),
    })
}

/// Keeps the text of a zone, a rule for missed times or a window, as [`parse_schedule`] does; an empty one sets nothing.
fn check_timing<T>(text: &str, parse: fn(&str) -> Result<T, ScheduleError>, hint: &str) -> Result<Value, BadValue> {
    match parse(text) {
        Err(error) if !text.is_empty() => {
            Err(BadValue { message: error.to_string(), hint: error.hint().unwrap_or_else(|| hint.to_owned()) })
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// The text is kept, and read again by whoever schedules: a profile shows what was written.
fn parse_schedule(text: &str) -> Result<Value, BadValue> {
    Schedule::parse(text).map(|_| Value::Text(text.to_owned())).map_err(|error| BadValue {
        message: format!("`{}` is no schedule: {error}", text.escape_debug()),
        hint: error.hint().unwrap_or_else(|| SCHEDULE_HINT.to_owned()),
    })
}

fn parse_hosts(text: &str) -> Result<Value, BadValue> {
    let hosts = words::split(text).map_err(bad_words)?;
    match hosts.iter().find(|host| !scheduling::is_host_and_port(host)) {
        Some(host) => Err(bad(host, "a server with a port", HOST_HINT)),
        None => Ok(Value::Words(hosts)),
    }
}

/// An empty one sets nothing.
fn parse_confirmation(text: &str) -> Result<Value, BadValue> {
    if text.is_empty() || text == CONFIRMATION {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(bad(text, "what has to be written down", &format!("write `{CONFIRMATION}`, if that is what you want")))
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ")
}

fn bad_words(error: words::SplitError) -> BadValue {
    let hint = match error {
        words::SplitError::UnclosedQuote(_) => words::UNCLOSED_QUOTE_HINT,
        words::SplitError::TrailingBackslash => "write it twice if it is part of the word, as in `C:\\\\Users\\\\`",
    };
    BadValue { message: error.to_string(), hint: hint.to_owned() }
}

fn bad(text: &str, what: &str, hint: &str) -> BadValue {
    BadValue { message: format!("`{}` is not {what}", text.escape_debug()), hint: hint.to_owned() }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text | Self::Secret => "text",
            Self::Words | Self::Hosts => "list",
            Self::Bool => "bool",
            Self::Int | Self::Count | Self::Days | Self::Times => "int",
            Self::Percent => "percent",
            Self::RunPriority => "rank",
            Self::Zone => "zone",
            Self::CatchUp | Self::Overlap | Self::WebAuth | Self::Confirmation | Self::SnapshotIndex | Self::Notifications => {
                "word"
            }
            Self::Listen => "address",
            Self::Window => "window",
            Self::Size => "size",
            Self::Duration => "duration",
            Self::CpuPriority | Self::IoPriority => "priority",
            Self::Pattern => "regex",
            Self::Schedule => "schedule",
        })
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
