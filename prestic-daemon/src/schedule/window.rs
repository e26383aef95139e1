//! A part of the day in which something is allowed, as `22:00..06:00`.

use std::{fmt, iter};

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{
    error::{Fault, ScheduleError},
    spelling, wall,
    zone::Zone,
};

/// A part of each day, over midnight if it ends before it starts.
///
/// It opens and closes when the clocks first show its times, as fixed times of a schedule come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first minute in it.
    start: NaiveTime,
    /// The first minute behind it; never the same.
    end: NaiveTime,
}

impl Window {
    /// Reads `HH:MM..HH:MM`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let bad = || {
            let error = ScheduleError::alone(text, Fault::Bad("window"));
            error.with_hint("write two times of day, as `22:00..06:00`")
        };
        let (start, end) = text.split_once("..").ok_or_else(bad)?;
        match (spelling::time_of_day(start.trim()), spelling::time_of_day(end.trim())) {
            (Some(start), Some(end)) if start != end => Ok(Self { start, end }),
            (Some(_), Some(_)) => {
                Err(ScheduleError::alone(text, Fault::EmptyWindow).with_hint("leave it out to allow the whole day"))
            }
            _ => Err(bad()),
        }
    }

    /// Whether it is open at an instant.
    pub fn contains(&self, at: DateTime<Utc>, zone: &Zone) -> bool {
        let time = wall::reached(at, *zone).time();
        if self.start < self.end { self.start <= time && time < self.end } else { self.start <= time || time < self.end }
    }

    /// Returns when it closes next: strictly later than `at`.
    pub fn end_after(&self, at: DateTime<Utc>, zone: &Zone) -> DateTime<Utc> {
        wall::first_reach(next_time(wall::reached(at, *zone), self.end), *zone)
    }

    /// Returns when it opens next: strictly later than `at`. A gap of the clocks can leave it out for a day.
    pub fn next_start(&self, at: DateTime<Utc>, zone: &Zone) -> DateTime<Utc> {
        let next = |after: NaiveDateTime| next_time(after, self.start);
        let starts = iter::successors(Some(next(wall::reached(at, *zone))), |local| Some(next(*local)));
        let mut starts = starts.map(|local| wall::first_reach(local, *zone));
        starts.find(|start| self.contains(*start, zone)).expect("no zone leaves out a time of day for ever")
    }
}

/// Returns the first local time later than another at which it is some time of day.
fn next_time(after: NaiveDateTime, time: NaiveTime) -> NaiveDateTime {
    let same_day = after.date().and_time(time);
    if same_day > after { same_day } else { same_day + TimeDelta::days(1) }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start.format("%H:%M"), self.end.format("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Europe, Tz};

    use super::*;

    fn at(zone: Tz, text: &str) -> DateTime<Utc> {
        DateTime::parse_from_str(text, "%Y-%m-%d %H:%M%:z").unwrap().with_timezone(&zone).with_timezone(&Utc)
    }

    #[track_caller]
    fn check_open(window: &str, zone: Tz, text: &str, expected: bool) {
        let window = Window::parse(window).unwrap();
        assert_eq!(window.contains(at(zone, text), &Zone::Named(zone)), expected, "{window} at {text}");
    }

    #[track_caller]
    fn check_edges(window: &str, zone: Tz, after: &str, next_start: &str, end_after: &str) {
        let window = Window::parse(window).unwrap();
        let show = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M%:z").to_string();
        assert_eq!(show(window.next_start(at(zone, after), &Zone::Named(zone))), next_start, "start of {window} after {after}");
        assert_eq!(show(window.end_after(at(zone, after), &Zone::Named(zone))), end_after, "end of {window} after {after}");
    }

    #[test]
    fn start_is_in_the_window_and_end_is_not() {
        check_open("08:00..18:00", Tz::UTC, "2026-01-01 07:59+00:00", false);
        check_open("08:00..18:00", Tz::UTC, "2026-01-01 08:00+00:00", true);
        check_open("08:00..18:00", Tz::UTC, "2026-01-01 17:59+00:00", true);
        check_open("08:00..18:00", Tz::UTC, "2026-01-01 18:00+00:00", false);
    }

    #[test]
    fn window_can_go_over_midnight() {
        check_open("22:00..6:00", Tz::UTC, "2026-01-01 21:59+00:00", false);
        check_open("22:00..6:00", Tz::UTC, "2026-01-01 23:59+00:00", true);
        check_open("22:00..6:00", Tz::UTC, "2026-01-02 00:00+00:00", true);
        check_open("22:00..6:00", Tz::UTC, "2026-01-02 06:00+00:00", false);
        check_open("22:00..00:00", Tz::UTC, "2026-01-02 00:00+00:00", false);
    }

    #[test]
    fn edges_are_strictly_later() {
        check_edges("22:00..06:00", Tz::UTC, "2026-01-01 22:00+00:00", "2026-01-02 22:00+00:00", "2026-01-02 06:00+00:00");
        check_edges("22:00..06:00", Tz::UTC, "2026-01-01 06:00+00:00", "2026-01-01 22:00+00:00", "2026-01-02 06:00+00:00");
        check_edges("08:00..18:00", Tz::UTC, "2026-01-01 07:00+00:00", "2026-01-01 08:00+00:00", "2026-01-01 18:00+00:00");
    }

    #[test]
    fn edge_in_a_gap_is_at_its_end() {
        let before = "2026-03-29 01:00+01:00";
        check_edges("02:30..05:00", Europe::Berlin, before, "2026-03-29 03:00+02:00", "2026-03-29 05:00+02:00");
        check_edges("22:00..02:30", Europe::Berlin, before, "2026-03-29 22:00+02:00", "2026-03-29 03:00+02:00");
        check_open("22:00..02:30", Europe::Berlin, "2026-03-29 03:00+02:00", false);
    }

    #[test]
    fn window_that_is_all_in_a_gap_is_left_out() {
        let before = "2026-03-29 01:00+01:00";
        check_edges("02:10..02:40", Europe::Berlin, before, "2026-03-30 02:10+02:00", "2026-03-29 03:00+02:00");
    }

    #[test]
    fn edge_in_an_overlap_is_in_the_first_pass() {
        let before = "2026-10-25 01:00+02:00";
        check_edges("02:30..05:00", Europe::Berlin, before, "2026-10-25 02:30+02:00", "2026-10-25 05:00+01:00");
        check_open("02:30..05:00", Europe::Berlin, "2026-10-25 02:10+01:00", true);
        check_edges("22:00..02:30", Europe::Berlin, before, "2026-10-25 22:00+01:00", "2026-10-25 02:30+02:00");
        check_open("22:00..02:30", Europe::Berlin, "2026-10-25 02:10+01:00", false);
    }

    #[test]
    fn spelling_is_canonical() {
        assert_eq!(Window::parse("22:00 .. 6:00").unwrap().to_string(), "22:00..06:00");
    }

    #[track_caller]
    fn check_refused(text: &str, message: &str, hint: &str) {
        let error = Window::parse(text).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint().unwrap_or_default().as_str()), (message, hint));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let hint = "write two times of day, as `22:00..06:00`";
        check_refused("22:00", "`22:00` is no window", hint);
        check_refused("22:00..24:00", "`22:00..24:00` is no window", hint);
        check_refused("22:00-06:00", "`22:00-06:00` is no window", hint);
        check_refused("6:00..06:00", "the window `6:00..06:00` is empty", "leave it out to allow the whole day");
    }
}
