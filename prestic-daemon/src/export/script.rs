//! Writes the script: comments, the environment, restic. Pure.

use std::{borrow::Cow, fmt::Write};

use crate::{
    config::{PASSWORD_VARIABLE, Profile, ResticCommand, redact, value},
    process::{CpuPriority, IoPriority},
    secret::Secret,
};

/// Programs that only print their words: as a password command they hold the password.
const PRINTERS: [&str; 2] = ["echo", "printf"];

/// Where restic looks for its password. A file or a command goes before the password itself, and two of those are refused.
const PASSWORD_SOURCES: [&str; 3] = [PASSWORD_VARIABLE, PASSWORD_FILE_VARIABLE, PASSWORD_COMMAND_VARIABLE];
const PASSWORD_FILE_VARIABLE: &str = "RESTIC_PASSWORD_FILE";
const PASSWORD_COMMAND_VARIABLE: &str = "RESTIC_PASSWORD_COMMAND";

/// How many restics a script has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    One,
    Several,
}

/// A script that is being written.
#[derive(Debug)]
pub(super) struct Script {
    name: String,
    with_secrets: bool,
    body: String,
    /// The variables that the script asks its caller for.
    omitted: Vec<String>,
    /// The variables of restic that it asks for, with their values: another value of the same one has another name.
    asked: Vec<(String, Secret)>,
    holds_secrets: bool,
    layout: Layout,
}

impl Script {
    pub(super) fn new(name: &str, with_secrets: bool) -> Self {
        Self {
            name: name.to_owned(),
            with_secrets,
            body: String::new(),
            omitted: Vec::new(),
            asked: Vec::new(),
            holds_secrets: false,
            layout: Layout::One,
        }
    }

    /// Adds the one restic of the script, which ends as restic does.
    pub(super) fn add_only(&mut self, profile: &Profile, command: ResticCommand) {
        self.add_comments(profile);
        self.add_folder(profile);
        self.add_environment(&command);
        let line = self.command_line(&command);
        self.line(&format!("exec {line} \"$@\""));
    }

    /// Adds one of several: the others go on when it fails, and the last failure is that of the script.
    pub(super) fn add_one_of_many(&mut self, profile: &Profile, command: ResticCommand) {
        if self.layout != Layout::Several {
            self.add_folder(profile);
            self.line("code=0");
        }
        self.layout = Layout::Several;
        self.body.push('\n');
        self.add_comments(profile);
        self.add_environment(&command);
        let line = self.command_line(&command);
        self.line(&format!("{line} \"$@\" || code=$?"));
    }

    /// Returns the names of the variables without their values.
    pub(super) fn omitted(&self) -> &[String] {
        &self.omitted
    }

    /// Returns the whole script.
    pub(super) fn text(&self) -> String {
        let name = comment(&self.name);
        let mut text =
            format!("#!/bin/sh\n# What PRestic does for [{name}], with plain restic: written by `prestic-ctl export`.\n");
        if self.holds_secrets {
            text.push_str("#\n# THIS SCRIPT HOLDS SECRETS. Let nobody read it (chmod 700), and never paste or share it.\n#\n");
        }
        if !self.omitted.is_empty() {
            text.push_str("# Secrets are left out: set the variables that it asks for before you start it.\n");
        }
        text.push_str("# It ends with the exit code of restic. More words for restic can follow it.\nset -eu\n\n");
        text.push_str(&self.body);
        if self.layout == Layout::Several {
            text.push_str("\nexit \"$code\"\n");
        }
        text
    }

    fn add_comments(&mut self, profile: &Profile) {
        if profile.name() != self.name {
            self.line(&format!("# [{}]", comment(profile.name())));
        }
        if let Some(schedule) = profile.schedule() {
            self.line(&format!("# Schedule in PRestic: {}", comment(schedule)));
        }
        for path in profile.require_paths() {
            let path = comment(&path.display().to_string());
            self.line(&format!(
                "# PRestic waits for {path}; this script does not, and an unmounted disk is an empty folder to restic."
            ));
        }
        if let Some(wait) = profile.wait_for_lock() {
            let wait = value::show_duration(wait);
            self.line(&format!("# PRestic waits for somebody else's lock: `--retry-lock={wait}` does that since restic 0.16."));
        }
    }

    /// Goes where the daemon starts tasks: their paths may be relative. What is asked by hand stays where it is.
    fn add_folder(&mut self, profile: &Profile) {
        if !profile.command().is_empty() {
            self.line("cd \"$HOME\"");
        }
    }

    fn add_environment(&mut self, command: &ResticCommand) {
        if let Some(entry) = command.keyring_entry.as_ref().filter(|_| cfg!(windows)) {
            self.line(&format!("# The password is the entry `{}` of the keyring: restic asks for it.", comment(entry)));
        }
        // What is to be asked for comes before the command with its assignments.
        let mut given = Vec::new();
        for (name, value) in &command.env {
            let is_secret = is_secret(name, value.reveal());
            self.holds_secrets |= is_secret && self.with_secrets;
            if is_secret && !self.with_secrets {
                given.extend(self.omit(name, value));
            } else {
                given.push((name, quoted(value.reveal())));
            }
        }
        self.forget_other_passwords(command);
        for (name, value) in given {
            self.assign(name, &value);
        }
        if let Some(entry) = command.keyring_entry.as_ref().filter(|_| !cfg!(windows)) {
            self.add_keyring(entry);
        }
    }

