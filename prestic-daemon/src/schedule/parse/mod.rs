//! From the text to a [`Schedule`].

mod calendar;
mod cron;
mod days;
mod event;
mod every;
mod fields;
mod modifiers;
mod times;
mod tokens;
mod words;

use chrono::NaiveDate;

use self::{modifiers::ModifierWords, tokens::Token};
use super::{
    Schedule,
    error::{Fault, ScheduleError},
    event::Event,
    next::SEARCHED_YEARS,
    rule::Rule,
    set::Years,
    spelling::{self, OFF},
    zone::Zone,
};

/// Dates are looked for from here on, a leap year, when it is to be told whether there are any.
const SEARCHED_FROM: i32 = 2000;

/// What one expression says.
enum Expression {
    Rule(Rule),
    Event(Event),
}

pub(super) fn parse(text: &str) -> Result<Schedule, ScheduleError> {
    let mut schedule = Schedule::default();
    if text.trim().is_empty() {
        return Ok(schedule);
    }
    let mut modifiers = ModifierWords::default();
    let mut expressions = Vec::new();
    for tokens in tokens::expressions(text)? {
        expressions.push(modifiers.take_from(tokens)?);
    }
    expressions.retain(|tokens| tokens.iter().any(|token| token.is_quoted || !token.text.bytes().all(|letter| letter == b',')));
    schedule.modifiers = modifiers.read();
    if let Some(off) = expressions.iter().find_map(|tokens| switch_off(tokens)) {
        let is_alone = expressions.iter().flatten().count() == 1 && schedule == Schedule::default();
        let error = || off.fault(Fault::NotWith("other words".to_owned()));
        return if is_alone {
            Ok(schedule)
        } else {
            Err(error().with_hint(format!("leave out `{}`, or everything else", off.text)))
        };
    }
    for tokens in expressions {
        match expression(tokens)? {
            Expression::Rule(rule) => schedule.rules.push(rule),
            Expression::Event(event) => schedule.events.push(event),
        }
    }
    if schedule.is_never() {
        return Err(ScheduleError::alone("", Fault::NoWords).with_hint("write `off` for a task that only runs when asked to"));
    }
    // A daemon keeps thousands of them, most with one rule.
    schedule.rules.shrink_to_fit();
    schedule.events.shrink_to_fit();
    Ok(schedule)
}

/// Finds the word that switches a schedule off.
fn switch_off(tokens: &[Token]) -> Option<&Token> {
    let is_off = |place: &usize| OFF.iter().any(|off| tokens[*place].is(off)) && !is_task(tokens, *place);
    (0..tokens.len()).find(is_off).map(|place| &tokens[place])
}

fn expression(mut tokens: Vec<Token>) -> Result<Expression, ScheduleError> {
    let zone = take_zone(&mut tokens)?;
    let whole = Whole::of(&tokens);
    let Some(first) = tokens.first() else {
        return Err(ScheduleError::alone("", Fault::NoWords).with_hint("write when, as `in Europe/Berlin daily at 02:30`"));
    };
    if let Some(event) = event::read(&tokens)? {
        return match zone {
            Some((_, name)) => Err(name
                .fault(Fault::NotWith(format!("`{}`", first.text)))
                .with_hint("leave out the time zone: an event has none")),
            None => Ok(Expression::Event(event)),
        };
    }
    let mut rule = match form_of(first) {
        Some(("cron:", rest)) => cron::read(&after_prefix(rest, &tokens), &whole)?,
        Some((_, rest)) => calendar::read(&after_prefix(rest, &tokens), &whole)?,
        None => match cron::read_unmarked(&tokens, &whole)? {
            Some(rule) => rule,
            None => words::read(&tokens, &whole)?,
        },
    };
    match (zone, rule.zone) {
        (Some((zone, name)), Some(other)) if zone != other => {
            return Err(name.fault(Fault::Contradicts(other.to_string())).with_hint("keep one time zone"));
        }
        (Some((zone, _)), _) => rule.zone = Some(zone),
        (None, _) => {}
    }
    if comes(&rule) { Ok(Expression::Rule(rule)) } else { Err(never_comes(&rule, &whole)) }
}

/// Returns the prefix that says which form follows, and what stands behind it without a blank.
fn form_of(first: &Token) -> Option<(&'static str, Token)> {
    let prefix = ["cron:", "calendar:"].into_iter().find(|prefix| first.word.starts_with(prefix))?;
    (!first.is_quoted).then(|| (prefix, first.part(prefix.len(), first.text.len())))
}

fn after_prefix(rest: Token, tokens: &[Token]) -> Vec<Token> {
    let rest = (!rest.text.is_empty()).then_some(rest);
    rest.into_iter().chain(tokens[1..].iter().cloned()).collect()
}

/// Takes `in ZONE` out of the words.
fn take_zone(tokens: &mut Vec<Token>) -> Result<Option<(Zone, Token)>, ScheduleError> {
    let mut found: Option<(Zone, Token)> = None;
    while let Some(place) = tokens.iter().position(|token| token.is("in")).filter(|place| !is_task(tokens, *place)) {
        let word = tokens.remove(place);
        if place == tokens.len() {
            return Err(word.fault(Fault::Missing("time zone")).with_hint("write it as `in Europe/Berlin`"));
        }
        let name = tokens.remove(place);
        let name = name.part(0, name.text.trim_end_matches(',').len());
        let zone = Zone::parse(&name.text).map_err(|error| error.moved_to(name.column))?;
        match found {
            Some((first, _)) if first != zone => {
                return Err(name.fault(Fault::Contradicts(first.to_string())).with_hint("keep one time zone"));
            }
            _ => found = Some((zone, name)),
        }
    }
    Ok(found)
}

/// Whether a word is the name of a task, which can be any word.
fn is_task(tokens: &[Token], place: usize) -> bool {
    place.checked_sub(1).is_some_and(|before| tokens[before].is("after"))
}

/// An expression without its modifiers, for errors about all of it.
struct Whole {
    text: String,
    column: usize,
}

impl Whole {
    fn of(tokens: &[Token]) -> Self {
        let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        Self { text: words.join(" "), column: tokens.first().map_or(1, |token| token.column) }
    }

    fn fault(&self, fault: Fault) -> ScheduleError {
        ScheduleError::at(&self.text, self.column, fault)
    }
}

/// Whether a rule has a date in the decades that are searched, and a time on it.
fn comes(rule: &Rule) -> bool {
    let years = if rule.dates.years.is_some() {
        (Years::FIRST.cast_signed(), Years::LAST.cast_signed())
    } else {
        (SEARCHED_FROM, SEARCHED_FROM + SEARCHED_YEARS)
    };
    let from = NaiveDate::from_ymd_opt(years.0, 1, 1);
    !rule.times.is_empty() && from.is_some_and(|from| rule.dates.next(from, years.1).is_some())
}

fn never_comes(rule: &Rule, whole: &Whole) -> ScheduleError {
    let error = whole.fault(Fault::NeverComes);
    let is_late_day = rule.dates.days.first().is_some_and(|day| day > 28) && rule.dates.weekdays == super::Dates::ALL_WEEKDAYS;
    if rule.dates.every.is_multiple_of(7) {
        return error.with_hint("steps of whole weeks are Thursdays, counted since 1970: name no other day of the week");
    }
    match rule.dates.months.first() {
        Some(month) if is_late_day && rule.dates.last_days.is_empty() => {
            error.with_hint(format!("write `last day {}` for the end of the month", spelling::month_name(month)))
        }
        _ => error.with_hint("the words together leave no date or no time: each of them must agree"),
    }
}
