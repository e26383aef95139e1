//! Makes texts fit for a notification: short, harmless, and without secrets.

use crate::{config::Profile, log_files::shown_line};

/// Of a run's output this many characters are shown, the last ones.
pub const MAX_OUTPUT: usize = 220;
/// What restic asks at the end of many an error, with the repository on a line of its own. Our advice asks better.
const RESTICS_QUESTION: &str = "Is there a repository at the following location?";
/// Of a name this many characters are shown.
const MAX_NAME: usize = 60;

/// Returns the last lines of an output, as many whole ones as fit; of a last one that does not fit, its beginning.
pub fn last_words(lines: &[String], profile: &Profile) -> String {
    let mut chosen: Vec<String> = Vec::new();
    let mut left = MAX_OUTPUT;
    let lines = match lines {
        [before @ .., question, _repository] if question.trim() == RESTICS_QUESTION => before,
        lines => lines,
    };
    for line in lines.iter().rev() {
        let line = profile.without_secrets(shown_line(line).trim());
        if line.is_empty() {
            continue;
        }
        let length = line.chars().count() + usize::from(!chosen.is_empty());
        if length > left {
            if chosen.is_empty() {
                chosen.push(shortened(&line, MAX_OUTPUT));
            }
            break;
        }
        left -= length;
        chosen.push(line);
    }
    chosen.reverse();
    chosen.join("\n")
}

/// Returns a name or a description on one line.
pub fn name(text: &str) -> String {
    shortened(shown_line(&text.replace(['\n', '\t'], " ")).trim(), MAX_NAME)
}

/// Returns words of ours that stand in backticks in a terminal.
pub fn hint(text: &str) -> String {
    let text = shown_line(&text.replace('\n', " "));
    let mut parts = text.split('`');
    let mut words = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        words.push(if index % 2 == 0 { '“' } else { '”' });
        words.push_str(part);
    }
    words
}

/// Returns a text with a capital letter first.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::config;

    fn profile() -> Arc<Profile> {
        let text = "[home]\nrepository = /r\npassword = hunter2\n";
        config::read(text, Path::new("config.ini")).config.profile("home").unwrap().clone()
    }

    #[track_caller]
    fn check(lines: &[&str], expected: &str) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(last_words(&lines, &profile()), expected);
    }

    #[test]
    fn last_lines_that_fit_are_shown_whole() {
        check(&[], "");
        check(&["one", "", "two  "], "one\ntwo");
        let long = "x".repeat(150);
        check(&["before", &long, "after"], &format!("before\n{long}\nafter"));
        check(&[&long, &long, "after"], &format!("{long}\nafter"));
        check(&["before", &"y".repeat(400)], &format!("{}…", "y".repeat(MAX_OUTPUT - 1)));
    }

    #[test]
    fn restics_own_question_is_left_out() {
        check(&["Fatal: no such file", "Is there a repository at the following location?", "/r"], "Fatal: no such file");
        check(&["Is there a repository at the following location?"], "Is there a repository at the following location?");
    }

    #[test]
    fn terminals_sequences_and_secrets_are_left_out() {
        check(&["\u{1b}[2KFatal: \u{1b}[31mred\u{1b}[0m"], "Fatal: red");
        check(&["opened with hunter2 at https://me:pw@host/"], "opened with [hidden] at https://[hidden]@host/");
        let found = last_words(&["\u{202e}abc\u{7}".to_owned()], &profile());
        assert!(!found.contains(['\u{202e}', '\u{7}']), "{found}");
    }

    #[test]
    fn words_in_backticks_are_quoted() {
        assert_eq!(hint("run `a` or `b`"), "run “a” or “b”");
        assert_eq!(sentence("över"), "Över");
        assert_eq!(name(&"n".repeat(100)).chars().count(), MAX_NAME);
    }
}
