//! Makes random schedules of every form, mostly around the hours at which clocks are changed.

use std::collections::BTreeSet;

use crate::{
    form::{DateCondition, Expression, Form, MINUTES_A_DAY},
    random::Random,
    zones::ZONES,
};

const WEEKDAYS: [[&str; 3]; 7] = [
    ["mon", "monday", "Mondays"],
    ["tue", "tues", "Tuesday"],
    ["wed", "WED", "wednesday"],
    ["thu", "thurs", "thursday"],
    ["fri", "Fri", "friday"],
    ["sat", "saturday", "Saturdays"],
    ["sun", "Sunday", "sun"],
];
const MONTHS: [[&str; 2]; 12] = [
    ["jan", "January"],
    ["feb", "february"],
    ["mar", "March"],
    ["apr", "april"],
    ["may", "May"],
    ["jun", "june"],
    ["jul", "july"],
    ["aug", "August"],
    ["sep", "september"],
    ["oct", "October"],
    ["nov", "november"],
    ["dec", "December"],
];
const ORDINALS: [[&str; 2]; 5] = [["first", "1st"], ["second", "2nd"], ["third", "3rd"], ["fourth", "4th"], ["fifth", "5th"]];

/// Makes a schedule of one expression, or of a few.
pub(crate) fn form(random: &mut Random) -> Form {
    let count = if random.once_in(5) { random.between(2, 3) } else { 1 };
    let expressions: Vec<Expression> = (0..count).map(|_| expression(random)).collect();
    let texts: Vec<&str> = expressions.iter().map(|expression| expression.text.as_str()).collect();
    Form { text: texts.join(random.one_of(&["; ", ";", "\n"])), expressions }
}

fn expression(random: &mut Random) -> Expression {
    let mut made = match random.below(10) {
        0 | 1 => every(random),
        2 | 3 => cron(random),
        4 => calendar(random),
        _ => words(random),
    };
    if random.once_in(8) {
        let zone = random.one_of(&ZONES);
        made.text = format!("in {zone} {}", made.text);
        made.zone = Some(zone);
    }
    made
}

/// Makes a schedule in words.
fn words(random: &mut Random) -> Expression {
    let (mut parts, mut dates) = (Vec::new(), Vec::new());
    let is_daily = random.once_in(4);
    if is_daily {
        parts.push(random.one_of(&["daily", "Daily", ""]).to_string());
    } else {
        let (text, conditions, takes_months) = days(random);
        parts.push(text);
        dates.extend(conditions);
        if takes_months && random.once_in(4) {
            let (text, months) = months(random);
            parts.push(text);
            dates.push(DateCondition::Months(months));
        }
    }
    let mut made = Expression { dates, ..Expression::default() };
    if is_daily || !random.once_in(5) {
        let at = random.one_of(&["at ", "", "AT "]);
        let times = times(random, &mut made);
        let position = if random.once_in(4) { 0 } else { parts.len() };
        parts.insert(position, format!("{at}{times}"));
    } else if random.once_in(4) {
        parts.insert(0, "hourly".to_owned());
        if parts[1].contains("ly") {
            // Two periods contradict each other.
            parts.truncate(1);
            made.dates.clear();
        }
        made.wild.extend((0..24).map(|hour| hour * 60));
    } else {
        made.fixed.insert(0);
    }
    parts.retain(|part| !part.is_empty());
    made.text = parts.join(" ");
    made
}

