//! Small tasks that outlive the request that needed them, owned by the server and ended with it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinSet};

/// How long a call goes on that a page did not wait for: as long as a browser may need to ask for the rest of the page, which
/// then joins it instead of starting restic anew.
const HEAD_START: Duration = Duration::from_secs(5);

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
    pub async fn within<T: Send + 'static>(&self, wait: Duration, call: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.start(async move {
            let Ok(value) = tokio::time::timeout(wait + HEAD_START, call).await else { return };
            // Nobody waits for what came late: what it has read is in the daemon's caches.
            let _ = sender.send(value);
        });
        tokio::time::timeout(wait, receiver).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_in_time_is_returned() {
        let errands = Errands::default();
        assert_eq!(errands.within(Duration::from_millis(150), async { 7 }).await, Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_goes_on_for_a_while() {
        let errands = Errands::default();
        let (sender, receiver) = oneshot::channel();
        let call = async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send(()).ok();
        };
        assert_eq!(errands.within(Duration::from_millis(150), call).await, None);
        assert!(receiver.await.is_ok(), "it was not ended");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_much_too_late_is_ended() {
        let errands = Errands::default();
        let (sender, receiver) = oneshot::channel::<()>();
        let call = async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(sender);
        };
        let started_at = tokio::time::Instant::now();
        assert_eq!(errands.within(Duration::from_millis(150), call).await, None);
        assert!(receiver.await.is_err());
        assert!(started_at.elapsed() < Duration::from_secs(10));
    }
}
