//! Words, against those that Python's shlex finds.

use serde::Deserialize;

use super::{super::ini::tests::run_python, *};

#[track_caller]
fn check(text: &str, expected: Result<&[&str], SplitError>) {
    assert_eq!(split(text), expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect()));
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
fn random_values_have_the_words_that_python_finds() {
    #[derive(Deserialize)]
    struct Sample {
        text: String,
        words: Option<Vec<String>>,
    }
    let Some((seed, output)) = run_python("random_words.py", 20_000) else { return };
    for line in output.lines() {
        let sample: Sample = serde_json::from_str(line).unwrap();
        let found = split(&sample.text).ok();
        assert_eq!(found, sample.words, "seed {seed} {:?}", sample.text);
        if let Some(words) = found {
            assert_eq!(split(&join(&words)), Ok(words), "seed {seed}");
        }
    }
}
