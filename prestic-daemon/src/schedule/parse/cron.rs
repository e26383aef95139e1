//! Reads cron expressions as Debian's cron does: `cron:` and five fields, five fields alone, and `@daily` and its like.

use super::{
    super::{
        dates::Dates,
        error::{Fault, ScheduleError},
        rule::{Field, Form, Rule},
        set::NumberSet,
        spelling,
    },
    Whole,
    fields::FieldKind,
    tokens::{self, Token},
};

/// Names of cron expressions.
const NAMED: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Sunday is 0, and 7 too.
const WEEKDAY: FieldKind = FieldKind { name: "day of the week", first: 0, last: 7, named: weekday, range: "-" };

fn weekday(word: &str) -> Option<u32> {
    spelling::weekday(word).map(|weekday| (weekday + 1) % 7)
}

/// Reads five fields.
pub(super) fn read(tokens: &[Token], whole: &Whole) -> Result<Rule, ScheduleError> {
    if let [name] = tokens
        && let Some(rule) = read_named(name, whole)?
    {
        return Ok(rule);
    }
    let [minute, hour, day, month, weekday] = tokens else {
        let hint =
            "write minute, hour, day, month and day of the week, as `cron:30 2 * * 1-5`; there are no seconds and no years";
        return Err(whole.fault(Fault::NotFiveFields(tokens.len())).with_hint(hint));
    };
    for token in tokens {
        refuse_extensions(token)?;
    }
    let begins_with_asterisk = |field: Field, token: &Token| Field { has_asterisk: token.text.starts_with('*'), ..field };
    let minute = FieldKind::MINUTE.read(minute)?;
    let hour = FieldKind::HOUR.read(hour)?;
    let day = begins_with_asterisk(FieldKind::DAY.read(day)?, day);
    let month = begins_with_asterisk(FieldKind::MONTH.read(month)?, month);
    let weekday = begins_with_asterisk(read_weekdays(weekday)?, weekday);
    let dates = Dates {
        months: month.numbers,
        days: day.numbers,
        weekdays: weekday.numbers.iter().map(|weekday| (weekday + 6) % 7).collect(),
        is_day_or_weekday: !day.has_asterisk && !weekday.has_asterisk,
        ..Dates::EVERY
    };
    Ok(Rule { zone: None, dates, times: Field::times(hour, minute), form: Form::Cron { minute, hour, day, month, weekday } })
}

/// Reads a cron expression that is not marked as one; none if the words are of another kind.
pub(super) fn read_unmarked(tokens: &[Token], whole: &Whole) -> Result<Option<Rule>, ScheduleError> {
    match tokens {
        [name] if name.text.starts_with('@') => read_named(name, whole),
        [minute, hour, day, _, _] if [minute, hour, day].into_iter().all(is_numeric) && !tokens.iter().any(is_time) => {
            read(tokens, whole).map(Some)
        }
        _ => match tokens.iter().find(|token| NAMED.iter().any(|(name, _)| token.is(name))) {
            Some(name) => {
                let hint = "leave the `@` out, and put the words together as you like";
                Err(name.fault(Fault::NotWith("other words".to_owned())).with_hint(hint))
            }
            None => Ok(None),
        },
    }
}

fn read_named(name: &Token, whole: &Whole) -> Result<Option<Rule>, ScheduleError> {
    let Some((_, fields)) = NAMED.into_iter().find(|(known, _)| name.is(known)) else { return Ok(None) };
    let fields = tokens::expressions(fields)?.concat();
    read(&fields, whole).map(Some)
}

fn is_numeric(token: &Token) -> bool {
    let letters = |letter: char| letter.is_ascii_digit() || "*/,-?LW".contains(letter);
    !token.is_quoted
        && token.text.starts_with(|first: char| first.is_ascii_digit() || "*?L".contains(first))
        && token.text.chars().all(letters)
        && !token.text.ends_with(',')
}

fn is_time(token: &Token) -> bool {
    token.text.contains(':')
}

/// 7 is Sunday too, and so `fri-sun` is a range.
fn read_weekdays(token: &Token) -> Result<Field, ScheduleError> {
    let is_to_sunday = |(item, _): &(String, Token)| item.split_once('-').is_some_and(|(_, last)| weekday(last) == Some(0));
    let field = if super::fields::items(token).iter().any(is_to_sunday) {
        let numbered: Vec<String> = token.word.split(',').map(to_sunday).collect();
        WEEKDAY.read(&Token { text: numbered.join(","), ..token.clone() }).map_err(|error| error.moved_to(token.column))?
    } else {
        WEEKDAY.read(token)?
    };
    let sunday = if field.numbers.contains(7) { NumberSet::of(0) } else { NumberSet::EMPTY };
    Ok(Field { numbers: field.numbers.union(sunday).intersection(NumberSet::range(0, 6)), ..field })
}

fn to_sunday(item: &str) -> String {
    match item.split_once('-') {
        Some((first, last)) if weekday(last) == Some(0) => format!("{first}-7"),
        _ => item.to_owned(),
    }
}

/// Tells what to write for what other crons know and this one does not.
fn refuse_extensions(token: &Token) -> Result<(), ScheduleError> {
    let word = token.word.as_str();
    let error = token.fault(Fault::Unknown("field of cron"));
    let weekday_of = |digits: &str| {
        spelling::number(digits, 0, 7)
            .map(|day| spelling::weekday_name((day + 6) % 7))
            .or(weekday(digits).map(|day| spelling::weekday_name((day + 6) % 7)))
    };
    let hint = if word == "l" {
        "write it in words: `last day at 02:30`".to_owned()
    } else if let Some(day) = word.strip_suffix('l').and_then(weekday_of) {
        format!("write it in words: `last {day} at 02:30`")
    } else if let Some((day, place)) = word.split_once('#') {
        let ordinal = spelling::number(place, 1, 5).map(|place| spelling::ordinal_name(place - 1));
        format!("write it in words: `{} {} at 02:30`", ordinal.unwrap_or("first"), weekday_of(day).unwrap_or("mon"))
    } else if word.strip_suffix('w').is_some_and(|day| spelling::number(day, 1, 31).is_some()) {
        "there is no word for the nearest weekday: name the days, as `first mon`, or the date, as `day 15`".to_owned()
    } else if word == "?" {
        "write `*`".to_owned()
    } else {
        return Ok(());
    };
    Err(error.with_hint(hint))
}
