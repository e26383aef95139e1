//! From a [`Schedule`] back to a text: one spelling for each, which reads back as the same schedule.

use std::fmt;

use super::{
    Schedule,
    dates::{Dates, ORDINALS},
    event::{AfterEnd, Event},
    rule::{Field, Form, Rule, Times},
    set::{DayMinutes, NumberSet, Years},
    spelling,
};

/// From so many numbers on a range is shorter than a list.
const SHORTEST_RANGE: usize = 3;

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            return f.write_str("off");
        }
        let rules = self.rules.iter().map(Rule::to_string);
        let parts: Vec<String> = rules.chain(self.events.iter().map(Event::to_string)).collect();
        write!(f, "{}{}", parts.join("; "), self.modifiers)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Startup => f.write_str("@startup"),
            Self::Boot => f.write_str("@boot"),
            Self::Resume => f.write_str("@resume"),
            Self::Reload => f.write_str("@reload"),
            Self::After { task, end } => {
                write!(f, "after {}", quoted(task))?;
                match end {
                    AfterEnd::Ok => Ok(()),
                    AfterEnd::Fail => f.write_str(" fail"),
                    AfterEnd::Any => f.write_str(" any"),
                }
            }
        }
    }
}

/// Puts a name between quotation marks where it would not read back as one word without.
fn quoted(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./@+:".contains(letter);
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(zone) = self.zone {
            write!(f, "in {zone} ")?;
        }
        match &self.form {
            Form::Words => f.write_str(&words(&self.dates, &self.times)),
            Form::Every { minutes, window } => {
                write!(f, "every {}", step(*minutes))?;
                if let Some((first, last)) = window {
                    write!(f, " from {} to {}", time(*first), time(*last))?;
                }
                date_words(&self.dates).iter().try_for_each(|word| write!(f, " {word}"))
            }
            Form::Cron { minute, hour, day, month, weekday } => {
                let fields = [(minute, 0, 59), (hour, 0, 23), (day, 1, 31), (month, 1, 12), (weekday, 0, 6)];
                let fields = fields.map(|(field, first, last)| cron_field(*field, first, last));
                write!(f, "cron:{}", fields.join(" "))
            }
            Form::Calendar { hour, minute } => {
                write!(f, "calendar:{} {}:{}", calendar_date(&self.dates), calendar_field(*hour), calendar_field(*minute))
            }
        }
    }
}

