//! The scripted double of restic, and how a test meets it: for Windows too, so both stand in a package of their own.

pub use prestic_double::{FakeScript, FirstTime, Gate, SCRIPT_VARIABLE, Step, Wire};
