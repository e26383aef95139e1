//! What is wrong with a request: for people with the word underlined, for programs as JSON.

use chrono::NaiveDateTime;
use serde_json::json;
use thiserror::Error;
use unicode_width::UnicodeWidthChar;

use super::LARGEST_COUNT;
use crate::schedule::ScheduleError;

/// Why a request has no answer.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the fields repeat the words of the message")]
pub enum Refusal {
    /// The schedule is none.
    #[error("{error}")]
    Schedule { text: String, error: ScheduleError },
    /// The zone is none.
    #[error("{error}")]
    Zone { error: ScheduleError },
    /// A date and a time of which nobody knows where they hold.
    #[error("`{text}` does not say in which zone it is")]
    NoOffset { text: String, local: NaiveDateTime },
    /// No date with a time.
    #[error("`{text}` is no instant")]
    NoInstant { text: String },
    /// Too many times.
    #[error("{count} times are too many")]
    Count { count: usize },
    /// A line of a batch that is no request.
    #[error("the line is no request: {error}")]
    Line { error: serde_json::Error },
}

impl Refusal {
    /// Returns what to write instead, as far as that can be told.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Schedule { error, .. } | Self::Zone { error } => error.hint(),
            Self::NoOffset { local, .. } => {
                let local = local.format("%Y-%m-%dT%H:%M:%S");
                Some(format!("write `{local}Z` for UTC, or `{local}+02:00` with another offset"))
            }
            Self::NoInstant { .. } => Some("write it as `2026-03-29T02:00:00Z` or `2026-03-29T02:00:00+01:00`".to_owned()),
            Self::Count { .. } => Some(format!("ask for at most {LARGEST_COUNT}")),
            Self::Line { .. } => Some(
                r#"write `{"schedule": "daily at 02:30", "from": "2026-03-29T02:00:00Z", "timezone": "UTC", "n": 5}`"#.into(),
            ),
        }
    }

    /// Returns the column of the word that is wrong, in characters from 1, and its length.
    pub fn span(&self) -> Option<(usize, usize)> {
        match self {
            Self::Schedule { error, .. } => error.span(),
            _ => None,
        }
    }

    /// Returns it as JSON, on one line.
    pub fn as_json(&self) -> String {
        let (column, length) = self.span().unzip();
        let error = json!({ "message": self.to_string(), "column": column, "length": length, "hint": self.hint() });
        json!({ "error": error }).to_string()
    }

    /// Returns it as text: the message, the schedule with the word underlined, and the hint.
    pub fn as_text(&self) -> String {
        let mut text = format!("error: {self}\n");
        if let (Self::Schedule { text: schedule, .. }, Some((column, length))) = (self, self.span()) {
            text.push_str(&underlined(schedule, column, length));
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
}

/// Returns the line in which a word stands, and marks below it.
fn underlined(schedule: &str, column: usize, length: usize) -> String {
    let mut start = 1;
    for line in schedule.split('\n') {
        let letters = line.chars().count();
        if column <= start + letters {
            let before = column.saturating_sub(start);
            let width = |letters: &str| letters.chars().map(|letter| letter.width().unwrap_or(1)).sum::<usize>();
            let shown: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
            let word: String = shown.chars().skip(before).take(length).collect();
            let indent: String = shown.chars().take(before).collect();
            // The end of the text has a mark too, where something is missing.
            return format!("  {shown}\n  {}{}\n", " ".repeat(width(&indent)), "^".repeat(width(&word).max(1)));
        }
        start += letters + 1;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_underlined(schedule: &str, column: usize, length: usize, expected: [&str; 2]) {
        let lines = underlined(schedule, column, length);
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected.map(|line| format!("  {line}")), "{schedule:?}");
    }

    #[test]
    fn marks_stand_below_the_word() {
        check_underlined("dialy at 12:00", 1, 5, ["dialy at 12:00", "^^^^^"]);
        check_underlined("daily at 12.00", 10, 5, ["daily at 12.00", "         ^^^^^"]);
    }

    #[test]
    fn marks_stand_below_the_word_in_its_line() {
        check_underlined("mon at 12:00\nfoo\nfri", 14, 3, ["foo", "^^^"]);
    }

    #[test]
    fn wide_letters_and_tabs_do_not_move_the_marks() {
        check_underlined("日\tfoo", 3, 3, ["日 foo", "   ^^^"]);
        check_underlined("at 日本", 4, 2, ["at 日本", "   ^^^^"]);
    }

    #[test]
    fn what_is_missing_at_the_end_is_marked_there() {
        check_underlined("at", 3, 0, ["at", "  ^"]);
    }
}
