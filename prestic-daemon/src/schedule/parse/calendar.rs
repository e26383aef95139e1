//! Reads calendars as systemd's `OnCalendar=` has them, to the minute: `Mon..Fri *-*-1..7 02:00/15 Europe/Berlin`.

use super::{
    super::{
        dates::Dates,
        error::{Fault, ScheduleError},
        rule::{Field, Form, Rule},
        set::{NumberSet, Years},
        spelling,
        zone::Zone,
    },
    Whole,
    fields::{self, FieldKind},
    tokens::Token,
};

/// Names of calendars, and what they stand for.
const NAMED: [(&str, &str, &str); 13] = [
    ("minutely", "*-*-*", "*:*"),
    ("hourly", "*-*-*", "*:00"),
    ("daily", "*-*-*", "00:00"),
    ("weekly", "*-*-*", "00:00"),
    ("monthly", "*-*-01", "00:00"),
    ("quarterly", "*-01,04,07,10-01", "00:00"),
    ("semiannually", "*-01,07-01", "00:00"),
    ("semi-annually", "*-01,07-01", "00:00"),
    ("biannually", "*-01,07-01", "00:00"),
    ("bi-annually", "*-01,07-01", "00:00"),
    ("yearly", "*-01-01", "00:00"),
    ("annually", "*-01-01", "00:00"),
    ("anually", "*-01-01", "00:00"),
];

const FORM_HINT: &str = "write weekdays, a date and a time, each if needed, as `calendar:Mon..Fri *-*-* 02:30`";
const YEAR_HINT: &str = "years are from 1970 to 2199, or `*`";

const MINUTE: FieldKind = FieldKind::MINUTE.of_calendar();
const HOUR: FieldKind = FieldKind::HOUR.of_calendar();
const DAY: FieldKind = FieldKind::DAY.of_calendar();
const MONTH: FieldKind = FieldKind::MONTH.of_calendar();

/// Reads weekdays, date, time and zone, in this order, as far as they are there.
pub(super) fn read(tokens: &[Token], whole: &Whole) -> Result<Rule, ScheduleError> {
    let mut rest = tokens;
    let mut dates = Dates::EVERY;
    let mut time = None;
    let first = tokens.first().ok_or_else(|| whole.fault(Fault::Missing("calendar")).with_hint(FORM_HINT))?;
    if let Some((name, date, named_time)) = NAMED.into_iter().find(|(name, _, _)| first.is(name)) {
        read_date(&Token { text: date.to_owned(), ..first.clone() }, &mut dates)?;
        if name == "weekly" {
            dates.weekdays = NumberSet::of(0);
        }
        time = Some(Token { text: named_time.to_owned(), ..first.clone() });
        rest = &rest[1..];
    } else {
        if let Some(word) = rest.first().filter(|word| begins_with_letter(word) && (!is_zone(word) || is_weekday(word))) {
            dates.weekdays = read_weekdays(word)?;
            rest = &rest[1..];
        }
        if let Some(word) = rest.first().filter(|word| !begins_with_letter(word) && !word.text.contains(':')) {
            read_date(word, &mut dates)?;
            rest = &rest[1..];
        }
        if let Some(word) = rest.first().filter(|word| word.text.contains(':')) {
            time = Some(word.clone());
            rest = &rest[1..];
        }
        if rest.len() == tokens.len() {
            return Err(whole.fault(Fault::Missing("calendar")).with_hint(FORM_HINT));
        }
    }
    let (hour, minute) = time.map_or_else(|| Ok(midnight()), |time| read_time(&time))?;
    let mut zone = None;
    if let Some((name, others)) = rest.split_first() {
        if !begins_with_letter(name) {
            return Err(name.fault(Fault::Bad("part of a calendar here")).with_hint(FORM_HINT));
        }
        zone = Some(Zone::parse(&name.text).map_err(|error| error.moved_to(name.column))?);
        if let Some(other) = others.first() {
            return Err(other.fault(Fault::Bad("part of a calendar here")).with_hint(FORM_HINT));
        }
    }
    Ok(Rule { zone, dates, times: Field::times(hour, minute), form: Form::Calendar { hour, minute } })
}

fn midnight() -> (Field, Field) {
    let zero = Field { numbers: NumberSet::of(0), has_asterisk: false };
    (zero, zero)
}

fn begins_with_letter(token: &Token) -> bool {
    token.text.starts_with(char::is_alphabetic)
}

fn is_weekday(token: &Token) -> bool {
    spelling::weekday(&token.word).is_some()
}

fn is_zone(token: &Token) -> bool {
    Zone::parse(&token.text).is_ok()
}

fn read_weekdays(token: &Token) -> Result<NumberSet, ScheduleError> {
    let mut weekdays = NumberSet::EMPTY;
    for (item, part) in fields::items(token) {
        let ends = item.split_once("..").or_else(|| item.split_once('-'));
        let (first, last) = ends.unwrap_or((&item, &item));
        let (Some(first), Some(last)) = (spelling::weekday(first), spelling::weekday(last)) else {
            let error = part.fault(Fault::Unknown("day of the week"));
            return Err(error.with_hint(FORM_HINT).with_closest(spelling::closest_weekday(&item)));
        };
        if first > last {
            let until = |last| if last == 0 { "mon".to_owned() } else { format!("mon..{}", spelling::weekday_name(last)) };
            let hint = format!("write it as two: `{}..sun,{}`", spelling::weekday_name(first), until(last));
            return Err(part.fault(Fault::Backwards).with_hint(hint));
        }
        weekdays = weekdays.union(NumberSet::range(first, last));
    }
    Ok(weekdays)
}