    /// Keeps restic from a password for another repository, which whoever starts the script may have in the environment.
    fn forget_other_passwords(&mut self, command: &ResticCommand) {
        let is_set = |source: &str| {
            let is_of_keyring = command.keyring_entry.is_some() && source == PASSWORD_COMMAND_VARIABLE;
            is_of_keyring || command.env.iter().any(|(name, _)| name == source)
        };
        if !PASSWORD_SOURCES.into_iter().any(is_set) {
            return;
        }
        // Where the password is left out, a file may tell it.
        let is_welcome = |source: &str| source == PASSWORD_FILE_VARIABLE && is_set(PASSWORD_VARIABLE) && !self.with_secrets;
        let others: Vec<_> = PASSWORD_SOURCES.into_iter().filter(|source| !is_set(source) && !is_welcome(source)).collect();
        match self.layout {
            Layout::One if others.is_empty() => {}
            Layout::One => self.line(&format!("unset {}", others.join(" "))),
            Layout::Several => others.into_iter().for_each(|other| self.assign(other, "''")),
        }
    }

    /// Leaves a variable to whoever starts the script. Of several commands each has its own: returns how it comes by that.
    fn omit<'a>(&mut self, name: &'a str, value: &Secret) -> Option<(&'a str, String)> {
        let (asked, is_known) = self.asked_name(name, value);
        let is_password = name == PASSWORD_VARIABLE;
        if is_password {
            self.line(&format!("# restic asks for the password, unless {asked} or RESTIC_PASSWORD_FILE is set."));
        } else if !is_known {
            self.line(&format!(": \"${{{asked}:?set it, it is a secret}}\""));
        }
        match self.layout {
            Layout::One if is_password => None,
            Layout::One => {
                self.line(&format!("export {name}"));
                None
            }
            // An empty password counts as none.
            Layout::Several if is_password => Some((name, format!("\"${{{asked}-}}\""))),
            Layout::Several => Some((name, format!("\"${asked}\""))),
        }
    }

    /// Returns the name by which a script asks for a value, and whether it has asked for it already.
    fn asked_name(&mut self, name: &str, value: &Secret) -> (String, bool) {
        let others = self.asked.iter().filter(|(known, _)| known == name);
        let known = others.clone().position(|(_, known)| known.reveal() == value.reveal());
        let position = known.unwrap_or(others.count());
        let asked = if position == 0 { name.to_owned() } else { format!("{name}_{}", position + 1) };
        if known.is_none() {
            self.asked.push((name.to_owned(), value.clone()));
            self.omitted.push(asked.clone());
        }
        (asked, known.is_some())
    }

    /// Sets a variable to a word of a shell, for the one command alone where there are several.
    fn assign(&mut self, name: &str, value: &str) {
        match self.layout {
            Layout::One => self.line(&format!("export {name}={value}")),
            Layout::Several => self.line(&format!("{name}={value} \\")),
        }
    }

    fn add_keyring(&mut self, entry: &str) {
        let command = if cfg!(target_os = "macos") {
            format!("security find-generic-password -s prestic -a {} -w", restic_word(entry))
        } else {
            format!("secret-tool lookup service prestic username {}", restic_word(entry))
        };
        self.assign(PASSWORD_COMMAND_VARIABLE, &quoted(&command));
    }

    fn command_line(&mut self, command: &ResticCommand) -> String {
        let words = command.words();
        let shown = command.shown();
        let is_secret = words.iter().zip(&shown).any(|(word, shown)| word != shown && !is_harmless(word));
        self.holds_secrets |= is_secret && self.with_secrets;
        let words = if is_secret && !self.with_secrets {
            self.omitted.push("words of the command line".to_owned());
            shown
        } else {
            words
        };
        let mut line = String::new();
        for word in priority_words(command) {
            write!(line, "{word} ").expect("a String takes every text");
        }
        line + &words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    fn line(&mut self, text: &str) {
        writeln!(self.body, "{text}").expect("a String takes every text");
    }
}

/// Whether a variable's value must not be seen. One that names a program to ask is none.
fn is_secret(name: &str, value: &str) -> bool {
    let program = value.split_whitespace().next().and_then(|program| program.rsplit('/').next());
    let is_command = name.ends_with("_COMMAND");
    let prints = is_command && program.is_some_and(|program| PRINTERS.contains(&program));
    prints || (!is_command && redact::variable(name, value) != value)
}

/// A command of sftp is hidden elsewhere, because it may hold anything; it is what the repository cannot be reached without.
fn is_harmless(word: &str) -> bool {
    word.contains("sftp.command=") || word.contains("sftp.args=")
}

/// Returns the words that give restic its share of the machine.
fn priority_words(command: &ResticCommand) -> Vec<&'static str> {
    let mut words = Vec::new();
    words.extend(match command.cpu_priority {
        Some(CpuPriority::Idle) => vec!["nice", "-n", "19"],
        Some(CpuPriority::Low) => vec!["nice", "-n", "10"],
        // More than the usual share is for root.
        Some(CpuPriority::Normal | CpuPriority::High) | None => Vec::new(),
    });
    let io: Vec<_> = match command.io_priority {
        Some(IoPriority::Idle) => vec!["ionice", "-c", "3"],
        Some(IoPriority::Low) => vec!["ionice", "-c", "2", "-n", "7"],
        Some(IoPriority::Normal | IoPriority::High) | None => Vec::new(),
    };
    words.extend(if cfg!(target_os = "linux") { io } else { Vec::new() });
    words
}

/// Quotes a word for a shell. No value of a configuration has a NUL.
fn quoted(word: &str) -> String {
    let quoted = shlex::try_quote(word).map(Cow::into_owned);
    quoted.unwrap_or_else(|_| format!("'{}'", word.replace(['\0', '\''], "")))
}

/// Quotes a word for restic's own splitting of a command.
fn restic_word(word: &str) -> String {
    if word.contains('\'') { format!("\"{word}\"") } else { format!("'{word}'") }
}

/// A comment ends with its line.
fn comment(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
