//! What runs and measurements draw: the points of a profile's charts. Pure.

use prestic_proto::{history::RepositorySize, outcome::Outcome, run::Run};

use crate::web::pages::{chart::Point, instants};

/// Returns what each run added, oldest first.
pub fn added(runs: &[Run]) -> Vec<Point> {
    points(runs, |run| run.summary.as_ref().map(|summary| summary.bytes_added))
}

/// Returns how long each run took, oldest first.
pub fn durations(runs: &[Run]) -> Vec<Point> {
    points(runs, |run| run.started_at.and_then(|_| run.finished()).map(|finished| finished.duration_ms))
}

/// Returns how large the repository was.
pub fn sizes(sizes: &[RepositorySize]) -> Vec<Point> {
    sizes.iter().map(|size| Point { at: size.measured_at, value: size.bytes, state: "", address: None }).collect()
}

fn points(runs: &[Run], value: impl Fn(&Run) -> Option<u64>) -> Vec<Point> {
    let point = |run: &Run| {
        let finished = run.finished()?;
        let state = match finished.outcome {
            Outcome::Succeeded => "",
            Outcome::Warnings => "warning",
            _ => "failed",
        };
        Some(Point { at: finished.at, value: value(run)?, state, address: Some(instants::run_address(run.id)) })
    };
    runs.iter().rev().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use prestic_proto::{outcome::Failure, progress::Summary};

    use super::*;
    use crate::web::pages::samples::{finished, run};

    #[test]
    fn points_are_oldest_first_and_of_ended_runs_only() {
        let summary = Some(Summary { bytes_added: 5, ..Summary::default() });
        let good = Run { summary, ..finished(1, "home", Outcome::Succeeded) };
        let runs = [run(3, "home"), finished(2, "home", Outcome::Failed(Failure::Other)), good];
        let values: Vec<_> = added(&runs).into_iter().map(|point| (point.value, point.state)).collect();
        assert_eq!(values, [(5, "")]);
        let states: Vec<_> = durations(&runs).into_iter().map(|point| point.state).collect();
        assert_eq!(states, ["", "failed"]);
    }

    #[test]
    fn run_that_never_started_took_no_time() {
        let never = Run { started_at: None, ..finished(1, "home", Outcome::SpawnFailed("no restic".to_owned())) };
        assert!(durations(&[never]).is_empty());
    }
}
