//! Lets the progress of each run through at most twice a second, and the last one always.

use std::{collections::HashMap, time::Duration};

use prestic_proto::{progress::Progress, run::RunId};
use tokio::time::Instant;

/// The shortest time between two messages of one run.
const INTERVAL: Duration = Duration::from_millis(500);

/// What was told of each run, and what is still to be told.
#[derive(Debug, Default)]
pub struct Throttle {
    runs: HashMap<RunId, Told>,
}

#[derive(Debug)]
struct Told {
    progress: Progress,
    is_told: bool,
    /// When the run may be told of next.
    free_at: Instant,
}

impl Throttle {
    /// Takes the latest progress of all runs in. Those that are not among them are over.
    pub fn take_in(&mut self, all: Vec<(RunId, Progress)>, now: Instant) {
        let mut before = std::mem::take(&mut self.runs);
        for (run, progress) in all {
            let told = match before.remove(&run) {
                Some(told) if told.progress == progress => told,
                Some(told) => Told { progress, is_told: false, ..told },
                None => Told { progress, is_told: false, free_at: now },
            };
            self.runs.insert(run, told);
        }
    }

    /// Returns when something is to be told; none if everything was.
    pub fn due_at(&self) -> Option<Instant> {
        self.runs.values().filter(|told| !told.is_told).map(|told| told.free_at).min()
    }

    /// Returns what is to be told now.
    pub fn take_due(&mut self, now: Instant) -> Vec<(RunId, Progress)> {
        let due = self.runs.iter_mut().filter(|(_, told)| !told.is_told && told.free_at <= now);
        due.map(|(run, told)| {
            told.free_at = now + INTERVAL;
            told.is_told = true;
            (*run, told.progress.clone())
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_bytes(bytes_done: u64) -> Vec<(RunId, Progress)> {
        vec![(RunId(1), Progress { bytes_done, ..Progress::default() })]
    }

    #[test]
    fn first_progress_is_told_at_once_and_the_next_after_the_interval() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        assert_eq!(throttle.due_at(), None);
        throttle.take_in(at_bytes(1), now);
        assert_eq!(throttle.take_due(now), at_bytes(1));
        for bytes in 2..100 {
            throttle.take_in(at_bytes(bytes), now);
            assert_eq!(throttle.take_due(now), vec![]);
        }
        let later = now + INTERVAL;
        assert_eq!(throttle.due_at(), Some(later));
        assert_eq!(throttle.take_due(later), at_bytes(99));
        assert_eq!(throttle.due_at(), None);
    }

    #[test]
    fn what_has_not_changed_is_not_told_again() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        throttle.take_in(at_bytes(1), now);
        throttle.take_due(now);
        throttle.take_in(at_bytes(1), now + INTERVAL);
        assert_eq!(throttle.due_at(), None);
        assert_eq!(throttle.take_due(now + INTERVAL), vec![]);
    }

    #[test]
    fn runs_that_are_over_are_forgotten() {
        let mut throttle = Throttle::default();
        throttle.take_in(at_bytes(1), Instant::now());
        throttle.take_in(Vec::new(), Instant::now());
        assert!(throttle.runs.is_empty());
        assert_eq!(throttle.due_at(), None);
    }
}
