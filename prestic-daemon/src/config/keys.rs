//! The options: the only list of them. Documentation, `prestic-ctl options`, the reading of values and the building
//! of command lines all come from its rows.

use std::fmt;

use serde::Serialize;

use super::value::Kind;

/// An option that has a row of its own.
#[expect(missing_docs, reason = "the table below has a line of documentation for each")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Inherit,
    Description,
    Repository,
    Password,
    PasswordCommand,
    PasswordFile,
    PasswordKeyring,
    Executable,
    Command,
    Args,
    Schedule,
    Notifications,
    WaitForLock,
    CpuPriority,
    IoPriority,
    LimitUpload,
    LimitDownload,
    Verbose,
    Option,
    CacheDir,
    KeyHint,
    PruneLogsAfter,
    LogFilter,
    Timezone,
    RandomDelay,
    CatchUp,
    Deadline,
    Overlap,
    Priority,
    Needs,
    Retry,
    RetryDelay,
    MaxRuntime,
    NoProgressTimeout,
    OnlyOnAc,
    MinBattery,
    NotMetered,
    RequirePath,
    RequireHost,
    Window,
    OverdueAfter,
    Repositories,
    SnapshotIndex,
    MaxParallel,
    StopGrace,
    StartupDelay,
    KeyringTimeout,
    HistoryRuns,
    Include,
    WebListen,
    WebAuth,
    WebAllowedHosts,
    WebOpenToNetwork,
}

/// Whose option it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every profile may have it.
    Profile,
    /// It belongs into the section `[prestic]`.
    Daemon,
}

