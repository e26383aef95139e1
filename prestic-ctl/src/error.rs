//! What can stop `prestic-ctl`, and how it is said: one `error:` line, the causes, a hint.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use prestic_proto::{
    daemon_program::ProgramError,
    error::{ApiError, CallError, ConnectError},
    home::NoHome,
    profile::ConfigProblem,
    run::RunId,
};
use thiserror::Error;

use crate::{
    import::{ConvertError, Origin},
    service::ServiceError,
};

/// Why a command was not carried out.
#[derive(Debug, Error)]
pub enum CtlError {
    /// There is no home to look for a daemon in.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// No daemon runs, and none may be started.
    #[error("no daemon runs for {}", .home.display())]
    NoDaemon {
        /// The home that it would serve.
        home: PathBuf,
    },
    /// A daemon was started, but it never listened.
    #[error("the daemon did not start ({0})")]
    StartFailed(ExitStatus),
    /// The daemon cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A call had no answer.
    #[error("the daemon did not answer")]
    Call(#[from] CallError),
    /// The daemon went away while a run was followed, and did not come back.
    #[error("the daemon went away and did not come back")]
    Lost(#[source] ConnectError),
    /// The daemon that came back does not know the run.
    #[error("the daemon no longer knows run {0}")]
    Forgotten(RunId),
    /// The daemon said no.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The daemon does not know the name because the section has errors.
    #[error("`{name}` cannot be used: its configuration has errors")]
    BrokenSection {
        /// The section.
        name: String,
        /// What is wrong with it.
        errors: Vec<ConfigProblem>,
    },
    /// There is no configuration, so there is nothing that a daemon could do.
    #[error("there is no configuration yet: {} is missing", .file.display())]
    NoConfig {
        /// The file that would hold it.
        file: PathBuf,
    },
    /// What was given as a time is none.
    #[error("`{0}` is no time")]
    BadTime(String),
    /// What is to come lies in the past.
    #[error("`{0}` is over already")]
    PastTime(String),
    /// The daemon said no, and its status tells what to do instead.
    #[error("{error}")]
    Hinted {
        /// The daemon's no.
        error: ApiError,
        /// What to do.
        hint: String,
    },
    /// Words of Python's PRestic that it would have refused, too.
    #[error("{0}")]
    OldUsage(String),
    /// What is written is of another format, and nothing but that.
    #[error("`{command}` writes {format}, and no JSON")]
    NoJson {
        /// The command.
        command: &'static str,
        /// What it writes.
        format: &'static str,
    },
    /// A daemon has a home, and not only a configuration.
    #[error("{} is no home: a daemon needs a folder with `config.ini`", .file.display())]
    NoHomeOfFile {
        /// What was named.
        file: PathBuf,
    },
    /// A file to import cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("cannot import {}", .file.display())]
    NotImported {
        /// The file.
        file: PathBuf,
        /// Whose file it should be.
        origin: Origin,
        /// What is wrong with it.
        #[source]
        source: ConvertError,
    },
    /// A secret would be shown.
    #[error("there are secrets in the clear in this file, and a terminal shows them")]
    SecretsOnTerminal,
    /// A new file cannot be written.
    #[error("cannot write {}", .file.display())]
    NotWritten {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is nothing to show.
    #[error("{0}")]
    NothingYet(&'static str),
    /// `prestic-daemon` cannot be run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The service cannot be installed, removed or looked at.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The system has no resources for an event loop.
    #[error("cannot set up an event loop")]
    Runtime(#[source] io::Error),
    /// Standard output does not take what is written.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl CtlError {
    /// Whether the reader of our output has gone away, which is its right.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns what the user can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoDaemon { .. } => {
                Some("start it with `prestic-daemon`, or leave out `--no-start` and it is started for you".to_owned())
            }
            Self::Api(ApiError::AlreadyActive { task, run }) => Some(format!(
                "follow it with `prestic-ctl log {task} -f`, stop it with `prestic-ctl stop {run}`, run it once more after that with `--queue`"
            )),
            Self::BadTime(_) => {
                Some("write `18:00` for the next one, `2026-03-29 08:00`, or 2026-03-29T08:00:00+02:00".to_owned())
            }
            Self::Hinted { hint, .. } => Some(hint.clone()),
            Self::Api(ApiError::Group { .. }) => Some("name one of them".to_owned()),
            Self::Api(ApiError::UnknownTask { similar: None, .. }) => Some("`prestic-ctl status` lists the tasks".to_owned()),
            Self::Api(ApiError::UnknownProfile { similar: None, .. }) => {
                Some("`prestic-ctl profiles` lists the profiles".to_owned())
            }
            Self::Api(ApiError::UnknownRun(_)) => Some("`prestic-ctl history` lists the runs".to_owned()),
            Self::Api(ApiError::NoWeb(_)) => {
                Some("see `web-listen` in `prestic-ctl options`; backups go on without it".to_owned())
            }
            Self::Service(error) => error.hint(),
            Self::NoConfig { file } => Some(how_to_begin(file)),
            Self::OldUsage(_) => Some("`prestic --help` shows the old words, `prestic-ctl --help` the new ones".to_owned()),
            Self::NoJson { .. } => Some("leave out `--json`".to_owned()),
            Self::NoHomeOfFile { .. } => {
                Some("name a folder, or bring the file in with `include = FILE` in [prestic] of a config.ini".to_owned())
            }
            Self::NotImported { origin, source, .. } => source.hint(*origin).map(str::to_owned),
            Self::SecretsOnTerminal => Some("write it into a file that only you can read: `--output FILE`".to_owned()),
            Self::NotWritten { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                Some("nothing is ever overwritten: name another file".to_owned())
            }
            Self::Lost(_) => Some("runs go on without it; start it again and see `prestic-ctl status`".to_owned()),
            _ => None,
        }
    }

    /// Returns the whole story: what failed, why, and what to do, a line each.
    pub fn report(&self) -> Vec<String> {
        let mut lines = vec![self.to_string()];
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let line = format!("  caused by: {error}");
            // Transparent wrappers repeat what they wrap.
            if lines.last() != Some(&line) {
                lines.push(line);
            }
            cause = error.source();
        }
        if let Self::Api(ApiError::BadConfig(problems)) | Self::BrokenSection { errors: problems, .. } = self {
            lines.extend(problems.iter().map(|problem| format!("  {problem}").replace('\n', "\n  ")));
        }
        lines.extend(self.hint().map(|hint| format!("hint: {hint}")));
        lines
    }
}

/// Returns the smallest configuration that does something, and where it goes.
pub fn how_to_begin(file: &Path) -> String {
    format!(
        "`prestic-ctl new` asks what it takes; or write {} with your own paths, then see `prestic-ctl check`:\n\
         \n  [home]\n  repository = /mnt/disk/backups\n  password-file = /home/me/.prestic/password\n  \
         schedule = daily at 12:30\n  command = backup\n  args = /home/me --exclude-caches",
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_under_way_comes_with_the_way_to_follow_it() {
        let error = CtlError::from(ApiError::AlreadyActive { task: "home".to_owned(), run: RunId(12) });
        assert_eq!(
            error.report(),
            [
                "task `home` is already under way as run 12",
                "hint: follow it with `prestic-ctl log home -f`, stop it with `prestic-ctl stop 12`, run it once more after that with `--queue`",
            ]
        );
    }

    #[test]
    fn a_missing_configuration_comes_with_one_to_begin_with() {
        let error = CtlError::NoConfig { file: PathBuf::from("there/config.ini") };
        assert_eq!(error.to_string(), "there is no configuration yet: there/config.ini is missing");
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("`prestic-ctl new`") && hint.contains("write there/config.ini") && hint.contains("\n  [home]\n"),
            "{hint}"
        );
    }

    #[test]
    fn a_section_with_errors_comes_with_them() {
        let problem = ConfigProblem {
            file: PathBuf::from("config.ini"),
            line: Some(3),
            section: Some("home".to_owned()),
            key: Some("verbose".to_owned()),
            message: "wrong".to_owned(),
            hint: Some("mend it".to_owned()),
        };
        let error = CtlError::BrokenSection { name: "home".to_owned(), errors: vec![problem] };
        assert_eq!(
            error.report(),
            ["`home` cannot be used: its configuration has errors", "  wrong in [home] at config.ini:3\n    hint: mend it"]
        );
    }

    #[test]
    fn a_missing_daemon_comes_with_the_way_to_start_it() {
        let error = CtlError::NoDaemon { home: PathBuf::from("there") };
        assert_eq!(error.to_string(), "no daemon runs for there");
        assert!(error.hint().is_some_and(|hint| hint.contains("`prestic-daemon`")));
    }
}
