//! Small tasks that outlive the request that needed them, owned by the server and ended with it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinSet};

/// How long to wait for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long the page waits. Nobody notices it, and a cache answers much sooner.
    pub wait: Duration,
    /// How much longer the call goes on: as long as a browser may need to ask for the rest of the page, which then joins it instead
    /// of starting restic anew.
    pub head_start: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { wait: Duration::from_millis(150), head_start: Duration::from_secs(5) }
    }
}

/// The tasks. Cheap to clone; the last one to go ends them.
#[derive(Debug, Clone, Default)]
pub struct Errands(Arc<Mutex<JoinSet<()>>>);

impl Errands {
    /// Starts a task.
    pub fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended are let go here: nobody else waits for them.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Returns what comes within the time given; else it goes on for a while, and none is returned.
    pub async fn within<T: Send + 'static>(
        &self,
        Patience { wait, head_start }: Patience,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.start(async move {
            let Ok(value) = tokio::time::timeout(wait + head_start, call).await else { return };
            // Nobody waits for what came late: what it has read is in the daemon's caches.
            let _ = sender.send(value);
        });
        tokio::time::timeout(wait, receiver).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn what_comes_in_time_is_returned() {
        assert_eq!(Errands::default().within(Patience::default(), async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn what_is_late_goes_on_for_a_while() {
        let errands = Errands::default();
        let (go, is_told_to_go) = oneshot::channel::<()>();
        let (sender, receiver) = oneshot::channel();
        let call = async move {
            is_told_to_go.await.ok();
            sender.send(()).ok();
        };
        let patience = Patience { wait: Duration::ZERO, ..Patience::default() };
        assert_eq!(errands.within(patience, call).await, None);
        go.send(()).unwrap();
        assert!(receiver.await.is_ok(), "it was ended with the wait");
    }

    #[tokio::test]
    async fn what_is_much_too_late_is_ended() {
        let errands = Errands::default();
        let (sender, receiver) = oneshot::channel::<()>();
        let call = async move {
            pending::<()>().await;
            drop(sender);
        };
        assert_eq!(errands.within(Patience { wait: Duration::ZERO, head_start: Duration::ZERO }, call).await, None);
        assert!(receiver.await.is_err());
    }

    #[tokio::test]
    async fn tasks_end_with_their_owner() {
        let errands = Errands::default();
        let (sender, receiver) = oneshot::channel::<()>();
        errands.start(async move {
            pending::<()>().await;
            drop(sender);
        });
        drop(errands);
        assert!(receiver.await.is_err());
    }
}
