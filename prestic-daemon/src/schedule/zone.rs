//! The time zones that schedules are read in: the machine's own, or one of the tz database by its name.

use std::fmt;

use chrono::{FixedOffset, Local, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{
    error::{Fault, ScheduleError},
    spelling,
};

/// How the machine's own zone is written.
const MACHINE: &str = "local";

/// No local time was ever farther from UTC than this (Manila and Alaska, before their calendars changed sides).
pub(super) const FARTHEST_FROM_UTC: TimeDelta = TimeDelta::hours(16);

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The one that the machine is set to, whatever that is at the moment.
    Machine,
    /// One of the tz database.
    Named(Tz),
}

/// How far a zone is from UTC at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    offset: FixedOffset,
}

impl Zone {
    /// Reads the name of a zone, in upper or lower case; `local` is the machine's own.
    pub fn parse(name: &str) -> Result<Self, ScheduleError> {
        if name.eq_ignore_ascii_case(MACHINE) {
            return Ok(Self::Machine);
        }
        let known = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
        let unknown = || {
            let error = ScheduleError::alone(name, Fault::Unknown("time zone"));
            error.with_hint("write it as `Europe/Berlin` or `UTC`").with_closest(spelling::closest_zone(name))
        };
        known.map(|zone| Self::Named(*zone)).ok_or_else(unknown)
    }

    /// Returns the seconds that its clocks are ahead of UTC at an instant.
    pub(super) fn seconds_ahead(self, at: NaiveDateTime) -> i64 {
        i64::from(self.fixed_offset(at).local_minus_utc())
    }

    fn fixed_offset(self, at: NaiveDateTime) -> FixedOffset {
        match self {
            Self::Machine => Local.offset_from_utc_datetime(&at),
            Self::Named(zone) => zone.offset_from_utc_datetime(&at).fix(),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => MACHINE,
            Self::Named(zone) => zone.name(),
        })
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offset.fmt(f)
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    /// Asks only how far instants are from UTC: chrono's zone of the machine takes the ends of gaps and overlaps for parts
    /// of them when it is asked about local times.
    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let shows = |offset: &ZoneOffset| {
            local.checked_sub_offset(offset.offset).is_some_and(|at| self.fixed_offset(at) == offset.offset)
        };
        let around = [-FARTHEST_FROM_UTC, FARTHEST_FROM_UTC];
        let [before, after] = around.map(|distance| {
            let at = local.checked_add_signed(distance).unwrap_or(*local);
            Some(self.offset_from_utc_datetime(&at)).filter(shows)
        });
        match (before, after) {
            (Some(first), Some(second)) if first != second => MappedLocalTime::Ambiguous(first, second),
            (Some(only), _) | (None, Some(only)) => MappedLocalTime::Single(only),
            (None, None) => MappedLocalTime::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        ZoneOffset { zone: *self, offset: self.fixed_offset(*utc) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[track_caller]
    fn check_local(zone: Zone, local: &str, expected: &[&str]) {
        let found = zone.from_local_datetime(&local.parse().unwrap());
        let both = [found.earliest(), found.latest()].map(|instant| instant.map(|instant| instant.with_timezone(&Utc)));
        let mut found: Vec<DateTime<Utc>> = both.into_iter().flatten().collect();
        found.dedup();
        let expected: Vec<DateTime<Utc>> = expected.iter().map(|instant| instant.parse().unwrap()).collect();
        assert_eq!(found, expected, "{local} in {zone}");
    }

    #[test]
    fn local_times_are_none_one_or_two_instants() {
        let berlin = Zone::Named(Tz::Europe__Berlin);
        check_local(berlin, "2026-03-29T01:59:59", &["2026-03-29T00:59:59Z"]);
        check_local(berlin, "2026-03-29T02:00:00", &[]);
        check_local(berlin, "2026-03-29T02:59:59", &[]);
        check_local(berlin, "2026-03-29T03:00:00", &["2026-03-29T01:00:00Z"]);
        check_local(berlin, "2026-10-25T01:59:59", &["2026-10-24T23:59:59Z"]);
        check_local(berlin, "2026-10-25T02:00:00", &["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"]);
        check_local(berlin, "2026-10-25T02:59:59", &["2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z"]);
        check_local(berlin, "2026-10-25T03:00:00", &["2026-10-25T02:00:00Z"]);
        check_local(Zone::Named(Tz::Pacific__Apia), "2011-12-30T12:00:00", &[]);
        check_local(Zone::Named(Tz::UTC), "2011-12-30T12:00:00", &["2011-12-30T12:00:00Z"]);
    }

    #[test]
    fn instants_keep_their_zone() {
        let berlin = Zone::parse("europe/berlin").unwrap();
        let instant = DateTime::<Utc>::UNIX_EPOCH.with_timezone(&berlin);
        assert_eq!(instant.to_string(), "1970-01-01 01:00:00 +01:00");
        assert_eq!(instant.timezone(), berlin);
    }

    #[test]
    fn names_are_read_and_misspelt_ones_are_corrected() {
        assert_eq!(Zone::parse("Europe/Berlin").unwrap().to_string(), "Europe/Berlin");
        assert_eq!(Zone::parse("utc").unwrap(), Zone::Named(Tz::UTC));
        assert_eq!(Zone::parse("Local").unwrap(), Zone::Machine);
        assert_eq!(Zone::parse(&Zone::Machine.to_string()).unwrap(), Zone::Machine);
        let error = Zone::parse("Europe/Berln").unwrap_err();
        assert_eq!(error.to_string(), "unknown time zone `Europe/Berln`");
        assert_eq!(error.hint().unwrap(), "did you mean `Europe/Berlin`?");
        assert_eq!(Zone::parse("Berlin").unwrap_err().hint().unwrap(), "did you mean `Europe/Berlin`?");
        assert!(Zone::parse("").is_err());
    }
}
