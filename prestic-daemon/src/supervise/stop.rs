//! Decides when restic is interrupted and when it is killed. It sends nothing itself.

use std::time::Duration;

use crate::supervise::feed::StopCause;

/// What to do to restic now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopAction {
    /// Ask it to stop.
    Interrupt,
    /// Kill it.
    Kill,
}

/// How far the stopping of one restic has come. All instants are milliseconds of one stopwatch.
#[derive(Debug, Default)]
pub struct StopPlan {
    /// Who asked first.
    cause: Option<StopCause>,
    kill_at_ms: Option<u64>,
}

impl StopPlan {
    /// Returns who asked for a stop first, if anybody did.
    pub fn cause(&self) -> Option<StopCause> {
        self.cause
    }

    /// Takes a request to stop. A later one can shorten the grace, and never lengthens it, and does not
    /// change the cause.
    ///
    /// restic is interrupted once: it swallows a second interrupt, or takes it as leave to die with its lock in place.
    pub fn request(&mut self, now_ms: u64, grace_ms: u64, by: StopCause) -> Option<StopAction> {
        let is_first = self.cause.is_none();
        self.cause.get_or_insert(by);
        let kill_at_ms = now_ms.saturating_add(grace_ms);
        if is_first {
            self.kill_at_ms = Some(kill_at_ms);
        } else {
            self.kill_at_ms = self.kill_at_ms.map(|earlier| earlier.min(kill_at_ms));
        }
        self.due(now_ms).or(is_first.then_some(StopAction::Interrupt))
    }

    /// Returns what the time has come for. It comes once.
    pub fn due(&mut self, now_ms: u64) -> Option<StopAction> {
        self.kill_at_ms.take_if(|at| *at <= now_ms).map(|_| StopAction::Kill)
    }

    /// Returns the instant at which there is something to do though nobody asks.
    pub fn kill_at_ms(&self) -> Option<u64> {
        self.kill_at_ms
    }

    /// Returns how long there is nothing to do unless somebody asks.
    pub fn time_left(&self, now_ms: u64) -> Option<Duration> {
        self.kill_at_ms.map(|at| Duration::from_millis(at.saturating_sub(now_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        StopCause::{Shutdown, User},
        *,
    };

    #[test]
    fn interrupt_comes_first_and_the_kill_after_the_grace() {
        let mut plan = StopPlan::default();
        assert_eq!((plan.cause(), plan.time_left(0)), (None, None));
        assert_eq!(plan.request(1000, 500, User), Some(StopAction::Interrupt));
        assert_eq!(plan.time_left(1200), Some(Duration::from_millis(300)));
        assert_eq!(plan.due(1499), None);
        assert_eq!(plan.due(1500), Some(StopAction::Kill));
        assert_eq!((plan.due(9999), plan.time_left(9999)), (None, None));
        assert_eq!(plan.cause(), Some(User));
    }

    #[test]
    fn second_request_shortens_the_grace_and_never_lengthens_it() {
        let mut plan = StopPlan::default();
        plan.request(0, 1000, User);
        assert_eq!(plan.request(100, 5000, User), None);
        assert_eq!(plan.time_left(100), Some(Duration::from_millis(900)));
        assert_eq!(plan.request(100, 200, User), None);
        assert_eq!(plan.time_left(100), Some(Duration::from_millis(200)));
        assert_eq!(plan.request(150, 0, User), Some(StopAction::Kill));
        assert_eq!(plan.request(160, 0, User), None);
    }

    #[test]
    fn first_cause_counts() {
        for (first, second) in [(User, Shutdown), (Shutdown, User)] {
            let mut plan = StopPlan::default();
            plan.request(0, 1000, first);
            plan.request(1, 0, second);
            assert_eq!(plan.cause(), Some(first));
        }
    }

    #[test]
    fn no_grace_kills_at_once() {
        assert_eq!(StopPlan::default().request(5, 0, User), Some(StopAction::Kill));
    }

    #[test]
    fn endless_grace_does_not_overflow() {
        let mut plan = StopPlan::default();
        assert_eq!(plan.request(5, u64::MAX, User), Some(StopAction::Interrupt));
        assert_eq!(plan.due(u64::MAX - 1), None);
    }
}