/// Makes the days of a schedule in words, and says whether months can stand with them.
fn days(random: &mut Random) -> (String, Vec<DateCondition>, bool) {
    let weekday = |random: &mut Random, number: u32| random.one_of(&WEEKDAYS[number as usize]).to_owned();
    match random.below(12) {
        0 => ("weekly".to_owned(), vec![DateCondition::Weekdays(vec![0])], true),
        1 => ("monthly".to_owned(), vec![DateCondition::Numbers(vec![1])], false),
        2 => {
            let conditions = vec![DateCondition::Months(vec![1, 4, 7, 10]), DateCondition::Numbers(vec![1])];
            ("quarterly".to_owned(), conditions, false)
        }
        3 => {
            let conditions = vec![DateCondition::Months(vec![1]), DateCondition::Numbers(vec![1])];
            (random.one_of(&["yearly", "annually"]).to_owned(), conditions, false)
        }
        4 => ("weekdays".to_owned(), vec![DateCondition::Weekdays(vec![0, 1, 2, 3, 4])], true),
        5 => ("weekends".to_owned(), vec![DateCondition::Weekdays(vec![5, 6])], true),
        6 => {
            let (first, last) = (random.below(7), random.below(7));
            let text = format!("{}{}{}", weekday(random, first), random.one_of(&["-", ".."]), weekday(random, last));
            let numbers = (0..=(last + 7 - first) % 7).map(|step| (first + step) % 7).collect();
            (text, vec![DateCondition::Weekdays(numbers)], true)
        }
        7 => {
            let (nth, number) = (random.below(6), random.below(7));
            let name = weekday(random, number);
            match nth {
                5 => (format!("last {name}"), vec![DateCondition::LastWeekday(number)], true),
                _ => {
                    let text = format!("{} {name}", random.one_of(&ORDINALS[nth as usize]));
                    (text, vec![DateCondition::Nth(nth + 1, number)], true)
                }
            }
        }
        8 => {
            let numbers = random.some_between(1, 31, 4);
            let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
            (format!("day {}", texts.join(",")), vec![DateCondition::Numbers(numbers)], false)
        }
        9 => {
            let first = random.between(1, 28);
            let last = random.between(first, 31);
            (format!("{first}..{last}"), vec![DateCondition::Numbers((first..=last).collect())], true)
        }
        10 => match random.below(3) {
            0 => ("last day".to_owned(), vec![DateCondition::LastDays(1)], true),
            1 => {
                let count = random.between(2, 9);
                (format!("last {count} days"), vec![DateCondition::LastDays(count)], true)
            }
            _ => {
                let number = random.between(1, 9);
                (format!("day -{number}"), vec![DateCondition::FromEnd(number)], true)
            }
        },
        _ => {
            let numbers = random.some_between(0, 6, 4);
            let names: Vec<String> = numbers.iter().map(|number| weekday(random, *number)).collect();
            let text = names.join(random.one_of(&[",", " ", ", "]));
            (format!("{}{text}", random.one_of(&["", "", "weekly "])), vec![DateCondition::Weekdays(numbers)], true)
        }
    }
}

fn months(random: &mut Random) -> (String, Vec<u32>) {
    let name = |random: &mut Random, month: u32| random.one_of(&MONTHS[month as usize - 1]);
    if random.once_in(2) {
        let first = random.between(1, 12);
        let last = random.between(first, 12);
        (format!("{}{}{}", name(random, first), random.one_of(&["-", ".."]), name(random, last)), (first..=last).collect())
    } else {
        let months = random.some_between(1, 12, 4);
        let names: Vec<&str> = months.iter().map(|month| name(random, *month)).collect();
        (names.join(random.one_of(&[",", " "])), months)
    }
}

/// Makes one to three times, puts their minutes into an expression, and returns their text.
fn times(random: &mut Random, made: &mut Expression) -> String {
    let texts: Vec<String> = (0..random.between(1, 3))
        .map(|_| {
            let (hour, minute) = (likely_hour(random), likely_minute(random));
            match random.below(10) {
                0 | 1 => {
                    made.wild.extend((0..24).map(|hour| hour * 60 + minute));
                    format!("*:{minute:02}")
                }
                2 => {
                    let step = random.between(1, 23);
                    made.wild.extend((0..24).step_by(step as usize).map(|hour| hour * 60 + minute));
                    format!("*/{step}:{minute:02}")
                }
                3 => {
                    let last = random.between(hour, 23);
                    made.fixed.extend((hour..=last).map(|hour| hour * 60 + minute));
                    format!("{hour:02}..{last:02}:{minute:02}")
                }
                4 if random.once_in(3) => {
                    made.fixed.insert(12 * 60);
                    "noon".to_owned()
                }
                5 if random.once_in(3) => {
                    made.fixed.insert(0);
                    "midnight".to_owned()
                }
                6 => {
                    made.fixed.insert(hour * 60 + minute);
                    format!("{hour}:{minute:02}")
                }
                _ => {
                    made.fixed.insert(hour * 60 + minute);
                    format!("{hour:02}:{minute:02}")
                }
            }
        })
        .collect();
    texts.join(random.one_of(&[" ", ",", ", "]))
}

