//! A [`Schedule`] in plain English, as `every day at 02:30 and 14:30`.

use super::{
    Schedule,
    dates::{Dates, ORDINALS},
    event::{AfterEnd, Event},
    modifiers::{CatchUp, Modifiers, show_duration},
    rule::{Form, Rule, Times},
    set::{DayMinutes, NumberSet},
    show,
};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const ORDINAL_NAMES: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "last"];

/// More times than these are told by their minutes and hours.
const LISTED_TIMES: usize = 8;

pub(super) fn words(schedule: &Schedule) -> String {
    if schedule.is_never() {
        return "never by itself".to_owned();
    }
    let events = schedule.events.iter().map(event);
    let parts: Vec<String> = schedule.rules.iter().map(rule).chain(events).collect();
    parts.join("; ") + &modifiers(&schedule.modifiers)
}

fn event(event: &Event) -> String {
    match event {
        Event::Startup => "at each start of the daemon".to_owned(),
        Event::Boot => "at the first start of the daemon after each start of the machine".to_owned(),
        Event::Resume => "whenever the machine wakes up".to_owned(),
        Event::Reload => "whenever the configuration was read again".to_owned(),
        Event::After { task, end } => match end {
            AfterEnd::Ok => format!("after `{task}` ended well"),
            AfterEnd::Fail => format!("after `{task}` failed"),
            AfterEnd::Any => format!("after `{task}` ended, well or not"),
        },
    }
}

fn modifiers(modifiers: &Modifiers) -> String {
    let mut words = String::new();
    if let Some(length) = modifiers.random {
        words += &format!(", spread over {}", show_duration(length));
    }
    match modifiers.catch_up {
        Some(CatchUp::Auto) => words += ", caught up if missed and not soon due again",
        Some(CatchUp::Yes) => words += ", always caught up if missed",
        Some(CatchUp::No) => words += ", never caught up if missed",
        Some(CatchUp::Within(age)) => words += &format!(", caught up if missed by less than {}", show_duration(age)),
        None => {}
    }
    if let Some(length) = modifiers.deadline {
        words += &format!(", not later than {} after it was due", show_duration(length));
    }
    words
}

fn rule(rule: &Rule) -> String {
    let text = match (&rule.form, &rule.times) {
        (Form::Every { minutes, window }, _) => {
            let step = match minutes {
                1 => "every minute".to_owned(),
                60 => "every hour".to_owned(),
                minutes => format!("every {}", show::step(*minutes)),
            };
            let window = window.map(|(first, last)| format!(" from {} to {}", show::time(first), show::time(last)));
            on(step + &window.unwrap_or_default(), &rule.dates)
        }
        (_, Times::Clock { fixed, wild }) => clock(&rule.dates, fixed, wild),
        (_, Times::Steps { minutes, .. }) => on(format!("every {}", show::step(*minutes)), &rule.dates),
    };
    match rule.zone {
        Some(zone) => format!("{text} ({zone})"),
        None => text,
    }
}

/// Puts dates behind what comes many times on each; that it is every date needs no words.
fn on(times: String, dates: &Dates) -> String {
    if *dates == Dates::EVERY { times } else { format!("{times}, {}", dates_words(dates)) }
}

fn clock(dates: &Dates, fixed: &DayMinutes, wild: &DayMinutes) -> String {
    let (fixed, wild) = (times(fixed, LISTED_TIMES), times(wild, 1));
    let times = and([fixed.clone(), wild].concat());
    if fixed.is_empty() || times.starts_with("every") {
        return on(times, dates);
    }
    let comma = if is_restricted(dates) { "," } else { "" };
    format!("{}{comma} {times}", dates_words(dates))
}

/// Returns what is said of minutes of the day: each by itself, or those of the same hours together.
fn times(minutes: &DayMinutes, listed: usize) -> Vec<String> {
    let all: Vec<u32> = minutes.iter().collect();
    if all.is_empty() {
        return Vec::new();
    }
    if all.len() <= listed {
        return vec![format!("at {}", and(all.into_iter().map(show::time).collect()))];
    }
    let mut groups: Vec<(NumberSet, NumberSet)> = Vec::new();
    for minute in 0..60 {
        let hours: NumberSet = (0..24).filter(|hour| minutes.contains(hour * 60 + minute)).collect();
        match groups.iter_mut().find(|(known, _)| *known == hours) {
            _ if hours.is_empty() => {}
            Some((_, minutes)) => minutes.insert(minute),
            None => groups.push((hours, NumberSet::of(minute))),
        }
    }
    groups.into_iter().map(|(hours, minutes)| hours_and_minutes(hours, minutes)).collect()
}

