//! An explanation as text: a layout that needs no color, with a line for each time.

use chrono::TimeDelta;

use super::Explanation;

const MINUTES_A_DAY: i64 = 24 * 60;

/// Returns an explanation as text.
pub fn readable(explanation: &Explanation) -> String {
    let Explanation { canonical, words, timezone, next, from } = explanation;
    let mut text = format!("Schedule   {canonical}\nMeaning    {words}\nTime zone  {timezone}\n\n");
    let from_shown = from.format("%a %Y-%m-%d %H:%M:%S %:z");
    match next.len() {
        0 => text.push_str(&format!("No time comes after {from_shown}\n")),
        1 => text.push_str(&format!("Next time after {from_shown}\n")),
        count => text.push_str(&format!("Next {count} times after {from_shown}\n")),
    }
    for at in next {
        text.push_str(&format!("  {}  in {}\n", at.format("%a %Y-%m-%d %H:%M %:z"), distance(*at - from)));
    }
    text
}

/// Returns a distance to the minute, in its two largest units: `3 d 7 h`, `7 h 5 min`, `5 min`.
fn distance(distance: TimeDelta) -> String {
    // Upwards: a time that comes later than `from` is not "in 0 min".
    let minutes = (distance.num_seconds() + 59) / 60;
    let (days, hours) = (minutes / MINUTES_A_DAY, minutes % MINUTES_A_DAY / 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_distance(seconds: i64, expected: &str) {
        assert_eq!(distance(TimeDelta::seconds(seconds)), expected);
    }

    #[test]
    fn distances_have_two_units() {
        check_distance(1, "1 min");
        check_distance(59 * 60, "59 min");
        check_distance(59 * 60 + 1, "1 h 0 min");
        check_distance(7 * 3600 + 300, "7 h 5 min");
        check_distance(31 * 3600 + 300, "1 d 7 h");
        check_distance(40 * 366 * 86_400, "14640 d 0 h");
    }
}