/// Where an option's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// PRestic itself uses it.
    PRestic,
    /// A flag of restic, without the dashes.
    Flag(&'static str),
    /// A variable in restic's environment.
    Variable(&'static str),
    /// Words of the command line.
    Words,
    /// A flag of restic, and half of rclone's `RCLONE_BWLIMIT`.
    Limit(&'static str),
    /// The variable whose name follows `env.`.
    AnyVariable,
    /// The flag whose name follows `flag.`.
    AnyFlag,
}

/// What is known of an option.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionRow {
    /// Its name in `config.ini`.
    pub name: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// Where the value goes.
    pub goes_to: Destination,
    /// What counts where it is not set.
    pub default: Option<&'static str>,
    /// Whose option it is.
    pub scope: Scope,
    /// What it is for, in one line.
    pub about: &'static str,
    #[serde(skip)]
    key: Option<Key>,
}

/// The description of a profile that has none.
pub const NO_DESCRIPTION: &str = "no description";

/// What `backup` logs for every file that did not change, with `verbose = 2`.
pub const DEFAULT_BACKUP_LOG_FILTER: &str = r"^unchanged\s/";

/// Only Linux is asked whose a connection is.
const DEFAULT_WEB_AUTH: &str = if cfg!(target_os = "linux") { "same-user" } else { "token" };

const fn row(key: Key, name: &'static str, kind: Kind, goes_to: Destination, about: &'static str) -> OptionRow {
    OptionRow { name, kind, goes_to, default: None, scope: Scope::Profile, about, key: Some(key) }
}

impl OptionRow {
    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// The rows of the options with a [`Key`], in the order of its variants.
#[rustfmt::skip]
const ROWS: &[OptionRow] = &[
    row(Key::Inherit, "inherit", Kind::Words, Destination::PRestic, "the profiles to build on; the first one wins"),
    row(Key::Description, "description", Kind::Text, Destination::PRestic, "what the profile is for").or(NO_DESCRIPTION),
    row(Key::Repository, "repository", Kind::Text, Destination::Flag("repo"), "where restic keeps its snapshots"),
    row(Key::Password, "password", Kind::Secret, Destination::Variable("RESTIC_PASSWORD"), "the repository's password, in plain text"),
    row(Key::PasswordCommand, "password-command", Kind::Text, Destination::Variable("RESTIC_PASSWORD_COMMAND"), "a command that prints the password"),
    row(Key::PasswordFile, "password-file", Kind::Text, Destination::Variable("RESTIC_PASSWORD_FILE"), "a file that holds the password"),
    row(Key::PasswordKeyring, "password-keyring", Kind::Text, Destination::PRestic, "the name of the password in the desktop's keyring, which `prestic-ctl keyring` fills"),
    row(Key::Executable, "executable", Kind::Words, Destination::Words, "the program to run, with words to put before its flags").or("restic"),
    row(Key::Command, "command", Kind::Words, Destination::Words, "the restic command that the profile runs"),
    row(Key::Args, "args", Kind::Words, Destination::Words, "the words after the command"),
    row(Key::Schedule, "schedule", Kind::Schedule, Destination::PRestic, "when to run, as `daily at 02:30` or `mon,thu at 12:00`"),
    row(Key::Notifications, "notifications", Kind::Notifications, Destination::PRestic, "what the desktop hears of runs: on (all), problems, or off (failures only); off in [prestic] silences everything").or("problems"),
    row(Key::WaitForLock, "wait-for-lock", Kind::Duration, Destination::PRestic, "how long to wait for a repository that another restic has locked"),
    row(Key::CpuPriority, "cpu-priority", Kind::CpuPriority, Destination::PRestic, "restic's share of the processors"),
    row(Key::IoPriority, "io-priority", Kind::IoPriority, Destination::PRestic, "restic's share of the disks"),
    row(Key::LimitUpload, "limit-upload", Kind::Size, Destination::Limit("limit-upload"), "the most to send a second, in KiB where no unit is given"),
    row(Key::LimitDownload, "limit-download", Kind::Size, Destination::Limit("limit-download"), "the most to fetch a second, in KiB where no unit is given"),
    row(Key::Verbose, "verbose", Kind::Int, Destination::Flag("verbose"), "how much restic tells, from 0 to 3"),
    row(Key::Option, "option", Kind::Words, Destination::Flag("option"), "settings of restic's backends, as `sftp.connections=10`"),
    row(Key::CacheDir, "cache-dir", Kind::Text, Destination::Variable("RESTIC_CACHE_DIR"), "the folder of restic's cache"),
    row(Key::KeyHint, "key-hint", Kind::Text, Destination::Variable("RESTIC_KEY_HINT"), "the id of the key to try first"),
    row(Key::PruneLogsAfter, "prune-logs-after", Kind::Days, Destination::PRestic, "how many days to keep the logs of runs"),
    row(Key::LogFilter, "log-filter", Kind::Pattern, Destination::PRestic, r"lines that match are left out of the log; for backups `^unchanged\s/`"),
    row(Key::Timezone, "timezone", Kind::Zone, Destination::PRestic, "the time zone of the schedule and the window, as `Europe/Berlin`").or("local"),
    row(Key::RandomDelay, "random-delay", Kind::Duration, Destination::PRestic, "how much later than scheduled a run may start, so that not all start at once"),
    row(Key::CatchUp, "catch-up", Kind::CatchUp, Destination::PRestic, "whether to run later what was missed: auto, yes, no, or how old it may be").or("auto"),
    row(Key::Deadline, "deadline", Kind::Duration, Destination::PRestic, "how late a scheduled run may start at all"),
    row(Key::Overlap, "overlap", Kind::Overlap, Destination::PRestic, "when it is due while it runs: skip it, queue it, or replace the run").or("skip"),
    row(Key::Priority, "priority", Kind::RunPriority, Destination::PRestic, "which waiting run starts first: a whole number, or low, normal, high").or("0"),
    row(Key::Needs, "needs", Kind::Words, Destination::PRestic, "the tasks that must have succeeded since this one's last run"),
    row(Key::Retry, "retry", Kind::Times, Destination::PRestic, "how often to repeat a run that failed").or("0"),
    row(Key::RetryDelay, "retry-delay", Kind::Duration, Destination::PRestic, "how long to wait before the first repetition; doubled for each further one").or("1m"),
    row(Key::MaxRuntime, "max-runtime", Kind::Duration, Destination::PRestic, "how long a run may take before it is stopped"),
    row(Key::NoProgressTimeout, "no-progress-timeout", Kind::Duration, Destination::PRestic, "how long a run may go without any progress before it is stopped"),
    row(Key::OnlyOnAc, "only-on-ac", Kind::Bool, Destination::PRestic, "whether to wait for mains power").or("false"),
    row(Key::MinBattery, "min-battery", Kind::Percent, Destination::PRestic, "the charge to wait for, in percent"),
    row(Key::NotMetered, "not-metered", Kind::Bool, Destination::PRestic, "whether to wait for a network that is not paid by volume").or("false"),
    row(Key::RequirePath, "require-path", Kind::Words, Destination::PRestic, "the files or folders to wait for, as the mount point of a disk"),
    row(Key::RequireHost, "require-host", Kind::Hosts, Destination::PRestic, "the servers to wait for, as `nas:22`"),
    row(Key::Window, "window", Kind::Window, Destination::PRestic, "the time of day to run in, as `22:00..06:00`; at its end a run is stopped"),
    row(Key::OverdueAfter, "overdue-after", Kind::Duration, Destination::PRestic, "how old the last success may be; after that a run waits for no condition"),
    row(Key::Repositories, "repositories", Kind::Words, Destination::PRestic, "the profiles whose repositories the task is run for, one after the other"),
    row(Key::SnapshotIndex, "snapshot-index", Kind::SnapshotIndex, Destination::PRestic, "whether a snapshot's names are kept for searching: on (after its backup), on-demand, or off").or("on"),
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::MaxParallel, "max-parallel", Kind::Count, Destination::PRestic, "how many runs there may be at a time").or("4")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::StopGrace, "stop-grace", Kind::Duration, Destination::PRestic, "how long restic may take to stop before it is killed").or("75s")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::StartupDelay, "startup-delay", Kind::Duration, Destination::PRestic, "how long what was missed waits after the start of the machine or of the daemon").or("60s")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::KeyringTimeout, "keyring-timeout", Kind::Duration, Destination::PRestic, "how long the keyring may take to give a password, and the user to unlock it").or("30s")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::HistoryRuns, "history-runs", Kind::Count, Destination::PRestic, "how many runs that have ended are kept in the history").or("250000")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::Include, "include", Kind::Words, Destination::PRestic, "more files to read, as `conf.d/*.ini`; relative to the file that includes them")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::WebListen, "web-listen", Kind::Listen, Destination::PRestic, "the address and port of the web interface, or off").or("127.0.0.1:8711")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::WebAuth, "web-auth", Kind::WebAuth, Destination::PRestic, "who may see it: same-user (Linux), token (whom `prestic-ctl web` lets in) or off (everybody on this machine)").or(DEFAULT_WEB_AUTH)
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::WebAllowedHosts, "web-allowed-hosts", Kind::Words, Destination::PRestic, "further names by which browsers may ask for it, as `backup.example`")
    },
    OptionRow {
        scope: Scope::Daemon,
        ..row(Key::WebOpenToNetwork, "web-open-to-network", Kind::Confirmation, Destination::PRestic, "what has to be written down before it listens where others can reach it")
    },
];