fn hours_and_minutes(hours: NumberSet, minutes: NumberSet) -> String {
    let of_hours = match even_step(hours, 24) {
        Some(1) => "of every hour".to_owned(),
        Some(step) if step < 24 => format!("of every {} hour", nth(step)),
        _ if hours.len() == 1 => format!("of the hour {}", and(numbers(hours))),
        _ => format!("of the hours {}", and(numbers(hours))),
    };
    match (even_step(minutes, 60), even_step(hours, 24)) {
        (Some(60), Some(1)) => "every hour".to_owned(),
        (Some(60), Some(step)) if step < 24 => format!("every {step} hours"),
        (Some(1), Some(1)) => "every minute".to_owned(),
        (Some(step), Some(1)) => format!("every {step} minutes"),
        (Some(1), _) => format!("every minute {of_hours}"),
        (Some(step), _) if step < 60 => format!("every {step} minutes {of_hours}"),
        _ if minutes.len() == 1 => format!("at minute {} {of_hours}", and(numbers(minutes))),
        _ => format!("at minutes {} {of_hours}", and(numbers(minutes))),
    }
}

/// Returns the step of a set that goes from 0 in even steps around a clock.
fn even_step(set: NumberSet, around: u32) -> Option<u32> {
    let step = around.checked_div(set.len()).filter(|step| step * set.len() == around)?;
    (set == (0..around).step_by(step as usize).collect()).then_some(step)
}

fn numbers(set: NumberSet) -> Vec<String> {
    show::ranges(set.iter(), |number| number.to_string(), " to ")
}

/// Whether the dates have a condition behind them.
fn is_restricted(dates: &Dates) -> bool {
    let is_of_month = dates.days != Dates::ALL_DAYS || !dates.last_days.is_empty() || !dates.ordinals.is_empty();
    is_of_month && (dates.weekdays != Dates::ALL_WEEKDAYS || dates.every > 1)
}

fn dates_words(dates: &Dates) -> String {
    let has_weekdays = dates.weekdays != Dates::ALL_WEEKDAYS;
    let month_days = month_days(dates);
    let ordinals = ordinals(dates);
    let months = (dates.months != Dates::ALL_MONTHS).then(|| and(months(dates.months)));
    let is_of_month = month_days.is_some() || ordinals.is_some();
    let mut words = match (month_days, ordinals) {
        (Some(days), Some(places)) => format!("on {days} if it is {places}"),
        (Some(days), None) => format!("on {days}"),
        (None, Some(places)) => format!("on {places}"),
        (None, None) if dates.every > 1 => format!("every {} days", dates.every),
        (None, None) if has_weekdays => weekdays(dates.weekdays),
        (None, None) => "every day".to_owned(),
    };
    words += &match (months, is_of_month) {
        (Some(months), true) => format!(" of {months}"),
        (Some(months), false) => format!(" in {months}"),
        (None, true) => " of each month".to_owned(),
        (None, false) => String::new(),
    };
    if let Some(years) = dates.years {
        let preposition = if dates.months == Dates::ALL_MONTHS { " in" } else { "" };
        words += &format!("{preposition} {}", and(show::ranges(years.iter(), |year| year.to_string(), " to ")));
    }
    if has_weekdays && (is_of_month || dates.every > 1) {
        words += &if dates.is_day_or_weekday {
            format!(", and {}", weekdays(dates.weekdays))
        } else {
            format!(" if it is a {}", joined(weekday_names(dates.weekdays), "or"))
        };
    }
    if dates.every > 1 && is_of_month {
        words += &format!(" if it is one of every {} days", dates.every);
    }
    words
}

fn weekdays(set: NumberSet) -> String {
    format!("every {}", and(weekday_names(set)))
}

fn weekday_names(set: NumberSet) -> Vec<String> {
    show::ranges(set.iter(), |weekday| WEEKDAYS[weekday as usize].to_owned(), " to ")
}

fn months(set: NumberSet) -> Vec<String> {
    show::ranges(set.iter(), |month| MONTHS[month as usize - 1].to_owned(), " to ")
}

fn month_days(dates: &Dates) -> Option<String> {
    if dates.last_days.is_empty() && dates.days == Dates::ALL_DAYS {
        return None;
    }
    let mut days = show::ranges(dates.days.iter(), nth, " to ");
    let last = dates.last_days;
    if last.len() > 1 && last == NumberSet::range(1, last.len()) {
        days.push(format!("last {} days", last.len()));
    } else {
        days.extend(last.iter().map(|day| if day == 1 { "last day".to_owned() } else { format!("{} last day", nth(day)) }));
    }
    Some(format!("the {}", and(days)))
}

fn nth(number: u32) -> String {
    let ending = match (number % 10, number / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn ordinals(dates: &Dates) -> Option<String> {
    let mut pairs: Vec<u32> = dates.ordinals.iter().collect();
    pairs.sort_by_key(|pair| (pair % ORDINALS, pair / ORDINALS));
    let place = |pair: u32| ORDINAL_NAMES[(pair % ORDINALS) as usize].to_owned();
    let weekday = |pair: u32| WEEKDAYS[(pair / ORDINALS) as usize];
    let first_weekday = weekday(*pairs.first()?);
    Some(if pairs.iter().all(|pair| weekday(*pair) == first_weekday) {
        format!("the {} {first_weekday}", and(pairs.into_iter().map(place).collect()))
    } else {
        format!("the {}", and(pairs.into_iter().map(|pair| format!("{} {}", place(pair), weekday(pair))).collect()))
    })
}

fn and(words: Vec<String>) -> String {
    joined(words, "and")
}

fn joined(words: Vec<String>, last_joint: &str) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {last_joint} {last}", others.join(", ")),
    }
}