/// Makes `every`, aligned to the day: what is not counts from where the question begins, and is tested by itself.
fn every(random: &mut Random) -> Expression {
    let mut made = Expression::default();
    if random.once_in(4) {
        let count = random.between(1, 9);
        made.text = format!("every {count} days");
        made.dates.push(DateCondition::EveryDays(count));
        if random.once_in(2) {
            let times = times(random, &mut made);
            made.text += &format!(" at {times}");
        } else {
            made.fixed.insert(0);
        }
        return made;
    }
    let (count, step) = if random.once_in(2) {
        let minutes = random.one_of(&[1, 5, 10, 12, 15, 20, 30]);
        (format!("{minutes} {}", random.one_of(&["minutes", "min", "m"])), minutes)
    } else {
        let hours = random.one_of(&[1, 2, 3, 4, 6, 8, 12]);
        (format!("{hours} {}", random.one_of(&["hours", "h"])), hours * 60)
    };
    made.text = format!("every {count}");
    let mut minutes: BTreeSet<u32> = (0..MINUTES_A_DAY).step_by(step as usize).collect();
    if random.once_in(2) {
        let first = likely_hour(random) * 60 + likely_minute(random);
        // Up to a minute before: it goes over midnight then.
        let last = (first + random.between(1, MINUTES_A_DAY - 1)) % MINUTES_A_DAY;
        made.text += &format!(" from {:02}:{:02} to {:02}:{:02}", first / 60, first % 60, last / 60, last % 60);
        minutes.retain(
            |minute| {
                if first < last { (first..=last).contains(minute) } else { *minute >= first || *minute <= last }
            },
        );
        if minutes.is_empty() {
            // It never comes, which is an error.
            return every(random);
        }
    }
    if random.once_in(3) {
        let (text, numbers) = random.one_of(&[("weekdays", [0, 1, 2, 3, 4].as_slice()), ("sat", &[5]), ("sun,mon", &[6, 0])]);
        made.text += &format!(" {text}");
        made.dates.push(DateCondition::Weekdays(numbers.to_vec()));
    }
    made.wild = minutes;
    made
}

/// Makes a line of cron.
pub(crate) fn cron(random: &mut Random) -> Expression {
    let mut made = Expression::default();
    let (minute_text, minutes) = cron_field(random, 0, 59, likely_minute);
    let (hour_text, hours) = cron_field(random, 0, 23, likely_hour);
    let (number_text, numbers) =
        if random.once_in(2) { star(1, 31) } else { cron_field(random, 1, 31, |random| random.between(1, 31)) };
    let (month_text, months) =
        if random.once_in(2) { star(1, 12) } else { cron_field(random, 1, 12, |random| random.between(1, 12)) };
    let (weekday_text, weekdays) =
        if random.once_in(2) { star(0, 6) } else { cron_field(random, 0, 6, |random| random.below(7)) };
    made.text = format!("cron: {minute_text} {hour_text} {number_text} {month_text} {weekday_text}");
    // There Sunday is 0.
    let weekdays: Vec<u32> = weekdays.into_iter().map(|weekday| (weekday + 6) % 7).collect();
    // Two fields without a star are an exception in cron: one of them is enough.
    if number_text.starts_with('*') || weekday_text.starts_with('*') {
        made.dates.extend([DateCondition::Numbers(numbers), DateCondition::Weekdays(weekdays)]);
    } else {
        made.dates.push(DateCondition::NumbersOrWeekdays(numbers, weekdays));
    }
    if made.dates.len() == 2 && months.iter().all(|month| is_without_day(*month, &made.dates[0])) {
        return cron(random);
    }
    made.dates.push(DateCondition::Months(months));
    let all = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute)).collect();
    if minute_text.contains('*') || hour_text.contains('*') {
        made.wild = all;
    } else {
        made.fixed = all;
    }
    made
}