/// The options whose names only begin alike.
const OPEN_ROWS: [OptionRow; 2] = [
    OptionRow {
        name: "env.NAME",
        kind: Kind::Text,
        goes_to: Destination::AnyVariable,
        default: None,
        scope: Scope::Profile,
        about: "a variable for restic's environment",
        key: None,
    },
    OptionRow {
        name: "flag.NAME",
        kind: Kind::Text,
        goes_to: Destination::AnyFlag,
        default: None,
        scope: Scope::Profile,
        about: "any flag of restic, passed as `--NAME=value`",
        key: None,
    },
];

/// Returns every option, in the order in which they are shown.
pub fn options_table() -> impl Iterator<Item = &'static OptionRow> {
    let (profile, daemon): (Vec<_>, Vec<_>) = ROWS.iter().partition(|row| row.scope == Scope::Profile);
    profile.into_iter().chain(&OPEN_ROWS).chain(daemon)
}

impl Key {
    /// Returns the option's row.
    pub fn row(self) -> &'static OptionRow {
        &ROWS[self as usize]
    }

    /// Returns the option's name in `config.ini`.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

/// What a value is stored as. Two ways to write the same thing have the same slot: `repository` and `flag.repo`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// An option with a row.
    Known(Key),
    /// A variable.
    Variable(String),
    /// A flag, without the dashes.
    Flag(String),
}

