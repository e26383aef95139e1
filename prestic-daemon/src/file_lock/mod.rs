//! Locks that say that a process lives: the system gives them back when it ends, however that happens.
//!
//! A lock belongs to the open file, so a child that inherits the file holds it too, and there is no moment between the two at
//! which nobody does.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub use system::{is_held, take, take_within, wait_until_free};

#[cfg(test)]
mod tests {
    use std::{fs::File, thread, time::Duration};

    use super::*;

    #[test]
    fn lock_is_held_as_long_as_its_file_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!is_held(&path).unwrap());
        let lock = take(&path).unwrap().unwrap();
        let inherited = lock.try_clone().unwrap();
        drop(lock);
        assert!(is_held(&path).unwrap());
        assert!(take(&path).unwrap().is_none());
        assert!(take_within(&path, Duration::from_millis(1)).unwrap().is_none());
        drop(inherited);
        wait_until_free(&path).unwrap();
        // Whoever waited in vain above gets it for a moment.
        assert!(take_within(&path, Duration::from_secs(60)).unwrap().is_some());
    }

    #[test]
    fn file_of_a_lock_that_is_held_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _lock = take(&path).unwrap().unwrap();
        assert!(std::io::read_to_string(File::open(&path).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn whoever_waits_sees_the_end_of_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let lock = take(&path).unwrap().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| wait_until_free(&path));
            assert!(is_held(&path).unwrap());
            drop(lock);
            waiting.join().unwrap().unwrap();
        });
        assert!(take_within(&path, Duration::from_secs(60)).unwrap().is_some());
    }
}
