//! Instants on the command line, in the user's time zone where they name none.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

/// Understands an instant: a time of day is the next one, a date begins at its midnight.
pub fn instant<Zone: TimeZone>(text: &str, now: DateTime<Utc>, zone: &Zone) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    for format in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format) {
            return Some(zone.from_local_datetime(&local).earliest()?.to_utc());
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest()?.to_utc());
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    let today = now.with_timezone(zone).date_naive();
    // A time that a change of the clocks leaves out comes the day after.
    let days = today.iter_days().take(3);
    let instants = days.filter_map(|date| zone.from_local_datetime(&date.and_time(time)).earliest());
    instants.map(|instant| instant.to_utc()).find(|instant| *instant > now)
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let now = "2026-03-28T16:30:00Z".parse::<DateTime<Utc>>().unwrap();
        let zone = FixedOffset::east_opt(3600).unwrap();
        let expected = expected.map(|text| text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(instant(text, now, &zone), expected, "for {text:?}");
    }

    #[test]
    fn time_of_day_is_the_next_one() {
        check("18:00", Some("2026-03-28T17:00:00Z"));
        check("17:30", Some("2026-03-29T16:30:00Z"));
        check("8:05", Some("2026-03-29T07:05:00Z"));
    }

    #[test]
    fn date_and_instant_are_what_they_say() {
        check("2026-04-01 08:00", Some("2026-04-01T07:00:00Z"));
        check("2026-04-01", Some("2026-03-31T23:00:00Z"));
        check("2026-04-01T08:00:00+02:00", Some("2026-04-01T06:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        check("tomorrow", None);
        check("25:00", None);
        check("", None);
    }
}
