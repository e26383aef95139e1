//! The table, a row at a time, and the medians of pairs that most rows hold.

use std::time::{Duration, Instant};

/// How many pairs a median is of.
const PAIRS: usize = 10;

/// A table whose head is printed.
pub struct Table(());

/// What a row must reach.
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// One measured figure.
pub struct Row<'a> {
    /// What was measured.
    pub what: &'a str,
    /// The unit of all its numbers.
    pub unit: &'a str,
    /// The reference's figure.
    pub reference: f64,
    /// Ours.
    pub measured: f64,
    /// What is held against the target: the figure itself, or what we add to the reference.
    pub judged: f64,
    /// The target.
    pub target: Target,
}

impl Table {
    /// Prints the head.
    pub fn begin() -> Self {
        println!(
            "{:<52} {:>10} {:>10} {:>7} {:>10} {:>12}   ",
            "what (reference)", "reference", "PRestic", "ratio", "judged", "target"
        );
        Self(())
    }

    /// Prints a row.
    pub fn row(&self, row: &Row<'_>) {
        let (target, is_met) = match row.target {
            Target::AtMost(most) => (format!("<= {most}"), row.judged <= most),
            Target::AtLeast(least) => (format!(">= {least}"), row.judged >= least),
        };
        println!(
            "{:<52} {:>10.1} {:>10.1} {:>7.2} {:>10.1} {:>7} {:<5} {}",
            row.what,
            row.reference,
            row.measured,
            row.measured / row.reference,
            row.judged,
            target,
            row.unit,
            if is_met { "met" } else { "MISSED" }
        );
    }

    /// Prints a row of times: what we add to the reference must be at most so many milliseconds.
    pub fn added(&self, what: &str, (reference, measured): (Duration, Duration), most: f64) {
        let [reference, measured] = [reference, measured].map(milliseconds);
        let judged = measured - reference;
        self.row(&Row { what, unit: "ms", reference, measured, judged, target: Target::AtMost(most) });
    }

    /// Prints a row of times: ours must be at most so many milliseconds, whatever the reference takes.
    pub fn whole(&self, what: &str, (reference, measured): (Duration, Duration), most: f64) {
        let [reference, measured] = [reference, measured].map(milliseconds);
        self.row(&Row { what, unit: "ms", reference, measured, judged: measured, target: Target::AtMost(most) });
    }
}

/// Returns the medians of two things that are done in turn, after each was done once unmeasured.
pub fn medians(mut reference: impl FnMut(), mut measured: impl FnMut()) -> (Duration, Duration) {
    reference();
    measured();
    let mut pairs = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        pairs.0.push(time(&mut reference));
        pairs.1.push(time(&mut measured));
    }
    (median(pairs.0), median(pairs.1))
}

/// Returns how long something takes.
pub fn time(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let middle = times.len() / 2;
    (times[middle - 1] + times[middle]) / 2
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
