//! The programs that are installed, by the definitions of their command lines.

use clap::{Command, CommandFactory};

/// How wide the text of the help is in the book, whatever the terminal.
const HELP_WIDTH: usize = 120;

/// Returns the definitions of all programs, ready to be asked for their commands.
pub fn programs() -> Vec<Command> {
    [prestic_ctl::cli::CommandLine::command(), prestic_daemon::cli::command(), prestic_tray::cli::Options::command()]
        .into_iter()
        .map(|program| {
            let mut program = program.term_width(HELP_WIDTH).disable_help_subcommand(true);
            program.build();
            program
        })
        .collect()
}

/// Returns a program and all its commands that people are meant to see, each before its own.
pub fn with_commands(program: &Command) -> Vec<Command> {
    let visible = program.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(program.clone()).chain(visible.flat_map(with_commands)).collect()
}

/// Returns the words that call a command, as `prestic-ctl keyring get`.
pub fn call(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visible_command_is_found_by_the_words_that_call_it() {
        let programs = programs();
        let calls: Vec<_> = programs.iter().flat_map(with_commands).map(|command| call(&command).to_owned()).collect();
        for expected in ["prestic-ctl", "prestic-ctl keyring get", "prestic-daemon check", "prestic-tray"] {
            assert!(calls.iter().any(|call| call == expected), "{calls:?}");
        }
        assert!(!calls.iter().any(|call| call == "prestic-daemon supervise"), "it is hidden");
    }
}