/// Reads `year-month-day` or `month-day`; behind `~` days are counted from the end of the month.
fn read_date(token: &Token, dates: &mut Dates) -> Result<(), ScheduleError> {
    let bad = || token.fault(Fault::Bad("date")).with_hint("dates are written `YEAR-MONTH-DAY`, `*` for any, as `*-*-01`");
    let separator = token.text.rfind(['-', '~']).ok_or_else(bad)?;
    let counts_from_end = token.text[separator..].starts_with('~');
    let day = token.part(separator + 1, token.text.len());
    let before = token.part(0, separator);
    let (year, month) = match before.text.rfind('-') {
        Some(separator) => (Some(before.part(0, separator)), before.part(separator + 1, before.text.len())),
        None => (None, before),
    };
    if day.text.is_empty()
        || month.text.is_empty()
        || year.as_ref().is_some_and(|year| year.text.is_empty() || year.text.contains(['-', '~']))
    {
        return Err(bad());
    }
    if let Some(year) = year.filter(|year| year.text != "*") {
        dates.years = Some(read_years(&year)?);
    }
    dates.months = read_field(MONTH, &month)?.numbers;
    if counts_from_end {
        dates.days = NumberSet::EMPTY;
        dates.last_days = read_last_days(&day)?;
    } else {
        dates.days = read_field(DAY, &day)?.numbers;
    }
    Ok(())
}

/// Reads a list in which an asterisk stands alone; steps begin at a number.
fn read_field(kind: FieldKind, token: &Token) -> Result<Field, ScheduleError> {
    if token.text == "*" {
        return Ok(Field { numbers: NumberSet::range(kind.first, kind.last), has_asterisk: true });
    }
    if let Some((_, part)) = fields::items(token).into_iter().find(|(item, _)| item.contains('*')) {
        let fix = part.text.replacen('*', &kind.first.to_string(), 1);
        return Err(part.fault(Fault::Bad(kind.name)).with_hint(format!("`*` stands alone here: write `{fix}`")));
    }
    Ok(Field { numbers: kind.read(token)?.numbers, has_asterisk: false })
}

/// Reads days from the end. A range has steps away from it, a single day with a step goes towards it, as systemd has it.
fn read_last_days(token: &Token) -> Result<NumberSet, ScheduleError> {
    if token.text == "*" {
        return Ok(NumberSet::range(1, 31));
    }
    let mut days = NumberSet::EMPTY;
    for (item, part) in fields::items(token) {
        let (range, step) = DAY.step_of(&item, &part)?;
        let (nearest, farthest) = DAY.range_of(range, false, &part)?;
        days = days.union(match step {
            Some(step) if nearest == farthest => (1..=farthest).rev().step_by(step as usize).collect(),
            _ => (nearest..=farthest).step_by(step.unwrap_or(1) as usize).collect(),
        });
    }
    Ok(days)
}

fn read_years(token: &Token) -> Result<Years, ScheduleError> {
    let mut years = Vec::new();
    for (item, part) in fields::items(token) {
        let (range, step) = DAY.step_of(&item, &part)?;
        let ends = range.split_once("..");
        let (first, last) = ends.unwrap_or((range, range));
        let (Some(first), Some(mut last)) = (year(first), year(last)) else {
            return Err(part.fault(Fault::Bad("year")).with_hint(YEAR_HINT));
        };
        if first > last {
            return Err(part.fault(Fault::Backwards).with_hint(YEAR_HINT));
        }
        if ends.is_none() && step.is_some() {
            last = Years::LAST;
        }
        years.extend((first..=last).step_by(step.unwrap_or(1) as usize));
    }
    Ok(years.into_iter().collect())
}

/// Two digits are a year from 1970 to 2069.
fn year(text: &str) -> Option<u32> {
    let year = match spelling::number(text, 0, Years::LAST)? {
        year @ ..70 => year + 2000,
        year @ ..100 => year + 1900,
        year => year,
    };
    Some(year).filter(|year| *year >= Years::FIRST)
}

fn read_time(token: &Token) -> Result<(Field, Field), ScheduleError> {
    let bad = || token.fault(Fault::Bad("time")).with_hint("times are written `HH:MM`, as `02:30`, `8..18:00` or `*:0/15`");
    let first = token.text.find(':').ok_or_else(bad)?;
    let second = token.text[first + 1..].find(':').map(|place| first + 1 + place);
    if let Some(second) = second {
        let seconds = &token.text[second + 1..];
        if seconds != "00" && seconds != "0" {
            let hint = "runs begin at whole minutes: leave the seconds out, or write `00`";
            return Err(token.fault(Fault::Bad("time to the minute")).with_hint(hint));
        }
    }
    let minute = token.part(first + 1, second.unwrap_or(token.text.len()));
    let hour = token.part(0, first);
    if hour.text.is_empty() || minute.text.is_empty() {
        return Err(bad());
    }
    Ok((read_field(HOUR, &hour)?, read_field(MINUTE, &minute)?))
}
