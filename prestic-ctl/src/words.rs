//! Numbers and instants in words that people read.

use chrono::{DateTime, Local, Utc};

pub use prestic_proto::words::{ago, bytes, bytes_of, count, counted, counted_usize, duration, duration_ms, percent, until};

/// Returns an instant in the user's time zone: `2026-03-01 02:00`.
pub fn local_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// Returns an instant in the user's time zone, to the second: `2026-03-01 02:00:17`.
pub fn local_time_with_seconds(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns an instant in the user's time zone, with its offset: `2026-03-01 02:00 +01:00`.
pub fn local_time_with_zone(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z").to_string()
}
