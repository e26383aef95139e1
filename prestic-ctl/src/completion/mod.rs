//! Completions: what a shell offers for a word of the command line.
//!
//! The script of a shell knows no names. It starts this program with [`VARIABLE`] set, which answers from the same definition that
//! reads the command line, and asks for the names of tasks, profiles and runs ([`names`]). What follows `-p PROFILE` restic itself
//! completes ([`restics_own`]).

pub mod names;
pub mod restics_own;
pub mod scripts;

use std::{
    env,
    ffi::{OsStr, OsString},
};

use clap::{Arg, Args, Command, CommandFactory, ValueHint};
use clap_complete::{
    ArgValueCompleter, CompleteEnv, CompletionCandidate, PathCompleter,
    engine::{ValueCompleter, complete_possible_values},
};
use prestic_proto::restic;

use crate::cli::{self, CommandLine, GlobalOptions};
use names::Named;

/// Set in the environment, it makes the program answer a shell.
pub const VARIABLE: &str = "PRESTIC_COMPLETE";

/// More words than a command line has: all that follow a profile are restic's, however many there are.
const ALL_WORDS: usize = 100_000;

/// Answers a shell, if it is one that asks. Has to come before anything else: it changes the environment.
pub fn answer(words: Vec<OsString>) -> Result<bool, clap::Error> {
    let asked: Vec<OsString> = words.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let folder = env::current_dir().ok();
    CompleteEnv::with_factory(|| definition(&asked)).var(VARIABLE).try_complete(words, folder.as_deref())
}

/// Returns the definition that says what may stand where, for a line that has these words.
fn definition(words: &[OsString]) -> Command {
    if let Some(restics) = cli::restics_words(words.to_vec()) {
        return foreground(&restics);
    }
    // Whoever has not begun a word wants a name; options are for those who have typed a dash, or where there is nothing else.
    let begun = words.last().is_some_and(|word| !word.is_empty());
    let command = with_names(CommandLine::command());
    if begun { command } else { without_options(command) }
}

/// Hides the options of a command and of its commands: they are offered only where nothing else is.
fn without_options(command: Command) -> Command {
    let hidden = command.mut_args(|arg| if arg.is_positional() { arg } else { arg.hide(true) });
    // These two come into being later, where nobody could hide them.
    hidden.disable_help_flag(true).disable_version_flag(true).mut_subcommands(without_options)
}

/// Gives what it stands for to every argument of a command and of its commands.
fn with_names(command: Command) -> Command {
    let named = command.mut_args(|arg| match meaning(&arg) {
        Some(Meaning::Name(named)) => arg.add(ArgValueCompleter::new(named)),
        Some(Meaning::Path) => arg.value_hint(ValueHint::AnyPath),
        None => arg,
    });
    named.mut_subcommands(with_names)
}

/// What the value of an argument stands for.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Name(Named),
    Path,
}

/// Returns what an argument stands for: its definition says so, by the word that stands for its value in the help.
fn meaning(arg: &Arg) -> Option<Meaning> {
    let takes_values = arg.is_positional() || arg.get_action().takes_values();
    let shown = arg.get_value_names().and_then(|names| names.first()).map_or(arg.get_id().as_str(), |name| name.as_str());
    match shown.split(' ').next()?.to_uppercase().as_str() {
        _ if !takes_values => None,
        "TASK" => Some(Meaning::Name(Named::Task)),
        "PROFILE" => Some(Meaning::Name(Named::Profile)),
        "RUN" => Some(Meaning::Name(Named::Run)),
        "TASK|RUN" => Some(Meaning::Name(Named::TaskOrRun)),
        "FILE" | "PATH" | "FOLDER" | "HOME" => Some(Meaning::Path),
        _ => None,
    }
}

/// What may stand on a line whose words go to restic: `-p PROFILE COMMAND …`, or a command of restic alone.
fn foreground(restics: &[OsString]) -> Command {
    let profile = Arg::new("profile").short('p').long("profile").num_args(ALL_WORDS).allow_hyphen_values(true);
    let command = Arg::new("command").add(ArgValueCompleter::new(complete_command));
    let words = Arg::new("words").num_args(0..).allow_hyphen_values(true);
    let words = words.add(ArgValueCompleter::new(Words { restics: restics.to_vec() }));
    let definition = GlobalOptions::augment_args(Command::new("prestic-ctl"));
    definition.args([profile.add(ArgValueCompleter::new(ProfileAndWords { restics: restics.to_vec() })), command, words])
}

/// The words from `-p` on: a profile, a command of restic, and what only restic knows.
struct ProfileAndWords {
    restics: Vec<OsString>,
}

impl ValueCompleter for ProfileAndWords {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        Named::Profile.complete(current)
    }

    fn complete_at(&self, index: usize, current: &OsStr) -> Vec<CompletionCandidate> {
        match index {
            0 => self.complete(current),
            1 => complete_command(current),
            place => complete_word(&self.restics, place - 1, current),
        }
    }
}

/// The words that follow a command of restic.
struct Words {
    restics: Vec<OsString>,
}

impl ValueCompleter for Words {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        self.complete_at(0, current)
    }

    fn complete_at(&self, index: usize, current: &OsStr) -> Vec<CompletionCandidate> {
        complete_word(&self.restics, index + 1, current)
    }
}

/// Returns what may stand at a place among restic's words: what restic says, else files.
fn complete_word(restics: &[OsString], place: usize, current: &OsStr) -> Vec<CompletionCandidate> {
    let before = &restics[..place.min(restics.len())];
    let offered = restics_own::complete(before, current);
    if offered.is_empty() { PathCompleter::any().complete(current) } else { offered }
}

fn complete_command(current: &OsStr) -> Vec<CompletionCandidate> {
    complete_possible_values(current, restic::COMMANDS.map(Into::into))
}

#[cfg(test)]
mod tests;
