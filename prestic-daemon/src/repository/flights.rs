//! Does the same thing once for all who want it at the same time, and stops when the last of them has gone.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

type Work<Value> = BoxFuture<'static, Value>;

/// What is being done.
pub struct Flights<Key, Value: Clone>(Mutex<HashMap<Key, WeakShared<Work<Value>>>>);

impl<Key: Eq + Hash, Value: Clone> Flights<Key, Value> {
    /// Waits for what is being done under this key, or does it.
    pub async fn join(&self, key: Key, begin: impl FnOnce() -> Work<Value>) -> Value {
        let flight = self.find_or_begin(key, begin);
        flight.await
    }

    fn find_or_begin(&self, key: Key, begin: impl FnOnce() -> Work<Value>) -> Shared<Work<Value>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(WeakShared::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.upgrade().is_some());
        let flight = begin().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(key, weak);
        }
        flight
    }
}

impl<Key, Value: Clone> Default for Flights<Key, Value> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key, Value: Clone> fmt::Debug for Flights<Key, Value> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn all_who_come_meanwhile_share_one_answer_and_the_next_begins_anew() {
        let (flights, begun) = (Flights::<&str, u32>::default(), Arc::new(AtomicUsize::new(0)));
        for round in 1..=2 {
            let (sender, receiver) = oneshot::channel::<u32>();
            let mut receiver = Some(receiver);
            let mut waiting: Vec<_> = (0..50)
                .map(|_| {
                    flights.find_or_begin("a", || {
                        begun.fetch_add(1, Ordering::Relaxed);
                        let receiver = receiver.take().unwrap();
                        async move { receiver.await.unwrap() }.boxed()
                    })
                })
                .collect();
            // The one who began it goes; the others must not suffer.
            assert!((&mut waiting[0]).now_or_never().is_none());
            drop(waiting.remove(0));
            sender.send(7).unwrap();
            for flight in waiting {
                assert_eq!(flight.await, 7);
            }
            assert_eq!(begun.load(Ordering::Relaxed), round);
        }
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_dropped() {
        let flights = Flights::<&str, u32>::default();
        let (sender, receiver) = oneshot::channel::<u32>();
        let mut flight = Box::pin(flights.join("a", || async move { receiver.await.unwrap_or_default() }.boxed()));
        assert!(flight.as_mut().now_or_never().is_none());
        drop(flight);
        assert!(sender.is_closed());
    }
}
