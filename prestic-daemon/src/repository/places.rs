//! Decides which reading of a repository may have a restic now: two to a repository, four in all, short ones first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::config::repository_identity::RepositoryId;

/// How many restics may read one repository. Each takes a hundred megabytes and a connection.
const PER_REPOSITORY: usize = 2;

/// How many restics may read in all.
const IN_ALL: usize = 4;

/// What a reading is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody waits for it, and it ends in a moment: a folder, a small file.
    Short,
    /// Somebody waits for it, and it may take long: a download.
    Long,
    /// Nobody waits.
    Idle,
}

/// Hands out places.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<Book>>);

/// A place, for as long as it is kept.
#[derive(Debug)]
pub struct Place {
    places: Places,
    repository: RepositoryId,
    kind: Kind,
}

#[derive(Debug, Default)]
struct Book {
    taken: Taken,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    repository: RepositoryId,
    kind: Kind,
    place: oneshot::Sender<Place>,
}

/// The places that are taken.
#[derive(Debug, Default)]
struct Taken(HashMap<RepositoryId, Count>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    short: usize,
    long: usize,
}

impl Taken {
    /// Whether one more may begin. One place of a repository, and one of all, is left for short readings: browsing goes on
    /// whatever is downloaded or indexed.
    fn has_room(&self, repository: &RepositoryId, kind: Kind) -> bool {
        let here = self.0.get(repository).copied().unwrap_or_default();
        let long = self.0.values().map(|count| count.long).sum::<usize>();
        let all = self.all();
        here.short + here.long < PER_REPOSITORY
            && all < IN_ALL
            // Two repositories that do not answer must not keep all others from being read.
            && (here == Count::default() || all + 1 < IN_ALL)
            && (kind == Kind::Short || (here.long + 1 < PER_REPOSITORY && long + 1 < IN_ALL))
    }

    fn all(&self) -> usize {
        self.0.values().map(|count| count.short + count.long).sum()
    }

    fn take(&mut self, repository: &RepositoryId, kind: Kind) {
        let count = self.0.entry(repository.clone()).or_default();
        *(if kind == Kind::Short { &mut count.short } else { &mut count.long }) += 1;
    }

    fn give_back(&mut self, repository: &RepositoryId, kind: Kind) {
        if let Some(count) = self.0.get_mut(repository) {
            *(if kind == Kind::Short { &mut count.short } else { &mut count.long }) -= 1;
            if *count == Count::default() {
                self.0.remove(repository);
            }
        }
    }
}

impl Places {
    /// Waits for a place. It comes in the order of urgency, then of arrival.
    pub async fn take(&self, repository: &RepositoryId, kind: Kind) -> Place {
        let (place, given) = oneshot::channel();
        self.with(|book| book.waiting.push_back(Waiting { repository: repository.clone(), kind, place }));
        self.give_out();
        given.await.expect("nobody but `give_out` takes a waiting one off the list, and it sends the place")
    }

    /// Returns how many places are taken.
    pub fn taken(&self) -> usize {
        self.with(|book| book.taken.all())
    }

    fn give_out(&self) {
        // A place whose taker has gone comes back through `drop`, which must not find the book locked.
        while let Some((waiting, place)) = self.next() {
            drop(waiting.send(place));
        }
    }

    fn next(&self) -> Option<(oneshot::Sender<Place>, Place)> {
        self.with(|book| {
            book.waiting.retain(|waiting| !waiting.place.is_closed());
            let fits = |waiting: &&Waiting| book.taken.has_room(&waiting.repository, waiting.kind);
            // The first of equals is taken, so the order of arrival holds.
            let kind = book.waiting.iter().filter(fits).map(|waiting| waiting.kind).min()?;
            let position = book.waiting.iter().position(|waiting| waiting.kind == kind && fits(&waiting))?;
            let Waiting { repository, kind, place } = book.waiting.remove(position)?;
            book.taken.take(&repository, kind);
            Some((place, Place { places: self.clone(), repository, kind }))
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Book) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.with(|book| book.taken.give_back(&self.repository, self.kind));
        self.places.give_out();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn repository(name: &str) -> RepositoryId {
        serde_json::from_value(name.into()).unwrap()
    }

    /// Checks which of some readings begin at once, in this order.
    #[track_caller]
    fn check(readings: &[(&str, Kind, bool)]) {
        let places = Places::default();
        let mut kept = Vec::new();
        for (name, kind, expected) in readings {
            let mut taking = Box::pin({
                let (places, repository, kind) = (places.clone(), repository(name), *kind);
                async move { places.take(&repository, kind).await }
            });
            let place = taking.as_mut().now_or_never();
            assert_eq!(place.is_some(), *expected, "{name} {kind:?} of {readings:?}");
            kept.push((place, taking));
        }
    }

    #[test]
    fn two_read_a_repository_at_most() {
        check(&[("a", Kind::Short, true), ("a", Kind::Short, true), ("a", Kind::Short, false), ("b", Kind::Short, true)]);
    }

    #[test]
    fn four_read_at_most() {
        check(&[
            ("a", Kind::Short, true),
            ("a", Kind::Long, true),
            ("b", Kind::Short, true),
            ("c", Kind::Short, true),
            ("d", Kind::Short, false),
        ]);
    }

    #[test]
    fn one_place_is_left_for_short_readings() {
        check(&[("a", Kind::Long, true), ("a", Kind::Idle, false), ("a", Kind::Long, false), ("a", Kind::Short, true)]);
        check(&[("a", Kind::Idle, true), ("a", Kind::Long, false), ("a", Kind::Short, true)]);
        check(&[
            ("a", Kind::Long, true),
            ("b", Kind::Idle, true),
            ("c", Kind::Long, true),
            ("d", Kind::Long, false),
            ("d", Kind::Short, true),
        ]);
    }

    #[test]
    fn two_repositories_that_do_not_answer_leave_a_place_for_another() {
        check(&[
            ("a", Kind::Short, true),
            ("a", Kind::Short, true),
            ("b", Kind::Short, true),
            ("b", Kind::Short, false),
            ("c", Kind::Short, true),
        ]);
    }

    #[tokio::test]
    async fn more_urgent_one_that_came_later_is_first() {
        let (places, id) = (Places::default(), repository("a"));
        let held = places.take(&id, Kind::Long).await;
        let mut idle = Box::pin(places.take(&id, Kind::Idle));
        assert!(idle.as_mut().now_or_never().is_none());
        let mut long = Box::pin(places.take(&id, Kind::Long));
        assert!(long.as_mut().now_or_never().is_none());
        drop(held);
        let second = long.as_mut().now_or_never().expect("the place is free");
        assert!(idle.as_mut().now_or_never().is_none());
        drop(second);
        assert!(idle.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn place_of_one_that_has_gone_is_free_again() {
        let (places, id) = (Places::default(), repository("a"));
        let held = places.take(&id, Kind::Long).await;
        drop(Box::pin(places.take(&id, Kind::Long)));
        let mut gone = Box::pin(places.take(&id, Kind::Long));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(held);
        // It was given the place, and has not looked.
        drop(gone);
        assert_eq!(places.taken(), 0);
    }
}
