//! Runs as plain lines on stderr: for pipes, files, cron mails and terminals that cannot do better.

use std::{
    collections::HashMap,
    io::{self, Write},
    time::{Duration, Instant},
};

use prestic_proto::run::{Run, RunId, RunState};

use super::{View, progress_text, wait_words::wait_words};
use crate::{clock, text::printable};

/// How often the progress of a run gets a line at most.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Shows a line for each step of a run, and one for its progress now and then.
pub struct PlainLines {
    talk: Box<dyn Write>,
    last_line_at: HashMap<RunId, Instant>,
}

impl PlainLines {
    /// Returns a view that writes there.
    pub fn new(talk: Box<dyn Write>) -> Self {
        Self { talk, last_line_at: HashMap::new() }
    }

    fn line(&mut self, text: &str) {
        // Talk that nobody listens to is no error, and no reason to stop following.
        let _ = writeln!(self.talk, "{text}");
    }

    fn is_due(&mut self, id: RunId, now: Instant) -> bool {
        match self.last_line_at.get_mut(&id) {
            Some(last) if now < *last + PROGRESS_EVERY => false,
            Some(last) => {
                *last = now;
                true
            }
            None => {
                self.last_line_at.insert(id, now);
                false
            }
        }
    }
}

impl View for PlainLines {
    fn moved(&mut self, run: &Run) -> io::Result<()> {
        let near = progress_text::limit_words(run, clock::now());
        let step = match &run.state {
            RunState::Queued(turn) => {
                turn.waits_for.as_ref().map_or_else(|| "queued".to_owned(), |wait| wait_words(wait, clock::now()))
            }
            RunState::Starting => return Ok(()),
            // What it was warned of is told again with each step: it may be the reason of the next one.
            RunState::Running { .. } => near.unwrap_or_else(|| "started".to_owned()),
            RunState::WaitingForSecret { until } => progress_text::secret_words(*until, clock::now()),
            RunState::WaitingForLock { .. } => progress_text::lock_words(run, clock::now()).unwrap_or_default(),
            RunState::Stopping { .. } => "stopping".to_owned(),
            // The summary tells it, and all about it, once the runs are over.
            RunState::Finished(_) => return Ok(()),
        };
        self.last_line_at.insert(run.id, Instant::now());
        self.line(&format!("run {} of {} {step}", run.id, printable(&run.task)));
        Ok(())
    }

    fn progressed(&mut self, run: &Run) -> io::Result<()> {
        if self.is_due(run.id, Instant::now()) {
            self.line(&format!("run {} of {}: {}", run.id, printable(&run.task), progress_text::log_line(run, clock::now())));
        }
        Ok(())
    }

    fn notice(&mut self, text: &str) {
        self.line(text);
    }

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use prestic_proto::run::Turn;

    use super::*;
    use crate::tests::{run_in, succeeded};

    /// Keeps what is written into it.
    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn end_of_a_run_is_left_to_its_summary() {
        let page = Page::default();
        let mut view = PlainLines::new(Box::new(page.clone()));
        for state in [RunState::Queued(Turn::default()), RunState::Starting, RunState::Running { pid: 7 }, succeeded()] {
            view.moved(&run_in(state)).unwrap();
        }
        let text = String::from_utf8(page.0.borrow().clone()).unwrap();
        assert_eq!(text, "run 12 of home-backup queued\nrun 12 of home-backup started\n");
    }

    #[test]
    fn progress_gets_a_line_every_ten_seconds() {
        let mut view = PlainLines::new(Box::new(io::sink()));
        let start = Instant::now();
        let due = [0, 9, 10, 19, 20].map(|seconds| view.is_due(RunId(1), start + Duration::from_secs(seconds)));
        assert_eq!(due, [false, false, true, false, true]);
    }
}
