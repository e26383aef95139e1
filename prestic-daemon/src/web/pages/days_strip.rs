//! The strip of days: what happened to a task on each of the last thirty, as colors with signs, and as words. Pure.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use prestic_proto::{
    history::{Day, TaskDays},
    run::RunId,
    words,
};

use super::instants;

/// How many days it shows, today among them.
pub const SHOWN_DAYS: u32 = 30;

/// A day of the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The day.
    pub date: NaiveDate,
    /// The name of its colors.
    pub state: &'static str,
    /// What happened, in words.
    pub text: String,
    /// The run to look at.
    pub run: Option<RunId>,
}

/// What is known beside the days.
#[derive(Debug, Clone, Copy, Default)]
pub struct Present {
    /// The run that is under way.
    pub active: Option<RunId>,
    /// Since which day the task has gone too long without a good run.
    pub overdue_since: Option<NaiveDate>,
}

/// Works out the cells, oldest first, for a strip that ends today.
pub fn cells(days: Option<&TaskDays>, today: NaiveDate, present: Present) -> Vec<Cell> {
    let days = days.map(|days| days.days.as_slice()).unwrap_or_default();
    let first = today.checked_sub_days(Days::new(u64::from(SHOWN_DAYS) - 1)).unwrap_or(today);
    first.iter_days().take_while(|date| *date <= today).map(|date| cell(date, days, today, present)).collect()
}

fn cell(date: NaiveDate, days: &[Day], today: NaiveDate, present: Present) -> Cell {
    let day = days.iter().find(|day| day.date == date);
    let mut text = day.map(told).unwrap_or_default();
    let mut state = day.map_or("none", state);
    let mut run = day.and_then(|day| day.run);
    if state == "none" && present.overdue_since.is_some_and(|since| since <= date) {
        (state, text) = ("overdue", "overdue".to_owned());
    }
    if let Some(active) = present.active.filter(|_| date == today) {
        text = if text.is_empty() { "running".to_owned() } else { format!("running; before: {text}") };
        (state, run) = ("running", Some(active));
    }
    if text.is_empty() {
        "nothing".clone_into(&mut text);
    }
    Cell { date, state, text, run }
}

/// Returns the name of the colors of a day.
pub fn state(day: &Day) -> &'static str {
    match day {
        Day { failed: 1.., .. } => "failed",
        Day { missed: 1.., .. } => "missed",
        Day { warnings: 1.., .. } => "warning",
        Day { succeeded: 1.., .. } => "ok",
        Day { stopped: 1.., .. } => "paused",
        _ => "none",
    }
}

/// Returns what happened on a day, in words.
pub fn told(day: &Day) -> String {
    let parts = [
        (day.failed, "failed"),
        (day.missed, "missed"),
        (day.warnings, "with warnings"),
        (day.succeeded, "OK"),
        (day.stopped, "stopped"),
    ];
    let mut told: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| if number == 1 { word.to_owned() } else { format!("{} {word}", words::count(number.into())) })
        .collect();
    if day.bytes_added > 0 {
        told.push(format!("{} added", words::bytes(day.bytes_added)));
    }
    told.join(", ")
}

/// Shows the strip as a list; of the links only the last one is a stop of the tab key, the arrows reach the others.
pub fn show(task: &str, cells: &[Cell]) -> Markup {
    html! {
        ol.strip aria-label={ "The last " (cells.len()) " days of " (task) } {
            @for cell in cells {
                li {
                    @let label = format!("{}: {}", cell.date.format("%a %-d %b"), cell.text);
                    @if let Some(run) = cell.run {
                        a.day href=(instants::run_address(run)) data-state=(cell.state) title=(label) {
                            span.visually-hidden { (label) }
                        }
                    } @else {
                        span.day data-state=(cell.state) title=(label) { span.visually-hidden { (label) } }
                    }
                }
            }
        }
    }
}

/// Shows what the colors and signs mean.
pub fn legend() -> Markup {
    let kinds = [
        ("ok", "OK"),
        ("warning", "warnings"),
        ("failed", "failed"),
        ("missed", "missed or overdue"),
        ("running", "running"),
        ("paused", "stopped"),
        ("none", "no run"),
    ];
    html! {
        ul.legend aria-label="What the days’ colors mean" {
            @for (state, word) in kinds { li { span.strip { span.day data-state=(state) {} } (word) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn day(day: u32) -> Day {
        Day {
            date: date(day),
            succeeded: 0,
            warnings: 0,
            failed: 0,
            stopped: 0,
            missed: 0,
            run: Some(RunId(7)),
            bytes_added: 0,
        }
    }

    #[track_caller]
    fn check(day: Day, present: Present, state: &str, text: &str) {
        let at = day.date;
        let days = TaskDays { task: "home".to_owned(), days: vec![day] };
        let cells = cells(Some(&days), date(23), present);
        let cell = cells.iter().find(|cell| cell.date == at).unwrap();
        assert_eq!((cell.state, cell.text.as_str()), (state, text));
    }

    #[test]
    fn strip_ends_today_and_has_thirty_days() {
        let cells = cells(None, date(23), Present::default());
        assert_eq!((cells.len(), cells[0].date.to_string(), cells[29].date), (30, "2026-10-25".to_owned(), date(23)));
        assert!(cells.iter().all(|cell| cell.state == "none" && cell.text == "nothing"));
    }

    #[test]
    fn worst_of_a_day_is_its_color_and_all_of_it_its_words() {
        let none = Present::default();
        check(Day { succeeded: 2, bytes_added: 2048, ..day(3) }, none, "ok", "2 OK, 2.0 KiB added");
        check(Day { succeeded: 2, warnings: 1, ..day(3) }, none, "warning", "with warnings, 2 OK");
        check(Day { warnings: 1, missed: 1440, ..day(3) }, none, "missed", "1,440 missed, with warnings");
        check(Day { missed: 1, failed: 1, ..day(3) }, none, "failed", "failed, missed");
        check(Day { stopped: 1, ..day(3) }, none, "paused", "stopped");
    }

    #[test]
    fn today_shows_what_runs() {
        let present = Present { active: Some(RunId(9)), overdue_since: None };
        check(Day { failed: 1, ..day(23) }, present, "running", "running; before: failed");
        assert_eq!(cells(None, date(23), present)[29].run, Some(RunId(9)));
    }

    #[test]
    fn days_without_a_run_are_overdue_from_the_day_on_that_one_was_owed() {
        let present = Present { active: None, overdue_since: Some(date(22)) };
        let states: Vec<_> = cells(None, date(23), present).iter().rev().take(3).map(|cell| cell.state).collect();
        assert_eq!(states, ["overdue", "overdue", "none"]);
    }

    #[test]
    fn days_are_a_list_with_words_and_links_to_their_runs() {
        let days = TaskDays { task: "home".to_owned(), days: vec![Day { failed: 1, ..day(23) }] };
        let shown = show("<home>", &cells(Some(&days), date(23), Present::default())).into_string();
        assert!(shown.contains("href=\"/runs/7\" data-state=\"failed\" title=\"Mon 23 Nov: failed\""), "{shown}");
        assert!(shown.contains("Sun 22 Nov: nothing</span>") && !shown.contains("<home>"), "{shown}");
    }
}
