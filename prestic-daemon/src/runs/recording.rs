//! Writes the first record of a run with patience: a disk that is full for a minute must not cost a backup.

use std::{io, time::Duration};

use prestic_proto::run::RunId;
use tokio::sync::mpsc;

use crate::{
    clock::Stopwatch,
    patience::with_patience,
    supervise::feed::{Order, StopCause},
};

/// How long to try, and how long to wait in between.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first pause; each one is twice as long as the one before.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// When this is over, no other attempt is made.
    pub limit: Duration,
    /// How long one attempt may take. A disk that does not answer at all is not asked again.
    pub attempt: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            limit: Duration::from_secs(600),
            attempt: with_patience(Duration::from_secs(60)),
        }
    }
}

/// Why there is no record.
#[derive(Debug)]
pub enum Unrecorded {
    /// Somebody has stopped the run in the meantime.
    Stopped(StopCause),
    /// It cannot be written.
    Failed(io::Error),
}

/// Tries until the record is there. Orders are taken between the attempts only, so that none is under way afterwards.
pub async fn record_patiently<T, Attempt: Future<Output = io::Result<T>>>(
    run: RunId,
    patience: Patience,
    orders: &mut mpsc::Receiver<Order>,
    mut attempt: impl FnMut() -> Attempt,
) -> Result<T, Unrecorded> {
    let stopwatch = Stopwatch::start();
    let mut pause = patience.first_pause;
    let mut has_warned = false;
    loop {
        let error = match tokio::time::timeout(patience.attempt, attempt()).await {
            Ok(Ok(recorded)) => return Ok(recorded),
            Ok(Err(error)) if error.kind() != io::ErrorKind::AlreadyExists => error,
            Ok(Err(error)) => return Err(Unrecorded::Failed(error)),
            Err(elapsed) => return Err(Unrecorded::Failed(elapsed.into())),
        };
        if Duration::from_millis(stopwatch.elapsed_ms()) >= patience.limit {
            return Err(Unrecorded::Failed(error));
        }
        if !std::mem::replace(&mut has_warned, true) {
            let minutes = patience.limit.as_secs() / 60;
            tracing::warn!("the record of run {run} cannot be written, which is tried again for {minutes} minutes: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Some(Order::Stop { by, .. }) = orders.recv() => return Err(Unrecorded::Stopped(by)),
        }
        pause = (pause * 2).min(patience.longest_pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: RunId = RunId(1);

    fn patience(pause: Duration) -> Patience {
        Patience { first_pause: pause, longest_pause: pause, ..Patience::default() }
    }

    fn full_disk() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    #[tokio::test]
    async fn disk_that_is_full_for_a_while_costs_no_run() {
        let (_sender, mut orders) = mpsc::channel(1);
        let mut attempts = 0;
        let recorded = record_patiently(RUN, patience(Duration::ZERO), &mut orders, || {
            attempts += 1;
            std::future::ready(if attempts < 5 { Err(full_disk()) } else { Ok(attempts) })
        });
        assert_eq!(recorded.await.unwrap(), 5);
    }

    #[tokio::test]
    async fn stop_ends_the_wait() {
        let (sender, mut orders) = mpsc::channel(1);
        sender.send(Order::Stop { grace_ms: 0, by: StopCause::User }).await.unwrap();
        let attempt = || std::future::ready(Err::<(), _>(full_disk()));
        let end = record_patiently(RUN, patience(Duration::from_secs(600)), &mut orders, attempt).await;
        assert!(matches!(end, Err(Unrecorded::Stopped(StopCause::User))), "{end:?}");
    }

    #[tokio::test]
    async fn patience_ends() {
        let (_sender, mut orders) = mpsc::channel(1);
        let patience = Patience { limit: Duration::ZERO, ..patience(Duration::ZERO) };
        let end = record_patiently(RUN, patience, &mut orders, || std::future::ready(Err::<(), _>(full_disk()))).await;
        assert!(matches!(&end, Err(Unrecorded::Failed(error)) if error.kind() == io::ErrorKind::StorageFull), "{end:?}");
    }

    #[tokio::test]
    async fn number_that_is_taken_is_not_tried_again() {
        let (_sender, mut orders) = mpsc::channel(1);
        let attempt = || std::future::ready(Err::<(), _>(io::ErrorKind::AlreadyExists.into()));
        let end = record_patiently(RUN, patience(Duration::from_secs(600)), &mut orders, attempt).await;
        assert!(matches!(end, Err(Unrecorded::Failed(_))), "{end:?}");
    }

    #[tokio::test]
    async fn disk_that_does_not_answer_is_given_up() {
        let (_sender, mut orders) = mpsc::channel(1);
        let patience = Patience { attempt: Duration::ZERO, ..patience(Duration::ZERO) };
        let end = record_patiently(RUN, patience, &mut orders, std::future::pending::<io::Result<()>>).await;
        assert!(matches!(end, Err(Unrecorded::Failed(_))), "{end:?}");
    }
}
