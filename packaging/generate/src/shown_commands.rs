//! Every command line of ours that documentation shows is one that the programs understand, also where nobody can try it.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::error::ErrorKind;
use prestic_tests::markdown;

use crate::book::SOURCE;

/// The programs that are looked at.
const PROGRAMS: [&str; 3] = ["prestic-ctl", "prestic-daemon", "prestic-tray"];

/// What separates one command from the next in a shell.
const SEPARATORS: [&str; 6] = ["|", "||", "&&", ";", "&", "("];

/// Returns the commands in a line of a shell, word by word.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(&line.replace("\\\n", " ")).unwrap_or_else(|| panic!("unclosed quote: {line}"));
    let mut commands = vec![Vec::new()];
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == ">" || word == ">>" {
            words.next();
        } else if SEPARATORS.contains(&word.as_str()) {
            commands.push(Vec::new());
        } else if !word.starts_with('>') {
            commands.last_mut().expect("there is one").push(word);
        }
    }
    commands.into_iter().map(without_prefix).collect()
}

/// Takes away what stands before the name of a command: variables for it alone, and `sudo` with its options.
fn without_prefix(words: Vec<String>) -> Vec<String> {
    let is_sudo = words.first().is_some_and(|word| word == "sudo");
    let is_variable = |word: &String| word.contains('=') && !word.starts_with('-');
    let is_before = |word: &String| if is_sudo { !PROGRAMS.contains(&word.as_str()) } else { is_variable(word) };
    words.into_iter().skip_while(is_before).collect()
}

/// Returns what is wrong with a command; none if nothing is, or if it is none of ours.
fn fault(words: &[String]) -> Option<clap::Error> {
    let line = words.iter().map(OsString::from);
    let result = match words.first()?.as_str() {
        "prestic-ctl" => prestic_ctl::cli::parse(line).map(|_| ()),
        "prestic-daemon" => prestic_daemon::cli::command().try_get_matches_from(line).map(|_| ()),
        "prestic-tray" => prestic_tray::cli::parse(line).map(|_| ()),
        _ => Ok(()),
    };
    result.err()
}

/// Returns what is wrong with a command that is only named, perhaps without all that it needs.
fn fault_of_name(words: &[String]) -> Option<clap::Error> {
    let is_harmless = |error: &clap::Error| {
        matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
    };
    fault(words).filter(|error| !is_harmless(error))
}

fn check_file(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let mut count = 0;
    for block in markdown::blocks(&text) {
        if !["sh", "console"].contains(&block.language.as_str()) {
            continue;
        }
        for command in block.commands() {
            for words in simple_commands(&command.text) {
                count += usize::from(words.first().is_some_and(|word| PROGRAMS.contains(&word.as_str())));
                if let Some(fault) = fault(&words) {
                    panic!("{}:{}: {}\n{fault}", path.display(), command.line, command.text);
                }
            }
        }
    }
    count
}

/// Returns the README and the pages that people have written.
fn files() -> Vec<PathBuf> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let pages = fs::read_dir(checkout.join(SOURCE).join("src")).unwrap().flatten().map(|entry| entry.path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.chain([checkout.join("README.md")]).collect()
}

#[test]
fn every_command_that_is_shown_is_understood() {
    let count: usize = files().iter().map(|path| check_file(path)).sum();
    assert!(count > 50, "{count} commands were found");
}

#[test]
fn every_command_that_a_sentence_names_is_understood() {
    let mut faults = Vec::new();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let sentences = text.lines().filter(|line| !line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2));
        for code in sentences.filter(|code| PROGRAMS.iter().any(|program| code.starts_with(&format!("{program} ")))) {
            // What follows is left open.
            if code.ends_with(" -p") || code.ends_with('…') {
                continue;
            }
            let fault = fault_of_name(&simple_commands(code).remove(0));
            faults.extend(fault.map(|fault| format!("{}: `{code}`: {fault}", path.display())));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn commands_are_found_in_lines() {
    let found = simple_commands("cd /x && sudo A=b prestic-ctl -p 'my home' ls > out | head -n 1");
    assert_eq!(found, [vec!["cd", "/x"], vec!["prestic-ctl", "-p", "my home", "ls"], vec!["head", "-n", "1"]]);
    assert_eq!(simple_commands("sudo -Hu prestic A=b prestic-ctl status"), [["prestic-ctl", "status"]]);
}

#[test]
fn misspelt_commands_are_found() {
    let words = |line: &str| simple_commands(line).remove(0);
    assert!(fault(&words("prestic-ctl run home")).is_none());
    assert!(fault(&words("prestic-ctl rnu home")).is_some());
    assert!(fault(&words("prestic-daemon --detach")).is_some());
    assert!(fault(&words("ls --nonsense")).is_none());
}