/// Returns a length of minutes in its largest unit of hours or minutes.
pub(super) fn step(minutes: u32) -> String {
    let (number, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Returns a minute of the day as a time.
pub(super) fn time(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn words(dates: &Dates, times: &Times) -> String {
    let Times::Clock { fixed, wild } = times else { return String::new() };
    let mut words = date_words(dates);
    if fixed.is_empty() && *wild == DayMinutes::of(DayMinutes::ALL_HOURS, NumberSet::of(0)) {
        words.insert(0, "hourly".to_owned());
        return words.join(" ");
    }
    if words.is_empty() {
        words.push("daily".to_owned());
    }
    let times: Vec<String> = fixed_times(fixed).into_iter().chain(wild_times(wild)).collect();
    format!("{} at {}", words.join(" "), times.join(", "))
}

/// Returns words for what a set of dates leaves out; none for every date.
fn date_words(dates: &Dates) -> Vec<String> {
    let mut words = Vec::new();
    if dates.every > 1 {
        words.push(format!("every {} days", dates.every));
    }
    let is_first = dates.days == NumberSet::of(1) && dates.last_days.is_empty();
    if is_first && (Dates { days: Dates::ALL_DAYS, ..*dates }) == Dates::EVERY {
        words.push("monthly".to_owned());
        return words;
    }
    if dates.months != Dates::ALL_MONTHS {
        words.push(ranges(dates.months.iter(), |month| spelling::month_name(month).to_owned(), "..").join(", "));
    }
    words.extend(month_days(dates));
    if dates.weekdays != Dates::ALL_WEEKDAYS {
        words.push(ranges(dates.weekdays.iter(), |weekday| spelling::weekday_name(weekday).to_owned(), "..").join(", "));
    }
    if !dates.ordinals.is_empty() {
        let name =
            |pair: u32| format!("{} {}", spelling::ordinal_name(pair % ORDINALS), spelling::weekday_name(pair / ORDINALS));
        words.push(dates.ordinals.iter().map(name).collect::<Vec<_>>().join(", "));
    }
    words
}

fn month_days(dates: &Dates) -> Option<String> {
    let last = dates.last_days;
    if last.is_empty() && dates.days == Dates::ALL_DAYS {
        return None;
    }
    let is_all_to_last = last.contains(1) && last == NumberSet::range(1, last.len());
    match last.len() {
        1 if is_all_to_last && dates.days.is_empty() => return Some("last day".to_owned()),
        days @ 2.. if is_all_to_last && dates.days.is_empty() => return Some(format!("last {days} days")),
        _ => {}
    }
    let days = ranges(dates.days.iter(), |day| day.to_string(), "..");
    let mut from_end: Vec<u32> = last.iter().collect();
    from_end.reverse();
    // Numbers that go up, so that ranges are found.
    let last = ranges(from_end.into_iter().map(|day| 32 - day), |day| format!("-{}", 32 - day), "..");
    Some(format!("day {}", [days, last].concat().join(", ")))
}

/// Returns times of single hours, and of ranges of hours.
fn fixed_times(fixed: &DayMinutes) -> Vec<String> {
    let mut rest: Vec<u32> = fixed.iter().collect();
    let mut times = Vec::new();
    while let Some(first) = rest.first().copied() {
        let run: Vec<u32> = (0..).map(|hour| first + hour * 60).take_while(|minute| rest.contains(minute)).collect();
        match run.last() {
            Some(last) if run.len() >= SHORTEST_RANGE => {
                times.push(format!("{:02}..{}", first / 60, time(*last)));
                rest.retain(|minute| !run.contains(minute));
            }
            _ => times.push(time(rest.remove(0))),
        }
    }
    times
}

/// Takes minutes of hours apart into those of every so many hours, which is how they were put together.
fn wild_times(wild: &DayMinutes) -> Vec<String> {
    let mut times = Vec::new();
    for minute in 0..60 {
        let hours: NumberSet = DayMinutes::ALL_HOURS.iter().filter(|hour| wild.contains(hour * 60 + minute)).collect();
        times.extend(multiples(hours, 0, 23).0.into_iter().map(|step| match step {
            1 => format!("*:{minute:02}"),
            _ => format!("*/{step}:{minute:02}"),
        }));
    }
    times
}

/// Finds steps from the first number on that cover as much of a set as such steps can, and what is left.
fn multiples(set: NumberSet, first: u32, last: u32) -> (Vec<u32>, NumberSet) {
    let mut covered = NumberSet::EMPTY;
    let mut steps = Vec::new();
    for step in 1..=last - first + 1 {
        let numbers: NumberSet = (first..=last).step_by(step as usize).collect();
        if set.contains_all(numbers) && !covered.contains_all(numbers) {
            covered = covered.union(numbers);
            steps.push(step);
        }
    }
    (steps, set.iter().filter(|number| !covered.contains(*number)).collect())
}

fn cron_field(field: Field, first: u32, last: u32) -> String {
    let (steps, rest) = if field.has_asterisk { multiples(field.numbers, first, last) } else { (Vec::new(), field.numbers) };
    let steps = steps.into_iter().map(|step| if step == 1 { "*".to_owned() } else { format!("*/{step}") });
    steps.chain(ranges(rest.iter(), |number| number.to_string(), "-")).collect::<Vec<_>>().join(",")
}

fn calendar_field(field: Field) -> String {
    if field.has_asterisk { "*".to_owned() } else { two_digits(field.numbers) }
}

fn two_digits(numbers: NumberSet) -> String {
    ranges(numbers.iter(), |number| format!("{number:02}"), "..").join(",")
}

fn calendar_date(dates: &Dates) -> String {
    let weekdays = match dates.weekdays {
        Dates::ALL_WEEKDAYS => String::new(),
        weekdays => ranges(weekdays.iter(), |weekday| spelling::weekday_name(weekday).to_owned(), "..").join(",") + " ",
    };
    let years =
        dates.years.map_or("*".to_owned(), |years: Years| ranges(years.iter(), |year| year.to_string(), "..").join(","));
    let months = if dates.months == Dates::ALL_MONTHS { "*".to_owned() } else { two_digits(dates.months) };
    let days = match (dates.days, dates.last_days) {
        (Dates::ALL_DAYS, _) => "-*".to_owned(),
        (NumberSet::EMPTY, last_days) => format!("~{}", two_digits(last_days)),
        (days, _) => format!("-{}", two_digits(days)),
    };
    format!("{weekdays}{years}-{months}{days}")
}

/// Returns names of numbers that go up, of three or more in a row only those of the ends.
pub(super) fn ranges(numbers: impl Iterator<Item = u32>, name: impl Fn(u32) -> String, range: &str) -> Vec<String> {
    let numbers: Vec<u32> = numbers.collect();
    let runs = numbers.chunk_by(|earlier, later| earlier + 1 == *later);
    let show = |run: &[u32]| match run {
        [first, .., last] if run.len() >= SHORTEST_RANGE => vec![format!("{}{range}{}", name(*first), name(*last))],
        _ => run.iter().map(|number| name(*number)).collect(),
    };
    runs.flat_map(show).collect()
}
