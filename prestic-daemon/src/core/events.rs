//! The last events, numbered, for clients that follow.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use prestic_proto::{
    event::{Cursor, Event, EventKind},
    system::EventFeed,
};

/// How many events are kept. A client that is further behind asks for the status again.
pub const KEPT_EVENTS: usize = 1024;

/// A ring of the last events.
#[derive(Debug)]
pub struct Events {
    instance: u64,
    last_seq: u64,
    ring: VecDeque<Event>,
}

impl Events {
    /// Starts with none. `instance` tells the numbers of one daemon from those of the next.
    pub fn new(instance: u64) -> Self {
        Self { instance, last_seq: 0, ring: VecDeque::new() }
    }

    /// Returns which daemon's numbers these are.
    pub fn instance(&self) -> u64 {
        self.instance
    }

    /// Returns which events are kept.
    pub fn feed(&self) -> EventFeed {
        EventFeed { newest: self.last_seq, kept: self.ring.len() as u64, capacity: KEPT_EVENTS as u64 }
    }

    /// Returns the cursor after the last event.
    pub fn cursor(&self) -> Cursor {
        Cursor { instance: self.instance, seq: self.last_seq }
    }

    /// Adds an event and drops the oldest when there are too many.
    pub fn push(&mut self, at: DateTime<Utc>, kind: EventKind) {
        self.last_seq += 1;
        if self.ring.len() == KEPT_EVENTS {
            self.ring.pop_front();
        }
        self.ring.push_back(Event { seq: self.last_seq, at, kind });
    }

    /// Returns the events after a cursor; none if it is not one of ours, or some of them are gone.
    pub fn after(&self, cursor: Cursor) -> Option<Vec<Event>> {
        let oldest_known = self.last_seq - self.ring.len() as u64;
        if cursor.instance != self.instance || cursor.seq > self.last_seq || cursor.seq < oldest_known {
            return None;
        }
        let skip = usize::try_from(cursor.seq - oldest_known).ok()?;
        Some(self.ring.iter().skip(skip).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: u64) -> Events {
        let mut events = Events::new(7);
        for _ in 0..count {
            events.push(DateTime::UNIX_EPOCH, EventKind::ShuttingDown);
        }
        events
    }

    #[track_caller]
    fn check(count: u64, instance: u64, seq: u64, expected: Option<&[u64]>) {
        let found = events(count).after(Cursor { instance, seq });
        assert_eq!(found.map(|events| events.iter().map(|event| event.seq).collect::<Vec<_>>()).as_deref(), expected);
    }

    #[test]
    fn client_gets_exactly_what_it_has_not_seen() {
        check(3, 7, 0, Some(&[1, 2, 3]));
        check(3, 7, 2, Some(&[3]));
        check(3, 7, 3, Some(&[]));
        check(0, 7, 0, Some(&[]));
    }

    #[test]
    fn cursor_of_another_daemon_is_refused() {
        check(3, 8, 1, None);
        check(3, 7, 4, None);
    }

    #[test]
    fn gap_is_refused_not_hidden() {
        let kept = KEPT_EVENTS as u64;
        check(kept + 2, 7, 1, None);
        assert_eq!(events(kept + 2).after(Cursor { instance: 7, seq: 2 }).unwrap().len(), KEPT_EVENTS);
    }
}
