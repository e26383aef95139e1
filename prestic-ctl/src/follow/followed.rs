//! What is known of the runs that are followed.
//!
//! Pure: told what the daemon says, it answers what is news.

use prestic_proto::{
    progress::Progress,
    run::{Run, RunId, RunState},
};

/// What is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// A run moved on in its life.
    Moved(RunId),
    /// A run has come further.
    Progressed(RunId),
}

/// The runs that are followed, in the order in which they were asked for.
#[derive(Debug)]
pub struct Followed {
    runs: Vec<(RunId, Option<Run>)>,
}

impl Followed {
    /// Returns runs of which nothing is known yet.
    pub fn new(ids: &[RunId]) -> Self {
        Self { runs: ids.iter().map(|id| (*id, None)).collect() }
    }

    /// Returns what is known of a run.
    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.runs().find(|run| run.id == id)
    }

    /// Returns all runs that anything is known of.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter_map(|(_, run)| run.as_ref())
    }

    /// Returns the runs that are not known to be over.
    pub fn pending(&self) -> Vec<RunId> {
        self.runs.iter().filter(|(_, run)| !run.as_ref().is_some_and(is_over)).map(|(id, _)| *id).collect()
    }

    /// Whether all runs are over.
    pub fn is_over(&self) -> bool {
        self.runs.iter().all(|(_, run)| run.as_ref().is_some_and(is_over))
    }

    /// Takes what the daemon says of a run. Runs that are not followed are no news.
    pub fn take_run(&mut self, mut run: Run) -> Change {
        let Some((id, known)) = self.runs.iter_mut().find(|(id, _)| *id == run.id) else { return Change::None };
        let id = *id;
        if let Some(known) = known {
            // Another run under the same number is none of ours.
            if is_over(known) || known.created_at != run.created_at {
                return Change::None;
            }
            if !is_over(&run) && run.progress.is_none() {
                run.progress = known.progress.take();
            }
            // A warning is a step of its own; that it is taken back shows in what is drawn anyway.
            let is_warned = run.limit_near.is_some() && known.limit_near != run.limit_near;
            if known.state == run.state && known.log_file == run.log_file && !is_warned {
                let has_moved = known.progress != run.progress || known.limit_near != run.limit_near;
                *known = run;
                return if has_moved { Change::Progressed(id) } else { Change::None };
            }
        }
        *known = Some(run);
        Change::Moved(id)
    }

    /// Whether a run is not the one that is followed under its number: the daemon has lost that one.
    pub fn is_another(&self, run: &Run) -> bool {
        let known = self.runs.iter().filter_map(|(_, known)| known.as_ref()).find(|known| known.id == run.id);
        known.is_some_and(|known| known.created_at != run.created_at)
    }

    /// Takes what the daemon says of the progress of a run.
    pub fn take_progress(&mut self, id: RunId, progress: Progress) -> Change {
        let Some(run) = self.runs.iter_mut().filter_map(|(_, run)| run.as_mut()).find(|run| run.id == id) else {
            return Change::None;
        };
        if is_over(run) || run.progress.as_ref() == Some(&progress) {
            return Change::None;
        }
        run.progress = Some(progress);
        Change::Progressed(id)
    }
}

fn is_over(run: &Run) -> bool {
    matches!(run.state, RunState::Finished(_))
}

#[cfg(test)]
mod tests {
    use prestic_proto::run::Turn;

    use super::*;
    use crate::tests::{run_in, succeeded};

    fn progress(files_done: u64) -> Progress {
        Progress { files_done, ..Progress::default() }
    }

    fn followed_in(state: RunState) -> Followed {
        let run = run_in(state);
        let mut followed = Followed::new(&[run.id]);
        followed.take_run(run);
        followed
    }

    #[test]
    fn a_run_is_over_once_its_end_is_known() {
        let mut followed = followed_in(RunState::Queued(Turn::default()));
        assert!(!followed.is_over());
        let id = followed.pending()[0];
        assert_eq!(followed.take_run(run_in(RunState::Running { pid: 7 })), Change::Moved(id));
        assert_eq!(followed.take_run(run_in(succeeded())), Change::Moved(id));
        assert!(followed.is_over());
        assert_eq!(followed.pending(), []);
    }

    #[test]
    fn what_is_known_already_is_no_news() {
        let mut followed = followed_in(RunState::Running { pid: 7 });
        let id = followed.pending()[0];
        assert_eq!(followed.take_run(run_in(RunState::Running { pid: 7 })), Change::None);
        assert_eq!(followed.take_progress(id, progress(1)), Change::Progressed(id));
        assert_eq!(followed.take_progress(id, progress(1)), Change::None);
    }

    #[test]
    fn progress_is_kept_when_the_run_moves_on() {
        let mut followed = followed_in(RunState::Running { pid: 7 });
        let id = followed.pending()[0];
        followed.take_progress(id, progress(5));
        assert_eq!(followed.take_run(run_in(RunState::Stopping { pid: 7 })), Change::Moved(id));
        assert_eq!(followed.run(id).unwrap().progress, Some(progress(5)));
    }

    #[test]
    fn another_run_under_the_same_number_is_none_of_ours() {
        let mut followed = followed_in(RunState::Queued(Turn::default()));
        let mut another = run_in(succeeded());
        assert!(!followed.is_another(&another));
        another.created_at += chrono::TimeDelta::seconds(1);
        assert!(followed.is_another(&another));
        assert_eq!(followed.take_run(another), Change::None);
        assert!(!followed.is_over());
    }

    #[test]
    fn nothing_changes_after_the_end() {
        let mut followed = followed_in(succeeded());
        let id = followed.runs[0].0;
        assert_eq!(followed.take_progress(id, progress(5)), Change::None);
        assert_eq!(followed.take_run(run_in(RunState::Queued(Turn::default()))), Change::None);
    }

    #[test]
    fn runs_of_others_are_no_news() {
        let mut followed = followed_in(RunState::Queued(Turn::default()));
        let other = Run { id: RunId(99), ..run_in(RunState::Queued(Turn::default())) };
        assert_eq!(followed.take_run(other), Change::None);
        assert_eq!(followed.take_progress(RunId(99), progress(1)), Change::None);
    }
}
