//! A lock as restic keeps it in a repository.

use chrono::{DateTime, Utc};
use prestic_proto::lock::LockHolder;
use serde::Deserialize;

/// A lock, as `restic cat lock` shows it. Its file never changes: a restic that lives makes a new one every five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Lock {
    /// The name of its file.
    #[serde(skip)]
    pub id: String,
    /// When it was made, or refreshed.
    pub time: DateTime<Utc>,
    /// Whether its holder shares the repository with nobody.
    #[serde(default)]
    pub exclusive: bool,
    /// The machine of its holder.
    #[serde(default)]
    pub hostname: String,
    /// The user of its holder.
    #[serde(default)]
    pub username: String,
    /// The holder's process id.
    #[serde(default)]
    pub pid: u32,
}

impl Lock {
    /// Reads what `restic cat lock` has written about the lock with this id. A message of restic's can precede the document.
    pub fn parse(id: &str, answer: &str) -> serde_json::Result<Self> {
        let document = answer.find('{').map_or(answer, |start| &answer[start..]);
        Ok(Self { id: id.to_owned(), ..serde_json::from_str(document)? })
    }

    /// Returns what clients are told of it.
    pub fn to_holder(&self) -> LockHolder {
        LockHolder {
            id: self.id.clone(),
            host: self.hostname.clone(),
            user: self.username.clone(),
            pid: self.pid,
            created_at: self.time,
            is_exclusive: self.exclusive,
        }
    }
}

/// Finds the ids of locks in what `restic list locks` has written.
pub fn lock_ids(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace().filter(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Returns the locks that kept a restic from getting its own: an exclusive one, else all, since then its own is exclusive.
pub fn in_the_way(locks: &[Lock]) -> Vec<&Lock> {
    let exclusive: Vec<&Lock> = locks.iter().filter(|lock| lock.exclusive).collect();
    if exclusive.is_empty() { locks.iter().collect() } else { exclusive }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_is_read_whatever_precedes_it() {
        let answer = "repository opened\n{\"time\":\"2026-01-23T01:23:50.5+01:00\",\"hostname\":\"here\",\"username\":\"me\",\
            \"pid\":7,\"exclusive\":true}\n";
        let lock = Lock::parse("0a", answer).unwrap();
        assert_eq!((lock.id.as_str(), lock.hostname.as_str(), lock.username.as_str(), lock.pid), ("0a", "here", "me", 7));
        assert!(lock.exclusive);
        assert_eq!(lock.time.to_rfc3339(), "2026-01-23T00:23:50.500+00:00");
    }

    #[test]
    fn lock_without_a_time_could_be_of_any_age_and_is_refused() {
        assert!(Lock::parse("0a", "{\"hostname\":\"here\",\"pid\":7}").is_err());
        assert!(Lock::parse("0a", "nothing").is_err());
    }

    #[test]
    fn ids_are_found_among_other_words() {
        let id = "0f".repeat(32);
        let list = format!("repository 0f0f0f0f opened (version 2)\n{id}\nzz\n");
        assert_eq!(lock_ids(&list).collect::<Vec<_>>(), [id]);
    }

    #[test]
    fn exclusive_lock_is_in_the_way_of_all_and_a_shared_one_of_exclusive_ones() {
        let lock = |id: &str, exclusive| Lock {
            id: id.to_owned(),
            time: DateTime::UNIX_EPOCH,
            exclusive,
            hostname: String::new(),
            username: String::new(),
            pid: 1,
        };
        let ids = |locks: &[Lock]| in_the_way(locks).iter().map(|lock| lock.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&[lock("a", false), lock("b", true)]), ["b"]);
        assert_eq!(ids(&[lock("a", false), lock("b", false)]), ["a", "b"]);
        assert!(ids(&[]).is_empty());
    }
}
