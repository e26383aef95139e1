//! `prestic-daemon explain`: what a schedule means, in words and with the next times, or what is wrong with it.

pub mod batch;
pub mod machine_zone;
pub mod text;

mod refusal;

#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize, Serializer};

pub use self::refusal::Refusal;
use crate::schedule::{Calendar, Schedule, Zone};

/// How many times are told unless somebody asks for more or fewer.
const USUAL_COUNT: usize = 5;

/// A rare schedule takes milliseconds a time, and nobody reads more lines than this.
const LARGEST_COUNT: usize = 1000;

/// What somebody asks, as it was written. All but the schedule can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The schedule.
    pub schedule: String,
    /// The instant after which times are told, in RFC 3339; now without it.
    pub from: Option<String>,
    /// The zone in which it is asked; the machine's without it.
    pub timezone: Option<String>,
    /// How many times are told.
    pub n: Option<usize>,
}

/// What answers depend on besides the request.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The time.
    pub now: DateTime<Utc>,
    /// The name of the machine's zone, where it can be told.
    pub machine_zone: Option<String>,
}

/// What a schedule means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The schedule in its canonical spelling.
    pub canonical: String,
    /// The same in plain English.
    pub words: String,
    /// The zone of all times: its IANA name, or `local` for a machine that does not tell it.
    pub timezone: String,
    /// The next times. Events have none.
    #[serde(serialize_with = "serialize_instants")]
    pub next: Vec<DateTime<FixedOffset>>,
    /// The instant after which they come.
    #[serde(skip)]
    pub from: DateTime<FixedOffset>,
}

/// Answers a request.
pub fn explain(request: &Request, surroundings: &Surroundings) -> Result<Explanation, Refusal> {
    let schedule =
        Schedule::parse(&request.schedule).map_err(|error| Refusal::Schedule { text: request.schedule.clone(), error })?;
    let zone = match &request.timezone {
        Some(name) => Zone::parse(name).map_err(|error| Refusal::Zone { error })?,
        None => Zone::Machine,
    };
    let from = match &request.from {
        Some(text) => instant(text)?,
        None => surroundings.now,
    };
    let count = request.n.unwrap_or(USUAL_COUNT);
    if count > LARGEST_COUNT {
        return Err(Refusal::Count { count });
    }
    // Nobody has loaded this schedule yet, so what counts from the first load counts from here.
    let calendar = Calendar { zone, anchor: from };
    let next = |after: &DateTime<Utc>| schedule.next_after(*after, &calendar);
    let shown = |at: DateTime<Utc>| at.with_timezone(&zone.offset_from_utc_datetime(&at.naive_utc()).fix());
    Ok(Explanation {
        canonical: schedule.to_string(),
        words: words(&schedule),
        timezone: match zone {
            Zone::Machine => surroundings.machine_zone.clone().unwrap_or_else(|| "local".to_owned()),
            named @ Zone::Named(_) => named.to_string(),
        },
        next: std::iter::successors(next(&from), next).take(count).map(shown).collect(),
        from: shown(from),
    })
}

/// Answers a request in JSON, on one line.
pub fn as_json(answer: &Result<Explanation, Refusal>) -> String {
    match answer {
        Ok(explanation) => serde_json::to_string(explanation).expect("it is of texts"),
        Err(refusal) => refusal.as_json(),
    }
}

fn words(schedule: &Schedule) -> String {
    let words = schedule.words();
    match schedule.modifiers().random {
        Some(_) => format!("{words} (how much later depends on the task: these are the times without it)"),
        None => words,
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let text = text.trim();
    let local_formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let local = || local_formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(|_| match local() {
        Some(local) => Refusal::NoOffset { text: text.to_owned(), local },
        None => Refusal::NoInstant { text: text.to_owned() },
    })
}

fn serialize_instants<S: Serializer>(instants: &[DateTime<FixedOffset>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(instants.iter().map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, false)))
}
