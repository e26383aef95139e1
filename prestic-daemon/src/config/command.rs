//! Builds restic's command line and environment from a profile.
//!
//! The order is that of the Python PRestic: the program, the flags in the order of the profile's lines, the limits,
//! then the arguments. No secret gets into the arguments.

use std::{ffi::OsString, fmt};

use prestic_proto::profile::OptionValue;
use thiserror::Error;

use super::{
    groups,
    keys::{Destination, Key, Slot},
    profile::{Profile, Setting},
    redact, ssh,
    value::Value,
    words,
};
use crate::{
    process::{CpuPriority, IoPriority},
    secret::Secret,
};

/// What restic is asked to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Arguments {
    /// The profile's own `command` and `args`.
    Own,
    /// The profile's own, then these.
    OwnAnd(Vec<String>),
    /// These; the profile's own if there are none.
    Instead(Vec<String>),
}

/// Why there is no command.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// The profile is for several repositories, and restic takes one.
    #[error("profile `{profile}` has several repositories: use `{}` instead", .instead.join("` or `"))]
    SeveralRepositories {
        /// The profile.
        profile: String,
        /// The profiles that have one of them each.
        instead: Vec<String>,
    },
    /// The profile has nothing to run, and nobody said what else.
    #[error("profile `{profile}` has no `command`: set one, or say which restic command to run")]
    NothingToRun {
        /// The profile.
        profile: String,
    },
}

/// A restic, ready to start.
#[derive(Clone, PartialEq, Eq)]
pub struct ResticCommand {
    /// The program, and words that come before restic's flags.
    pub executable: Vec<String>,
    /// restic's global flags.
    pub flags: Vec<String>,
    /// The command and its arguments.
    pub arguments: Vec<String>,
    /// What restic's environment has beside what it inherits.
    pub env: Vec<(String, Secret)>,
    /// The entry of the keyring that has its password, which is not in the environment yet.
    pub keyring_entry: Option<String>,
    /// Its share of the processors.
    pub cpu_priority: Option<CpuPriority>,
    /// Its share of the disks.
    pub io_priority: Option<IoPriority>,
    repository: Option<String>,
    nobody_answers_prompts: bool,
}

/// Variables of the daemon that no restic gets unless its profile names them.
const SCRUBBED_PREFIXES: [&str; 6] = ["RESTIC_", "AWS_", "B2_", "AZURE_", "GOOGLE_", "PRESTIC_"];

/// Twice a second is enough for a progress bar, and costs nothing beside a backup.
const PROGRESS_FPS: &str = "2";

/// Global flags of restic that take the next word as their value.
pub(super) const FLAGS_WITH_VALUE: &[&str] = &[
    "-r",
    "-p",
    "-o",
    "--repo",
    "--repository-file",
    "--password-file",
    "--password-command",
    "--key-hint",
    "--option",
    "--cache-dir",
    "--cacert",
    "--tls-client-cert",
    "--limit-upload",
    "--limit-download",
    "--compression",
    "--pack-size",
    "--retry-lock",
    "--stuck-request-timeout",
    "--http-user-agent",
];

impl Profile {
    /// Returns why no command of this profile can run, whatever is asked of it.
    pub fn cannot_run(&self) -> Option<CommandError> {
        let repositories = groups::repositories(self)?;
        let members = Some(self.members().to_vec()).filter(|members| !members.is_empty());
        let instead = members.unwrap_or_else(|| repositories.value.flag_texts());
        Some(CommandError::SeveralRepositories { profile: self.name().to_owned(), instead })
    }

    /// Returns the command that does what is asked.
    pub fn restic_command(&self, arguments: Arguments) -> Result<ResticCommand, CommandError> {
        if let Some(error) = self.cannot_run() {
            return Err(error);
        }
        let own = || [self.command(), self.words(Key::Args).unwrap_or_default()].concat();
        let arguments = match arguments {
            Arguments::Instead(words) if !words.is_empty() => words,
            _ if self.command().is_empty() => return Err(CommandError::NothingToRun { profile: self.name().to_owned() }),
            Arguments::OwnAnd(words) => [own(), words].concat(),
            Arguments::Own | Arguments::Instead(_) => own(),
        };
        Ok(self.command_with(arguments))
    }

    /// Returns the profile's own command, also where it cannot be run.
    pub(super) fn command_to_show(&self) -> ResticCommand {
        let arguments = if self.command().is_empty() {
            Vec::new()
        } else {
            [self.command(), self.words(Key::Args).unwrap_or_default()].concat()
        };
        self.command_with(arguments)
    }

