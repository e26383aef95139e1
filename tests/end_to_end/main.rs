//! End-to-end tests: the real programs, with real restic wherever it can show what matters.

#![expect(clippy::unwrap_used, reason = "everything here is a test, helpers too")]

mod harness;
mod round_trip;

mod crash;
mod limits;
mod locks;
mod queue;
mod schedule;
mod stop;

mod ctl;
mod daemon;
mod output;
mod readme;
mod secrets;
