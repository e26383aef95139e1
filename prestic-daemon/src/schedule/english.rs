//! A [`Schedule`] in plain English.

use super::Schedule;

pub(super) fn words(schedule: &Schedule) -> String {
    schedule.to_string()
}
