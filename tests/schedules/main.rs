//! Differential tests of schedules: what `prestic-ctl explain` answers, against others that work it out in their own way.
//!
//! None of them knows PRestic's code. Random cases come from a seed, which a failing test prints; `PRESTIC_SEED=N` replays it.

#![expect(clippy::unwrap_used, reason = "everything here is a test, helpers too")]

mod ask;
mod random;
mod zones;

mod form;
mod generate;
mod model;

mod against_cronsim;
mod against_model;
mod against_original;
mod against_systemd;
mod golden;

mod explain;
