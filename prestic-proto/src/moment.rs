//! A moment, and how the machine's clocks show others from it. Pure: the time and the zone are given.

use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, Utc};

/// What time it is, and what the machine's clocks make of it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// What time it is.
    pub now: DateTime<Utc>,
    /// Returns an instant as the machine's clocks show it.
    pub local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
}

impl Moment {
    /// Returns an instant as the machine's clocks show it.
    pub fn at(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        (self.local)(at)
    }

    /// Returns how far the machine's clocks are from UTC now: `+01:00`.
    pub fn offset(&self) -> String {
        self.at(self.now).format("%:z").to_string()
    }

    /// Returns a time of day with the machine's distance from UTC, and the day where that is not clear.
    pub fn clock(&self, at: DateTime<Utc>) -> String {
        let (local, today) = (self.at(at), self.at(self.now).date_naive());
        let distance = local.date_naive() - today;
        let format = if distance == TimeDelta::zero() {
            "%H:%M UTC%:z"
        } else if distance > TimeDelta::zero() && distance < TimeDelta::days(7) {
            "%a %H:%M UTC%:z"
        } else {
            "%Y-%m-%d %H:%M UTC%:z"
        };
        local.format(format).to_string().replace("UTC+00:00", "UTC")
    }

    /// Returns when the machine's next day begins. Where its clocks change before that, the distance from UTC is the later one.
    pub fn next_midnight(&self) -> DateTime<Utc> {
        let local = self.at(self.now);
        let tomorrow = (local.date_naive() + Days::new(1)).and_time(NaiveTime::MIN);
        let with = |offset: FixedOffset| tomorrow - TimeDelta::seconds(offset.local_minus_utc().into());
        let first = with(*local.offset()).and_utc();
        with(*self.at(first).offset()).and_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_shows_the_day_where_that_is_not_clear() {
        fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
            at.with_timezone(&FixedOffset::east_opt(3600).unwrap())
        }
        let moment = Moment { now: "2026-11-23T22:30:00Z".parse().unwrap(), local };
        let check = |at: &str, expected| assert_eq!(moment.clock(at.parse().unwrap()), expected, "{at}");
        check("2026-11-23T08:00:00Z", "09:00 UTC+01:00");
        check("2026-11-23T23:30:00Z", "Tue 00:30 UTC+01:00");
        check("2026-11-30T22:00:00Z", "2026-11-30 23:00 UTC+01:00");
        check("2026-11-22T22:30:00Z", "2026-11-22 23:30 UTC+01:00");
        check("2026-11-22T23:30:00Z", "00:30 UTC+01:00");
    }
}
