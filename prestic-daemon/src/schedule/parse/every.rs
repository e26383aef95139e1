//! Reads steps: `every 15 minutes from 08:00 to 18:00`, `every 3 days`.

use super::{
    super::{
        error::{Fault, ScheduleError},
        rule::Times,
        set::DayMinutes,
        spelling,
    },
    times,
    tokens::Token,
    words::Rest,
};

const DAY: u32 = 24 * 60;

/// No step is longer; for rarer runs dates are what one means.
const LONGEST_DAYS: u32 = 366;

const EVERY_HINT: &str = "write a number and a unit, as `every 15 minutes`, `every 2 hours` or `every 3 days`";

/// Units, and the minutes in each.
const UNITS: [(&str, u32); 13] = [
    ("minutes", 1),
    ("minute", 1),
    ("mins", 1),
    ("min", 1),
    ("m", 1),
    ("hours", 60),
    ("hour", 60),
    ("hrs", 60),
    ("hr", 60),
    ("h", 60),
    ("days", DAY),
    ("day", DAY),
    ("d", DAY),
];

/// How long the steps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Every {
    /// They are counted by clocks where they divide an hour or a day, else in real time.
    Minutes(u32),
    /// They are dates.
    Days(u32),
}

/// Reads the number and the unit behind `every`.
pub(super) fn read(every: &Token, rest: &mut Rest) -> Result<Every, ScheduleError> {
    let Some(word) = rest.next_if(|_| true) else {
        return Err(every.fault(Fault::Missing("number")).with_hint(EVERY_HINT));
    };
    let letters = word.word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.word.len());
    let (digits, glued) = word.word.split_at(letters);
    if digits.is_empty() || word.is_quoted {
        return Err(every.fault(Fault::Missing("number")).with_hint(without_number(&word)));
    }
    let bad_step = |word: &Token| word.fault(Fault::Bad("step")).with_hint(EVERY_HINT);
    let number = spelling::number(digits, 1, LONGEST_DAYS * DAY).ok_or_else(|| bad_step(&word))?;
    let unit = if glued.is_empty() {
        rest.next_if(|_| true).ok_or_else(|| word.fault(Fault::Missing("unit")).with_hint(EVERY_HINT))?
    } else {
        word.part(letters, word.text.len())
    };
    if unit.is("weeks") || unit.is("week") {
        let error = unit.fault(Fault::Unknown("unit"));
        return Err(error.with_hint(format!("write `every {} days`; these are Thursdays, counted since 1970", number * 7)));
    }
    let Some((_, minutes)) = UNITS.into_iter().find(|(name, _)| unit.is(name)) else {
        return Err(unit.fault(Fault::Unknown("unit")).with_hint(EVERY_HINT).with_closest(closest_unit(&unit)));
    };
    let too_long = || word.fault(Fault::Bad("step")).with_hint(format!("the longest step is {LONGEST_DAYS} days"));
    let step = number.checked_mul(minutes).filter(|step| *step <= LONGEST_DAYS * DAY).ok_or_else(too_long)?;
    Ok(if minutes < DAY { Every::Minutes(step) } else { Every::Days(step / DAY) })
}

/// Tells how to say without a number what was said without one.
fn without_number(word: &Token) -> String {
    match word.word.as_str() {
        "minute" => "write `every 1 minute`".to_owned(),
        "hour" => "write `hourly`".to_owned(),
        "day" => "write `daily`".to_owned(),
        "week" => "write `weekly`".to_owned(),
        "month" => "write `monthly`".to_owned(),
        "year" => "write `yearly`".to_owned(),
        name if spelling::weekday(name).is_some() => format!("leave `every` out: `{name}` comes every week"),
        _ => EVERY_HINT.to_owned(),
    }
}

fn closest_unit(unit: &Token) -> Option<&'static str> {
    spelling::closest_of(&unit.word, UNITS.into_iter().map(|(name, _)| name).filter(|name| name.len() > 2))
}

/// Reads the two times behind `from`, as minutes of the day.
pub(super) fn read_window(from: &Token, rest: &mut Rest) -> Result<(u32, u32), ScheduleError> {
    let hint = "write it as `from 08:00 to 18:00`";
    let missing = |word: &Token, what| word.fault(Fault::Missing(what)).with_hint(hint);
    let first = rest.next_if(times::is_time).ok_or_else(|| missing(from, "time"))?;
    let to = rest.next_if(|word| word.is("to")).ok_or_else(|| missing(&first, "`to`"))?;
    let last = rest.next_if(times::is_time).ok_or_else(|| missing(&to, "time"))?;
    let minute = |token: &Token| match times::read(token)? {
        (minutes, false) if minutes.len() == 1 => Ok(minutes[0]),
        _ => Err(token.fault(Fault::Bad("single time")).with_hint(hint)),
    };
    let window = (minute(&first)?, minute(&last)?);
    if window.0 == window.1 {
        return Err(last.fault(Fault::EmptyWindow).with_hint("leave `from` and `to` out to allow the whole day"));
    }
    Ok(window)
}

/// Returns the times of a step; or, where it could leave out days for ever, what to write instead.
pub(super) fn times(step: u32, window: Option<(u32, u32)>, has_all_days: bool) -> Result<Times, String> {
    let within = |minutes: &mut dyn Iterator<Item = u32>| -> DayMinutes {
        minutes.filter(|minute| is_within(window, *minute)).collect()
    };
    let divides = (step < 60 && 60 % step == 0) || (step.is_multiple_of(60) && DAY.is_multiple_of(step));
    if divides {
        let wild = within(&mut (0..DAY).step_by(step as usize));
        return if wild.is_empty() {
            Err("no step comes between these times: widen them, or write the times, as `daily at 08:00`".to_owned())
        } else {
            Ok(Times::Clock { fixed: DayMinutes::default(), wild })
        };
    }
    let room = window.map_or(if has_all_days { u32::MAX } else { DAY }, |(first, last)| (last + DAY - first) % DAY + 1);
    if step > room {
        return Err(
            "the step is longer than the time that it is allowed in: write dates and times instead, as `every 3 days at 08:00`"
                .to_owned(),
        );
    }
    Ok(Times::Steps { minutes: step, within: within(&mut (0..DAY)) })
}

/// Whether a minute of the day is in a window, ends included, over midnight if it ends before it begins.
fn is_within(window: Option<(u32, u32)>, minute: u32) -> bool {
    match window {
        None => true,
        Some((first, last)) if first < last => (first..=last).contains(&minute),
        Some((first, last)) => minute >= first || minute <= last,
    }
}
