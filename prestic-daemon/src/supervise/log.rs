//! The log of one run: its text, bounded so that no task can fill the disk.
//!
//! A log that cannot be written is given up and remembered as such: a backup is worth more than its log.

use std::{fs::File, io::Write, mem};

/// The bytes after which a log keeps only the end of what still comes.
const HEAD_LIMIT: u64 = 64 * 1024 * 1024;

/// The bytes of that end.
const TAIL_LIMIT: usize = 1024 * 1024;

/// The log of one run.
#[derive(Debug)]
pub struct Log {
    file: Option<File>,
    failure: Option<String>,
    /// Lines that have not been written yet; empty after each [`Log::flush`].
    pending: Vec<u8>,
    written: u64,
    head_limit: u64,
    tail: Option<Tail>,
}

impl Log {
    /// Writes into a file.
    pub fn new(file: File) -> Self {
        Self { file: Some(file), failure: None, pending: Vec::new(), written: 0, head_limit: HEAD_LIMIT, tail: None }
    }

    /// Writes nowhere, for this reason.
    pub fn without_file(reason: String) -> Self {
        Self { file: None, failure: Some(reason), pending: Vec::new(), written: 0, head_limit: HEAD_LIMIT, tail: None }
    }

    /// Returns why there is no log, or no whole one.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Returns how many bytes are in the file.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Adds a line, or several. They are in the file after the next [`Log::flush`].
    pub fn add(&mut self, text: &str) {
        if self.file.is_none() {
            return;
        }
        if let Some(tail) = &mut self.tail {
            tail.add(text);
            return;
        }
        self.pending.extend_from_slice(text.as_bytes());
        self.pending.push(b'\n');
        if self.written + self.pending.len() as u64 >= self.head_limit {
            self.pending.extend_from_slice("[… the log is full: of what follows only the end is kept]\n".as_bytes());
            self.tail = Some(Tail::default());
        }
    }

    /// Writes what was added.
    pub fn flush(&mut self) {
        let Some(file) = &mut self.file else { return };
        let result = file.write_all(&self.pending);
        self.written += self.pending.len() as u64;
        self.pending.clear();
        if let Err(error) = result {
            self.give_up(&error);
        }
    }

    /// Writes the end of the log, and waits until all of it is on the disk.
    pub fn finish(&mut self, footer: &str) {
        if let Some(tail) = self.tail.take() {
            if tail.dropped > 0 {
                self.pending.extend_from_slice(format!("[… {} bytes are left out]\n", tail.dropped).as_bytes());
            }
            self.pending.extend_from_slice(&tail.older);
            self.pending.extend_from_slice(&tail.newer);
        }
        self.pending.extend_from_slice(footer.as_bytes());
        self.flush();
        if let Some(file) = &mut self.file
            && let Err(error) = file.sync_all()
        {
            self.give_up(&error);
        }
        self.file = None;
    }

    fn give_up(&mut self, error: &std::io::Error) {
        self.failure = Some(format!("the log could not be written: {error}"));
        self.file = None;
        self.tail = None;
    }
}

/// The end of what a full log was given: at least the last half of [`TAIL_LIMIT`].
#[derive(Debug, Default)]
struct Tail {
    older: Vec<u8>,
    newer: Vec<u8>,
    dropped: u64,
}

impl Tail {
    fn add(&mut self, text: &str) {
        if self.newer.len() + text.len() >= TAIL_LIMIT / 2 {
            self.dropped += self.older.len() as u64;
            self.older = mem::take(&mut self.newer);
        }
        self.newer.extend_from_slice(text.as_bytes());
        self.newer.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn log(head_limit: u64) -> (tempfile::NamedTempFile, Log) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = Log::new(file.reopen().unwrap());
        log.head_limit = head_limit;
        (file, log)
    }

    #[test]
    fn lines_are_there_after_a_flush() {
        let (file, mut log) = log(HEAD_LIMIT);
        log.add("one");
        log.add("two");
        log.flush();
        assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\n");
        log.finish("end\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), "one\ntwo\nend\n");
        assert_eq!(log.failure(), None);
    }

    #[test]
    fn full_log_keeps_its_head_and_its_end() {
        let (file, mut log) = log(100);
        for number in 0..400_000 {
            log.add(&format!("line {number}"));
            log.flush();
        }
        log.finish("footer\n");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("line 0\nline 1\n"), "{}", &text[..50]);
        assert!(text.ends_with("line 399998\nline 399999\nfooter\n"));
        assert!(text.contains("bytes are left out]\n"));
        assert!(text.len() < TAIL_LIMIT + 1000, "{} bytes", text.len());
        assert!(text.len() > TAIL_LIMIT / 2, "{} bytes", text.len());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn full_disk_ends_the_log_and_nothing_else() {
        let mut log = Log::new(File::options().write(true).open("/dev/full").unwrap());
        log.add("line");
        log.flush();
        assert!(log.failure().is_some_and(|failure| failure.starts_with("the log could not be written: ")));
        log.add("more");
        log.finish("end");
    }
}