/// Returns the slot of a key as written, and which values it takes.
pub fn slot(key: &str) -> Option<(Slot, Kind)> {
    if let Some(row) = ROWS.iter().find(|row| row.name == key) {
        return row.key.map(|key| (Slot::Known(key), row.kind));
    }
    let (prefix, name) = key.split_once('.').filter(|(_, name)| !name.is_empty())?;
    let (alias, open): (_, fn(String) -> Slot) = match prefix {
        "env" => (alias(|goes_to| matches!(goes_to, Destination::Variable(variable) if variable == name)), Slot::Variable),
        "flag" => (alias(|goes_to| matches!(goes_to, Destination::Flag(flag) if flag == name)), Slot::Flag),
        _ => return None,
    };
    let kind = if alias.is_some_and(|row| row.kind == Kind::Secret) { Kind::Secret } else { Kind::Text };
    Some((alias.and_then(|row| row.key).map_or_else(|| open(name.to_owned()), Slot::Known), kind))
}

/// Finds the option that goes to the same place by another name.
fn alias(is_same: impl Fn(Destination) -> bool) -> Option<&'static OptionRow> {
    ROWS.iter().find(|row| is_same(row.goes_to))
}

/// As it is written, by the name that it has in the table.
impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(key) => f.write_str(key.name()),
            Self::Variable(name) => write!(f, "env.{name}"),
            Self::Flag(name) => write!(f, "flag.{name}"),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PRestic => f.write_str("prestic"),
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Variable(name) => f.write_str(name),
            Self::Words => f.write_str("command line"),
            Self::Limit(name) => write!(f, "--{name} and RCLONE_BWLIMIT"),
            Self::AnyVariable => f.write_str("NAME"),
            Self::AnyFlag => f.write_str("--NAME"),
        }
    }
}

impl Serialize for Destination {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_keys() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.key.map(|key| key as usize), Some(index), "{}", row.name);
        }
    }

    #[test]
    fn every_option_is_in_the_table_once() {
        let mut names: Vec<_> = options_table().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len() + OPEN_ROWS.len());
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len() + OPEN_ROWS.len());
    }

    #[track_caller]
    fn check(key: &str, expected: Option<Slot>) {
        assert_eq!(slot(key).map(|(slot, _)| slot), expected);
    }

    #[test]
    fn two_names_of_one_thing_share_a_slot() {
        check("repository", Some(Slot::Known(Key::Repository)));
        check("flag.repo", Some(Slot::Known(Key::Repository)));
        check("env.RESTIC_PASSWORD", Some(Slot::Known(Key::Password)));
        check("env.restic_password", Some(Slot::Variable("restic_password".to_owned())));
        check("flag.limit-upload", Some(Slot::Flag("limit-upload".to_owned())));
    }

    #[test]
    fn unknown_keys_have_no_slot() {
        check("repo", None);
        check("env.", None);
        check("flag.", None);
        check("other.name", None);
    }
}