/// Whether a month never has such days, so that the schedule would be an error.
fn is_without_day(month: u32, condition: &DateCondition) -> bool {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    matches!(condition, DateCondition::Numbers(numbers) if numbers.iter().all(|number| *number > days))
}

fn star(first: u32, last: u32) -> (String, Vec<u32>) {
    ("*".to_owned(), (first..=last).collect())
}

/// Makes a field of a cron line: a number, a list, a range, all of them, each with steps or without.
fn cron_field(random: &mut Random, first: u32, last: u32, likely: impl Fn(&mut Random) -> u32) -> (String, Vec<u32>) {
    match random.below(8) {
        0 => star(first, last),
        1 => {
            let step = random.between(2, last / 2 + 1);
            (format!("*/{step}"), (first..=last).step_by(step as usize).collect())
        }
        2 => {
            let from = likely(random);
            let to = random.between(from, last);
            (format!("{from}-{to}"), (from..=to).collect())
        }
        3 => {
            // cronsim takes a range of one number with steps for one without an end.
            let from = likely(random).min(last - 1);
            let to = random.between(from + 1, last);
            let step = random.between(2, 7);
            (format!("{from}-{to}/{step}"), (from..=to).step_by(step as usize).collect())
        }
        4 => {
            let numbers: BTreeSet<u32> = (0..random.between(2, 4)).map(|_| likely(random)).collect();
            let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
            (texts.join(","), numbers.into_iter().collect())
        }
        _ => {
            let number = likely(random);
            (number.to_string(), vec![number])
        }
    }
}

/// Makes an expression of systemd's calendar.
fn calendar(random: &mut Random) -> Expression {
    let mut made = Expression::default();
    let mut text = String::new();
    if random.once_in(3) {
        let number = random.below(7);
        let name = WEEKDAYS[number as usize][0];
        text += &format!("{}{} ", name[..1].to_uppercase(), &name[1..]);
        made.dates.push(DateCondition::Weekdays(vec![number]));
    }
    match random.below(4) {
        0 => {
            let day = random.between(1, 28);
            text += &format!("*-*-{day:02} ");
            made.dates.push(DateCondition::Numbers(vec![day]));
        }
        1 => {
            let number = random.between(1, 7);
            text += &format!("*-*~{number:02} ");
            made.dates.push(DateCondition::FromEnd(number));
        }
        _ => text += "*-*-* ",
    }
    let minute = likely_minute(random);
    if random.once_in(3) {
        text += &format!("*:{minute:02}");
        made.wild.extend((0..24).map(|hour| hour * 60 + minute));
    } else {
        let hour = likely_hour(random);
        text += &format!("{hour:02}:{minute:02}");
        made.fixed.insert(hour * 60 + minute);
    }
    made.text = format!("calendar: {text}{}", random.one_of(&["", ":00"]));
    made
}

/// Makes an hour, mostly one at which clocks are changed somewhere.
pub(crate) fn likely_hour(random: &mut Random) -> u32 {
    if random.once_in(4) { random.below(24) } else { random.one_of(&[0, 0, 1, 1, 2, 2, 2, 3, 3, 23]) }
}

/// Makes a minute, mostly a full or a half hour or close to one.
pub(crate) fn likely_minute(random: &mut Random) -> u32 {
    if random.once_in(4) { random.below(60) } else { random.one_of(&[0, 0, 1, 15, 29, 30, 30, 31, 45, 59]) }
}