    fn command_with(&self, arguments: Vec<String>) -> ResticCommand {
        let executable = self.words(Key::Executable).filter(|words| !words.is_empty());
        let mut command = ResticCommand {
            executable: executable.map_or_else(|| vec!["restic".to_owned()], <[String]>::to_vec),
            flags: Vec::new(),
            arguments,
            env: Vec::new(),
            keyring_entry: None,
            cpu_priority: if let Some(Value::CpuPriority(level)) = self.value(Key::CpuPriority) { *level } else { None },
            io_priority: if let Some(Value::IoPriority(level)) = self.value(Key::IoPriority) { *level } else { None },
            repository: self.repository().map(str::to_owned),
            nobody_answers_prompts: false,
        };
        let password = self.password_source();
        if password == Some(&Slot::Known(Key::PasswordKeyring)) {
            command.keyring_entry = self.text(Key::PasswordKeyring).map(str::to_owned);
        }
        for setting in self.settings() {
            let is_beaten = match &setting.slot {
                Slot::Variable(name) => command.keyring_entry.is_some() && name.starts_with(PASSWORD_VARIABLE),
                slot => is_password_source(setting) && Some(slot) != password,
            };
            if !is_beaten {
                command.apply(setting);
            }
        }
        self.apply_limits(&mut command);
        command
    }

    /// Returns the one option that tells restic its password. A flag of the user's own beats them all, as in restic.
    fn password_source(&self) -> Option<&Slot> {
        let has_flag = |name: &str| self.settings().iter().any(|setting| setting.slot == Slot::Flag(name.to_owned()));
        if has_flag("password-command") || has_flag("password-file") {
            return None;
        }
        PASSWORD_SOURCES
            .iter()
            .filter_map(|key| self.find(*key))
            .find(|setting| !setting.value.is_empty())
            .map(|found| &found.slot)
    }

    /// Returns the option that tells restic its password, as it may be seen; none if it is left to a flag of the user's own.
    pub fn shown_password_source(&self) -> Option<OptionValue> {
        let slot = self.password_source()?;
        self.settings().iter().find(|setting| setting.slot == *slot).map(|setting| setting.shown())
    }

    /// Returns the entry of the keyring that its password is taken from.
    pub fn password_keyring(&self) -> Option<String> {
        self.restic_command(Arguments::Instead(vec!["snapshots".to_owned()])).ok()?.keyring_entry
    }

    /// Whether restic gets a password, or is told that there is none, in whatever way.
    pub fn tells_password(&self) -> bool {
        let is_source = |slot: &Slot| match slot {
            Slot::Flag(name) => ["password-command", "password-file", "insecure-no-password"].contains(&name.as_str()),
            Slot::Variable(name) => name.starts_with(PASSWORD_VARIABLE),
            Slot::Known(_) => false,
        };
        self.password_source().is_some() || self.settings().iter().any(|setting| is_source(&setting.slot))
    }

    fn apply_limits(&self, command: &mut ResticCommand) {
        let limit = |key: Key| match self.value(key) {
            Some(Value::Size(kibibytes)) if *kibibytes > 0 => Some(kibibytes.to_string()),
            _ => None,
        };
        let (upload, download) = (limit(Key::LimitUpload), limit(Key::LimitDownload));
        command.flags.extend(upload.iter().map(|value| format!("--limit-upload={value}")));
        command.flags.extend(download.iter().map(|value| format!("--limit-download={value}")));
        if upload.is_some() || download.is_some() {
            let or_off = |value: Option<String>| value.unwrap_or_else(|| "off".to_owned());
            command.set_default_variable("RCLONE_BWLIMIT", &format!("{}:{}", or_off(upload), or_off(download)));
        }
    }
}

/// The sources of passwords, best first.
pub(super) const PASSWORD_SOURCES: [Key; 4] = [Key::PasswordKeyring, Key::PasswordCommand, Key::PasswordFile, Key::Password];

/// The variable that tells restic its password. Those that say where else it is to be had begin with the same.
pub const PASSWORD_VARIABLE: &str = "RESTIC_PASSWORD";

fn is_password_source(setting: &Setting) -> bool {
    matches!(&setting.slot, Slot::Known(key) if PASSWORD_SOURCES.contains(key))
}

impl ResticCommand {
    fn apply(&mut self, setting: &Setting) {
        let value = &setting.value;
        match &setting.slot {
            Slot::Known(key) => match key.row().goes_to {
                Destination::Flag(_) | Destination::Variable(_) if value.is_empty() => {}
                Destination::Flag(name) => self.add_flag(name, value),
                Destination::Variable(name) => self.set_variable(name, &value.plain_text()),
                _ => {}
            },
            Slot::Variable(name) => self.set_default_variable(name, &value.plain_text()),
            Slot::Flag(name) => self.add_flag(name, value),
        }
    }

    /// Adds a flag, or the variable that does the same if everybody could read a password in it.
    fn add_flag(&mut self, name: &str, value: &Value) {
        for text in value.flag_texts() {
            match name {
                "repo" if redact::has_credentials(&text) => self.set_variable("RESTIC_REPOSITORY", &text),
                "from-repo" if redact::has_credentials(&text) => self.set_variable("RESTIC_FROM_REPOSITORY", &text),
                _ => self.flags.push(format!("--{name}={text}")),
            }
        }
    }

