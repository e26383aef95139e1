//! Asks whoever sits at the terminal, in plain lines: Ctrl-C ends the program and leaves the terminal as it was.

use std::io::{self, BufRead, IsTerminal, Write};

/// Whether somebody is there to answer.
pub(super) fn is_somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Says something.
pub(super) fn say(text: &str) {
    // There is nowhere left to report to when standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Asks for a line; an empty one stands for what is proposed. None at the end of the input.
pub(super) fn ask(question: &str, proposal: Option<&str>) -> io::Result<Option<String>> {
    let shown = proposal.map(|proposal| format!(" [{proposal}]")).unwrap_or_default();
    write!(io::stderr(), "{question}{shown}: ")?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        // What comes next must not stand behind the question.
        say("");
        return Ok(None);
    }
    let answer = line.trim();
    Ok(Some(if answer.is_empty() { proposal.unwrap_or_default() } else { answer }.to_owned()))
}

/// Asks for a yes or a no, until it is one. The end of the input is a no.
pub(super) fn confirm(question: &str, proposal: bool) -> io::Result<bool> {
    loop {
        let Some(answer) = ask(question, Some(if proposal { "Y/n" } else { "y/N" }))? else { return Ok(false) };
        match yes_or_no(&answer, proposal) {
            Some(answer) => return Ok(answer),
            None => say("please answer `y` or `n`"),
        }
    }
}

fn yes_or_no(answer: &str, proposal: bool) -> Option<bool> {
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        "y/n" => Some(proposal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_or_no_is_one() {
        for (answer, expected) in [("y", Some(true)), ("YES", Some(true)), ("No", Some(false)), ("maybe", None), ("", None)] {
            assert_eq!(yes_or_no(answer, true), expected, "{answer}");
        }
        assert_eq!(yes_or_no("Y/n", true), Some(true));
        assert_eq!(yes_or_no("y/N", false), Some(false));
    }
}
