//! Numbers and spans in words that people read: sizes, counts, durations, ages. For every client the same.
//!
//! Pure: the time is given.

use chrono::{DateTime, TimeDelta, Utc};

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// Returns a size: `512 B`, `1.2 GiB`.
pub fn bytes(bytes: u64) -> String {
    let unit = unit_of(bytes);
    format!("{} {}", scaled(bytes, unit), UNITS[unit])
}

/// Returns how much of a size is done, in the unit of the whole: `0.4 of 3.2 GiB`.
pub fn bytes_of(done: u64, total: u64) -> String {
    let unit = unit_of(total);
    format!("{} of {} {}", scaled(done, unit), scaled(total, unit), UNITS[unit])
}

/// Returns a number with its thousands set apart: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns a number with its noun: `1 file`, `2 files`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Returns how many things there are, with their noun.
pub fn counted_usize(number: usize, noun: &str) -> String {
    counted(u64::try_from(number).unwrap_or(u64::MAX), noun)
}

/// Returns how long something took: `0.4 s`, `12 s`, `2 min 03 s`, `1 h 05 min`, `3 d 04 h`.
pub fn duration_ms(millis: u64) -> String {
    if millis < 9_950 {
        return format!("{:.1} s", millis as f64 / 1000.0);
    }
    duration((millis + 500) / 1000)
}

/// Returns a duration of whole seconds, two units of it at most.
pub fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {:02} s", seconds % 60),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {:02} h", hours % 24),
    }
}

/// Returns how long ago an instant was: `just now`, `5 min ago`, `3 d ago`.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = now - then;
    if passed < TimeDelta::seconds(5) { "just now".to_owned() } else { format!("{} ago", coarse(passed)) }
}

/// Returns how far off an instant is: `in 5 min`, or `due` when it has passed.
pub fn until(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = then - now;
    // What is 4 h away is not `in 3 h` a moment later.
    let rounding = if left > TimeDelta::minutes(2) { TimeDelta::seconds(30) } else { TimeDelta::zero() };
    if left <= TimeDelta::zero() { "due".to_owned() } else { format!("in {}", coarse(left + rounding)) }
}

/// Returns how much is done in whole percent: 100 only when all is.
pub fn percent(fraction: f64) -> u8 {
    (fraction.clamp(0.0, 1.0) * 100.0) as u8
}

fn coarse(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Finds the unit in which a size has at most three digits before its point, once rounded.
fn unit_of(bytes: u64) -> usize {
    let mut unit = 0;
    let mut value = bytes as f64;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    unit
}

fn scaled(bytes: u64, unit: usize) -> String {
    if unit == 0 {
        return bytes.to_string();
    }
    format!("{:.1}", bytes as f64 / (1u64 << (10 * unit)) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, expected: &str) {
        assert_eq!(words, expected);
    }

    #[test]
    fn sizes_have_at_most_three_digits_before_the_point() {
        check(&bytes(0), "0 B");
        check(&bytes(999), "999 B");
        check(&bytes(1000), "1.0 KiB");
        check(&bytes(1024 * 1023), "1.0 MiB");
        check(&bytes(1_288_490_189), "1.2 GiB");
        check(&bytes(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn a_part_has_the_unit_of_the_whole() {
        check(&bytes_of(0, 512), "0 of 512 B");
        check(&bytes_of(429_496_730, 3_435_973_837), "0.4 of 3.2 GiB");
    }

    #[test]
    fn thousands_are_set_apart() {
        check(&count(0), "0");
        check(&count(999), "999");
        check(&count(1000), "1,000");
        check(&count(1_234_567), "1,234,567");
        check(&counted(1, "file"), "1 file");
        check(&counted(20_000, "file"), "20,000 files");
    }

    #[test]
    fn durations_have_two_units() {
        check(&duration_ms(0), "0.0 s");
        check(&duration_ms(440), "0.4 s");
        check(&duration_ms(9_960), "10 s");
        check(&duration_ms(59_600), "1 min 00 s");
        check(&duration(123), "2 min 03 s");
        check(&duration(3_900), "1 h 05 min");
        check(&duration(273_600), "3 d 04 h");
    }

    #[test]
    fn ages_have_one_unit() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(30);
        check(&ago(now + TimeDelta::seconds(3), now), "just now");
        check(&ago(now - TimeDelta::seconds(59), now), "59 s ago");
        check(&ago(now - TimeDelta::minutes(90), now), "1 h ago");
        check(&ago(now - TimeDelta::hours(49), now), "2 d ago");
        check(&until(now + TimeDelta::minutes(5), now), "in 5 min");
        check(&until(now, now), "due");
    }

    #[test]
    fn a_hundred_percent_is_all_of_it() {
        assert_eq!([0.0, 0.999, 1.0, 1.5, f64::NAN].map(percent), [0, 99, 100, 100, 0]);
    }
}