    fn set_variable(&mut self, name: &str, value: &str) {
        self.env.retain(|(present, _)| present != name);
        self.env.push((name.to_owned(), Secret::new(value)));
    }

    fn set_default_variable(&mut self, name: &str, value: &str) {
        if !self.env.iter().any(|(present, _)| present == name) {
            self.set_variable(name, value);
        }
    }

    /// Adds what a restic needs that nobody watches: a calm progress, and no way to ask for anything.
    pub fn for_daemon(mut self) -> Self {
        self.set_default_variable("RESTIC_PROGRESS_FPS", PROGRESS_FPS);
        self.set_default_variable("RCLONE_ASK_PASSWORD", "false");
        self.set_default_variable("SSH_ASKPASS_REQUIRE", "never");
        self.nobody_answers_prompts = true;
        if let Some(ssh) = self.repository.as_deref().filter(|_| self.has_sftp_to_itself()).and_then(ssh::batch_mode_command) {
            self.flags.push(format!("--option=sftp.command={ssh}"));
        }
        self
    }

    /// Tells whether restic's `sftp.command` is ours to set: it would hold for every repository of a `copy`, and
    /// restic refuses a user's own `sftp.args` beside it.
    fn has_sftp_to_itself(&self) -> bool {
        let is_users_own = |word: &String| word.contains("sftp.command=") || word.contains("sftp.args=");
        let is_another_flag = |word: &String| word.starts_with("--from-repo") || word.starts_with("--repo2");
        let is_another_argument = |word: &String| word.starts_with("-r") || word.starts_with("--repo") || is_another_flag(word);
        let is_another_variable = |name: &str| name.starts_with("RESTIC_FROM_REPO") || name.starts_with("RESTIC_REPOSITORY2");
        !self.flags.iter().any(|word| is_users_own(word) || is_another_flag(word))
            && !self.arguments.iter().any(|word| is_users_own(word) || is_another_argument(word))
            && !self.env.iter().any(|(name, _)| is_another_variable(name))
    }

    /// Returns restic's own command: the first word of the arguments that is neither a flag nor a flag's value.
    pub fn subcommand(&self) -> Option<&str> {
        let mut words = self.arguments.iter();
        while let Some(word) = words.next() {
            if FLAGS_WITH_VALUE.contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with('-') {
                return Some(word);
            }
        }
        None
    }

    /// Returns the whole command line.
    pub fn words(&self) -> Vec<String> {
        [self.executable.as_slice(), &self.flags, &self.arguments].concat()
    }

    /// Returns the whole command line as it may be seen.
    pub fn shown(&self) -> Vec<String> {
        redact::command_line(&self.words())
    }

    /// Returns the whole command line as it may be seen, in one line.
    pub fn shown_line(&self) -> String {
        words::join(&self.shown())
    }

    /// Tells whether restic is to write JSON because the user wants it.
    pub fn asks_for_json(&self) -> bool {
        let words = self.flags.iter().chain(&self.arguments).take_while(|word| *word != "--");
        words.filter_map(|word| word.strip_prefix("--json")).fold(false, |before, rest| match rest {
            "" | "=1" | "=t" | "=T" | "=true" | "=TRUE" | "=True" => true,
            rest if rest.starts_with('=') => false,
            _ => before,
        })
    }

    /// Returns the child's whole environment: what it inherits, without what could lead restic astray, and its own.
    pub fn environment(&self, inherited: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
        let is_own = |name: &str| self.env.iter().any(|(own, _)| is_same_variable(own, name));
        let is_kept = |name: &OsString| {
            let name = name.to_string_lossy();
            let is_prompt = self.nobody_answers_prompts && is_same_variable("SSH_ASKPASS", &name);
            !is_prompt && !is_scrubbed(&name) && !is_own(&name)
        };
        let own = self.env.iter().map(|(name, value)| (name.into(), value.reveal().into()));
        inherited.filter(|(name, _)| is_kept(name)).chain(own).collect()
    }
}

/// Tells whether restic does not inherit a variable.
pub fn is_scrubbed(name: &str) -> bool {
    let has_prefix = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| is_same_variable(prefix, start));
    SCRUBBED_PREFIXES.into_iter().any(has_prefix)
}

/// Whether two names are those of one variable: Windows does not tell small letters from capital ones.
pub fn is_same_variable(one: &str, other: &str) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

impl fmt::Debug for ResticCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("ResticCommand").field("words", &self.shown()).field("variables", &variables).finish_non_exhaustive()
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("Own"),
            Self::OwnAnd(words) => f.debug_tuple("OwnAnd").field(&redact::command_line(words)).finish(),
            Self::Instead(words) => f.debug_tuple("Instead").field(&redact::command_line(words)).finish(),
        }
    }
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
