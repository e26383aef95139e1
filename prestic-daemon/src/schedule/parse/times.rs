//! Reads times of day: `02:30`, `*:30`, `*/2:15`, `9..17:00`, `noon`.

use super::{
    super::{
        error::{Fault, ScheduleError},
        set::{DayMinutes, NumberSet},
        spelling,
    },
    days,
    tokens::Token,
};

const TIME_HINT: &str = "times are written `HH:MM` (from 00:00 to 23:59), or `*:MM` for a minute of every hour";

/// Whether a word is a time, if anything.
pub(super) fn is_time(token: &Token) -> bool {
    let is_one = |letter: char| letter == ':' || letter == '*' || letter.is_numeric();
    !token.is_quoted && (token.word == "noon" || token.word == "midnight" || token.word.contains(is_one))
}

/// Reads the minutes of the day, and whether they are wild.
pub(super) fn read(token: &Token) -> Result<(Vec<u32>, bool), ScheduleError> {
    match token.word.as_str() {
        "noon" => return Ok((vec![12 * 60], false)),
        "midnight" => return Ok((vec![0], false)),
        _ => {}
    }
    let error = || {
        let fix = meant_time(&token.word).map(|fix| format!("write `{fix}`"));
        token.fault(Fault::Bad("time")).with_hint(fix.unwrap_or_else(|| TIME_HINT.to_owned()))
    };
    let (hour, minute) = token.word.split_once(':').ok_or_else(error)?;
    let minute = spelling::number(minute, 0, 59).ok_or_else(error)?;
    let (hours, is_wild) = hours(hour).ok_or_else(error)?;
    Ok((hours.iter().map(|hour| hour * 60 + minute).collect(), is_wild))
}

fn hours(text: &str) -> Option<(NumberSet, bool)> {
    let hour = |text| spelling::number(text, 0, 23);
    if text == "*" {
        return Some((DayMinutes::ALL_HOURS, true));
    }
    if let Some(step) = text.strip_prefix("*/") {
        let step = spelling::number(step, 1, 23)?;
        return Some(((0..24).step_by(step as usize).collect(), true));
    }
    match text.split_once("..") {
        Some((first, last)) => Some((days::circle(hour(first)?, hour(last)?, 0, 24), false)),
        None => Some((NumberSet::of(hour(text)?), false)),
    }
}

/// Returns how a time is written here that is written in another usual way.
fn meant_time(word: &str) -> Option<String> {
    if word == "24:00" {
        return Some("00:00".to_owned());
    }
    let (digits, hours) =
        match word.strip_suffix("am").map(|digits| (digits, 0)).or(word.strip_suffix("pm").map(|digits| (digits, 12))) {
            Some((digits, half)) => {
                let (hour, minute) = digits.split_once([':', '.']).unwrap_or((digits, "00"));
                let hour = spelling::number(hour, 1, 12)? % 12 + half;
                return spelling::number(minute, 0, 59).map(|minute| format!("{hour:02}:{minute:02}"));
            }
            None => (word, 24),
        };
    let (hour, minute) = digits.strip_suffix(":00").unwrap_or(digits).split_once([':', '.', 'h'])?;
    let hour = spelling::number(hour, 0, hours - 1)?;
    spelling::number(minute, 0, 59).map(|minute| format!("{hour:02}:{minute:02}"))
}
