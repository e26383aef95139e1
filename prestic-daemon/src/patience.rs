//! How long to wait for what takes milliseconds, such as the start of our own supervisor, before it must have failed.
//!
//! Limits are for machines as they are. In an emulator, or under a clock that is faked to run 2,000 times as fast, a limit
//! of seconds is over before a process has been loaded; there `PRESTIC_PATIENCE` makes all of them so many times as long.

use std::{env, sync::OnceLock, time::Duration};

/// The variable with the factor, a whole number.
const PATIENCE_VARIABLE: &str = "PRESTIC_PATIENCE";

/// Returns a limit as it holds here.
pub fn with_patience(limit: Duration) -> Duration {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    let factor = FACTOR.get_or_init(|| factor(env::var(PATIENCE_VARIABLE).ok().as_deref()));
    limit.saturating_mul(*factor)
}

fn factor(text: Option<&str>) -> u32 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_as_asked_for_and_never_less_than_usual() {
        for (text, expected) in
            [(None, 1), (Some("2000"), 2000), (Some(" 3 "), 3), (Some("0"), 1), (Some("-1"), 1), (Some("x"), 1)]
        {
            assert_eq!(factor(text), expected, "{text:?}");
        }
    }
}
