//! `status.ini`: what each task did last, shared with Python's PRestic, which reads and writes the same file.
//!
//! The core alone writes it. What somebody else put there survives; a file that cannot be read is set aside and never
//! overwritten. How values are spelled is told in `text.rs` and `entry.rs`, how Python reads a file in `python.rs`.

mod entry;
mod python;
mod seal;
mod sections;
mod text;

#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use ini::Properties;
use prestic_proto::status::Pause;
use sections::Sections;
use thiserror::Error;

pub use self::entry::TaskEntry;
use crate::atomic_write;

/// The section of the daemon itself.
const DAEMON_SECTION: &str = "__prestic__";

/// The key, in the daemon's section, of the greatest number that a run was given.
const LAST_RUN: &str = "last_run_number";

/// The content of `status.ini`.
#[derive(Debug, Default)]
pub struct StatusIni {
    sections: Sections,
    /// A file that nothing may be written over.
    in_the_way: Option<Arc<InTheWay>>,
}

/// An unusable file that could not be set aside.
#[derive(Debug)]
struct InTheWay {
    found_at: DateTime<Utc>,
    /// Whether it could be later on. Copies of the state share it, lest one of them sets aside what another has saved.
    is_gone: AtomicBool,
}

/// Why a file's content was not taken over. The tasks' state starts empty.
#[derive(Debug, Error)]
pub enum Warning {
    /// It is kept under another name.
    #[error("cannot use `{}`; it is now `{}`", path.display(), kept_as.display())]
    SetAside {
        /// The file.
        path: PathBuf,
        /// What it is called now.
        kept_as: PathBuf,
        /// What is wrong with it.
        #[source]
        damage: Damage,
    },
    /// It stands where it stood, and the state cannot be saved before it goes.
    #[error("cannot use `{}`, and it cannot be renamed ({error})", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
        /// Why it could not be renamed.
        error: io::Error,
        /// What is wrong with it.
        #[source]
        damage: Damage,
    },
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum Damage {
    /// The system does not let us have it.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// It has no content at all, as a crash can leave it.
    #[error("it is empty")]
    Empty,
    /// It is no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Its end is missing, or some of it was changed.
    #[error("it is incomplete or was changed without removing its checksum")]
    Torn,
    /// Python's ConfigParser would refuse it.
    #[error("line {line}: {message}")]
    NotIni {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

impl StatusIni {
    /// Reads the file; none is an empty one. An unusable one is renamed to `status.ini.bad-<time>`.
    pub fn load(path: &Path, now: DateTime<Utc>) -> (Self, Option<Warning>) {
        let damage = match read(path) {
            Ok(sections) => return (Self { sections, in_the_way: None }, None),
            Err(damage) => damage,
        };
        match set_aside(path, now) {
            Ok(kept_as) => (Self::default(), Some(Warning::SetAside { path: path.to_owned(), kept_as, damage })),
            Err(error) => {
                let in_the_way = Arc::new(InTheWay { found_at: now, is_gone: AtomicBool::new(false) });
                let empty = Self { in_the_way: Some(in_the_way), ..Self::default() };
                (empty, Some(Warning::InTheWay { path: path.to_owned(), error, damage }))
            }
        }
    }

    /// Reads the file without ever touching it.
    pub fn look(path: &Path) -> Result<Self, Damage> {
        read(path).map(|sections| Self { sections, in_the_way: None })
    }

    /// Returns what is known of a task.
    pub fn task(&self, name: &str) -> Option<TaskEntry> {
        self.sections.get(&text::section_name(name)).as_ref().map(TaskEntry::read)
    }

    /// Notes what is known of a task now. Keys of its section that are not ours stay.
    pub fn set_task(&mut self, name: &str, entry: &TaskEntry) {
        self.change(&text::section_name(name), |section| entry.write(section));
    }

    /// Returns the process of the daemon, or of Python's PRestic, while it runs or since it has crashed.
    pub fn daemon_pid(&self) -> Option<u32> {
        let section = self.sections.get(DAEMON_SECTION)?;
        section.get("pid")?.trim().parse().ok().filter(|pid| *pid != 0)
    }

    /// Notes the daemon's process.
    pub fn set_daemon_pid(&mut self, pid: u32) {
        self.change(DAEMON_SECTION, |section| section.insert("pid", pid.to_string()));
    }

    /// Returns the greatest number that a run was given; 0 before the first.
    pub fn last_run(&self) -> u64 {
        let section = self.sections.get(DAEMON_SECTION);
        let number = section.as_ref().and_then(|section| section.get(LAST_RUN));
        number.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
    }

    /// Notes the greatest number that a run was given, so that it is not given again.
    pub fn set_last_run(&mut self, number: u64) {
        self.change(DAEMON_SECTION, |section| section.insert(LAST_RUN, number.to_string()));
    }

    /// Returns the pause of all tasks.
    pub fn pause(&self) -> Option<Pause> {
        self.sections.get(DAEMON_SECTION).as_ref().and_then(entry::read_pause)
    }

    /// Notes the pause of all tasks.
    pub fn set_pause(&mut self, pause: Option<Pause>) {
        self.change(DAEMON_SECTION, |section| match pause {
            Some(pause) => section.insert(entry::PAUSED, entry::pause_text(pause)),
            None => drop(section.remove_all(entry::PAUSED)),
        });
    }

    /// Returns the content as it is to be written.
    pub fn to_file(&self) -> StatusFile {
        StatusFile { text: seal::seal(&self.sections.to_text()), in_the_way: self.in_the_way.clone() }
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Properties)) {
        let mut section = self.sections.get(name).unwrap_or_default();
        change(&mut section);
        self.sections.set(name, section).expect("a text can be written into memory");
    }
}

/// A content that is to be written.
#[derive(Debug)]
pub struct StatusFile {
    text: String,
    in_the_way: Option<Arc<InTheWay>>,
}

impl StatusFile {
    /// Writes the file so that a crash leaves the old one or the new one.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        if let Some(in_the_way) = self.in_the_way.as_ref().filter(|in_the_way| !in_the_way.is_gone.load(Ordering::Relaxed)) {
            match set_aside(path, in_the_way.found_at) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => in_the_way.is_gone.store(true, Ordering::Relaxed),
            }
        }
        atomic_write::replace(path, self.text.as_bytes())
    }
}

fn read(path: &Path) -> Result<Sections, Damage> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Sections::default()),
        bytes => bytes.map_err(Damage::Unreadable)?,
    };
    if bytes.is_empty() {
        return Err(Damage::Empty);
    }
    let text = String::from_utf8(bytes).map_err(|_| Damage::NotUtf8)?;
    if seal::is_broken(&text) {
        return Err(Damage::Torn);
    }
    python::read(&text)
}

/// Renames a file to a name that nothing has yet.
fn set_aside(path: &Path, now: DateTime<Utc>) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut number = 1;
    loop {
        let mut kept_name = name.to_owned();
        kept_name.push(format!(".bad-{}", now.format("%Y%m%dT%H%M%SZ")));
        if number > 1 {
            kept_name.push(format!("-{number}"));
        }
        let kept_as = path.with_file_name(kept_name);
        if fs::symlink_metadata(&kept_as).is_err() {
            return fs::rename(path, &kept_as).map(|()| kept_as);
        }
        number += 1;
    }
}
