//! Words, against those that Python's shlex finds.

use serde::Deserialize;

use super::{super::ini::tests::run_python, *};

#[track_caller]
fn check(text: &str, expected: Result<&[&str], SplitError>) {
    assert_eq!(split_with(text, Backslash::Escapes), owned(expected));
}

/// Checks what is made of a text on Windows.
#[track_caller]
fn check_plain(text: &str, expected: Result<&[&str], SplitError>) {
    assert_eq!(split_with(text, Backslash::IsPlain), owned(expected));
}

fn owned(words: Result<&[&str], SplitError>) -> Result<Vec<String>, SplitError> {
    words.map(|words| words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn quotes_and_backslashes_join_words() {
    check(r#"a "b c" 'd e' f\ g"#, Ok(&["a", "b c", "d e", "f g"]));
    check(r#"--exclude="*.tmp" x"y"'z'"#, Ok(&["--exclude=*.tmp", "xyz"]));
    check(r#""" ''"#, Ok(&["", ""]));
    check(" \r\n\t", Ok(&[]));
}

#[test]
fn backslashes_are_kept_where_python_keeps_them() {
    check(r#""\$ \" \\ \n" '\'"#, Ok(&[r#"\$ " \ \n"#, r"\"]));
    check("a\\\nb", Ok(&["a\nb"]));
}

#[test]
fn nothing_is_expanded() {
    check("~ $HOME #no *.c a#b", Ok(&["~", "$HOME", "#no", "*.c", "a#b"]));
}

#[test]
fn open_ends_are_errors() {
    check("a 'b", Err(SplitError::UnclosedQuote('\'')));
    check(r#""b\"#, Err(SplitError::UnclosedQuote('"')));
    check(r"C:\dir\", Err(SplitError::TrailingBackslash));
}

#[test]
fn paths_of_windows_are_words_there() {
    check_plain(r"C:\dir\", Ok(&[r"C:\dir\"]));
    check_plain(r"C:\a\ D:\b c", Ok(&[r"C:\a\", r"D:\b", "c"]));
    check_plain(r#""C:\My Files\" '\nas\my share'"#, Ok(&[r"C:\My Files\", r"\nas\my share"]));
    check_plain(r#"a "b\"#, Err(SplitError::UnclosedQuote('"')));
}

#[test]
fn paths_with_two_backslashes_for_each_mean_what_they_meant_to_python() {
    check_plain(r"C:\\dir\\ C:\\", Ok(&[r"C:\dir\", r"C:\"]));
    check_plain(r"\\\\nas\\share --repo=\\\\nas\\r", Ok(&[r"\\nas\share", r"--repo=\\nas\r"]));
    check_plain(r"\\nas\share \\nas --repo=\\nas\r", Ok(&[r"\\nas\share", r"\\nas", r"--repo=\\nas\r"]));
}

#[test]
fn random_values_have_the_words_that_python_finds() {
    #[derive(Deserialize)]
    struct Sample {
        text: String,
        words: Option<Vec<String>>,
    }
    let Some((seed, output)) = run_python("random_words.py", 20_000) else { return };
    for line in output.lines() {
        let sample: Sample = serde_json::from_str(line).unwrap();
        let found = split_with(&sample.text, Backslash::Escapes).ok();
        assert_eq!(found, sample.words, "seed {seed} {:?}", sample.text);
        if let Some(words) = found {
            assert_eq!(split(&join(&words)), Ok(words), "seed {seed}");
        }
    }
}
