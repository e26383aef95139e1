//! The name of the machine's time zone, which only its data are needed for everything else.

use std::env;

use chrono_tz::Tz;

/// Returns the IANA name of the zone that local times of this process are in, where it can be told.
pub fn name() -> Option<String> {
    name_of(env::var("TZ").ok().as_deref(), || iana_time_zone::get_timezone().ok())
}

/// `TZ` comes before what the system is set to, as in the C library. It can also hold rules, which have no name.
fn name_of(variable: Option<&str>, of_system: impl FnOnce() -> Option<String>) -> Option<String> {
    let name = match variable {
        Some("") => Some("UTC".to_owned()),
        Some(name) => Some(name.strip_prefix(':').unwrap_or(name).to_owned()),
        None => of_system(),
    };
    name.filter(|name| name.parse::<Tz>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variable: Option<&str>, of_system: Option<&str>, expected: Option<&str>) {
        assert_eq!(name_of(variable, || of_system.map(str::to_owned)).as_deref(), expected);
    }

    #[test]
    fn variable_comes_before_the_system() {
        check(None, Some("Europe/Berlin"), Some("Europe/Berlin"));
        check(Some("America/Havana"), Some("Europe/Berlin"), Some("America/Havana"));
        check(Some(":America/Havana"), Some("Europe/Berlin"), Some("America/Havana"));
    }

    #[test]
    fn what_is_no_name_is_not_told() {
        check(None, None, None);
        check(Some("CET-1CEST,M3.5.0,M10.5.0/3"), Some("Europe/Berlin"), None);
        check(None, Some("Etc/Unknown"), None);
    }
}
