//! Holds a faked clock for others: says once how that clock stands, and keeps what they share of it until its input ends.

use std::{
    env,
    io::{self, Read},
    time::SystemTime,
};

use prestic_tests::faked_clock::{Calibration, monotonic_nanoseconds};

#[expect(clippy::disallowed_methods, reason = "the clock that it sees is what is asked for")]
fn main() -> io::Result<()> {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let is_of_clock = |name: &str| name == "LD_PRELOAD" || name.contains("FAKE");
    let calibration = Calibration {
        wall_nanoseconds: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX),
        monotonic_nanoseconds: monotonic_nanoseconds(),
        environment: env::vars().filter(|(name, _)| is_of_clock(name)).collect(),
    };
    println!("{}", serde_json::to_string(&calibration)?);
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}
