//! Reads a password that is to be kept: typed twice without being shown, or one line of a pipe.

use std::io::{self, BufRead, IsTerminal};

use zeroize::Zeroizing;

use super::KeyringError;
use crate::process;

/// How often two different answers are asked for again.
const ATTEMPTS: u32 = 3;

/// A password that is wiped when it is dropped.
pub type Password = Zeroizing<String>;

/// Reads a password from whoever has started this process.
pub(super) fn read(name: &str) -> Result<Password, KeyringError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_line(stdin.lock());
    }
    read_twice(|question| {
        let typed = process::read_terminal(|| rpassword::prompt_password(format!("{question} for `{name}`: ")));
        typed.map(Zeroizing::new).map_err(|error| bad(&format!("the password cannot be read from the terminal: {error}")))
    })
}

/// Reads a password as one line, without its end.
pub fn read_line(mut input: impl BufRead) -> Result<Password, KeyringError> {
    let mut line = Zeroizing::new(String::new());
    input.read_line(&mut line).map_err(|error| bad(&format!("the password cannot be read from standard input: {error}")))?;
    let end = line.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).len());
    if let Some(end) = end {
        line.truncate(end);
    }
    usable(line)
}

fn read_twice(mut ask: impl FnMut(&str) -> Result<Password, KeyringError>) -> Result<Password, KeyringError> {
    let mut question = "Password";
    for _ in 0..ATTEMPTS {
        let password = usable(ask(question)?)?;
        if ask("The same again")? == password {
            return Ok(password);
        }
        question = "These were two different ones. Password";
    }
    Err(bad("two different passwords were typed each time, so nothing was written"))
}

/// Returns a password if restic can be given it in every way that PRestic has.
pub fn usable(password: Password) -> Result<Password, KeyringError> {
    if password.is_empty() {
        return Err(bad("the password is empty, so nothing was written"));
    }
    if password.contains('\0') {
        return Err(bad("the password holds a NUL character, which no program can be given, so nothing was written"));
    }
    // In a terminal it comes from a command, and restic would take another password than the daemon gives it.
    if password.trim().len() < password.len() {
        return Err(bad("the password begins or ends with white space, which restic drops, so nothing was written"));
    }
    Ok(password)
}

fn bad(message: &str) -> KeyringError {
    KeyringError::BadPassword(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(input: &str, expected: Option<&str>) {
        assert_eq!(read_line(input.as_bytes()).ok().as_deref().map(String::as_str), expected, "{input:?}");
    }

    #[test]
    fn one_line_of_a_pipe_is_the_password() {
        check_line("secret\n", Some("secret"));
        check_line("secret", Some("secret"));
        check_line("secret\r\n", Some("secret"));
        check_line("se cret\nmore\n", Some("se cret"));
    }

    #[test]
    fn nothing_is_no_password() {
        check_line("", None);
        check_line("\n", None);
        check_line("a\0b\n", None);
    }

    #[test]
    fn white_space_that_restic_drops_is_refused() {
        for input in [" secret\n", "secret \n", "secret\t\n", "\u{a0}secret\n", " \n"] {
            check_line(input, None);
        }
    }

    #[track_caller]
    fn check_typed(answers: &[&str], expected: Option<&str>, expected_questions: usize) {
        let (mut left, mut questions) = (answers.iter(), 0);
        let read = read_twice(|_| {
            questions += 1;
            Ok(Zeroizing::new((*left.next().unwrap()).to_owned()))
        });
        assert_eq!((read.ok().as_deref().map(String::as_str), questions), (expected, expected_questions), "{answers:?}");
    }

    #[test]
    fn typed_password_is_asked_for_until_both_answers_are_the_same() {
        check_typed(&["a", "a"], Some("a"), 2);
        check_typed(&["a", "b", "c", "c"], Some("c"), 4);
        check_typed(&["a", "b", "a", "b", "a", "b"], None, 6);
        check_typed(&[""], None, 1);
    }
}
