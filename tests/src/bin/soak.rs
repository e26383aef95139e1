//! Lets the daemon live through 30 days in twenty minutes: `soak [DAYS] [RATE]`.
//!
//! `PRESTIC_SEED` repeats what happened to another one. Ends with 1 if an occurrence was lost, doubled, or treated against the
//! rules.

use std::{env, process::ExitCode, str::FromStr, time::Instant};

use chrono::{DateTime, Utc};
use prestic_tests::{faked_clock::monotonic_nanoseconds, soak::Soak};

/// Both Berlin and New York set their clocks back in the weeks from here on.
const FROM: &str = "2026-10-15T10:10:00Z";
const DAYS: i64 = 30;
const RATE: u32 = 2000;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let days = number(arguments.next(), DAYS);
    let rate = number(arguments.next(), RATE);
    let seed = number(env::var("PRESTIC_SEED").ok(), monotonic_nanoseconds());
    let from: DateTime<Utc> =
        env::var("PRESTIC_SOAK_FROM").as_deref().unwrap_or(FROM).parse().expect("an instant as in RFC 3339");
    println!("PRESTIC_SEED={seed}: {days} days, {rate} times as fast");
    let begun_at = Instant::now();
    let report = Soak::by_chance(from, days, rate, seed).live(|event| println!("  {event}"));
    print!("\n{}", report.text);
    println!("in {} s; PRESTIC_SEED={seed}", begun_at.elapsed().as_secs());
    if report.is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn number<T: FromStr>(text: Option<String>, default: T) -> T {
    text.map_or(Ok(default), |text| text.parse()).unwrap_or_else(|_| panic!("this is no number"))
}
