//! Splits a value into words as Python's `shlex.split` does, and joins words for showing.
//!
//! This is no shell: nothing is expanded, and `#` starts no comment. On Windows a backslash is what it is in paths, and
//! escapes nothing: `C:\Users\` means the same with and without quotes. Words that were written for Python's rule, with two
//! for each, mean what they meant there.

use thiserror::Error;

/// What a backslash means outside of single quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// The next character stands for itself.
    Escapes,
    /// Nothing: it is a character like others.
    IsPlain,
}

/// What it means on this system.
const OWN: Backslash = if cfg!(windows) { Backslash::IsPlain } else { Backslash::Escapes };

/// What to do about a quote that is not closed.
pub(super) const UNCLOSED_QUOTE_HINT: &str = match OWN {
    Backslash::Escapes => "close it, or write a backslash before it if it is part of a word",
    Backslash::IsPlain => "close it, or put it between quotes of the other kind if it is part of a word",
};

/// Why a value cannot be split.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// A quote without its partner.
    #[error("a quote ({0}) is opened and not closed")]
    UnclosedQuote(char),
    /// A backslash with nothing after it.
    #[error("a backslash at the end escapes nothing")]
    TrailingBackslash,
}

/// Splits a text into words.
pub fn split(text: &str) -> Result<Vec<String>, SplitError> {
    split_with(text, OWN)
}

fn split_with(text: &str, backslash: Backslash) -> Result<Vec<String>, SplitError> {
    let words = split_plainly(text, backslash)?;
    Ok(if backslash == Backslash::IsPlain { words.into_iter().map(undoubled).collect() } else { words })
}

/// Takes every second backslash out of a word that has two for each, as Python's PRestic wanted it on Windows, too.
///
/// Two at its start, and an odd number anywhere, are those of a path as it is.
fn undoubled(word: String) -> String {
    let runs = || word.split(|character| character != '\\').map(str::len);
    if runs().next() == Some(2) || runs().any(|length| length % 2 == 1) { word } else { word.replace(r"\\", r"\") }
}

fn split_plainly(text: &str, backslash: Backslash) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    // None between words: an empty pair of quotes is a word too.
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' if backslash == Backslash::Escapes => {
                let escaped = characters.next().ok_or(SplitError::TrailingBackslash)?;
                word.get_or_insert_default().push(escaped);
            }
            '\'' | '"' => take_quoted(character, &mut characters, backslash, word.get_or_insert_default())?,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn take_quoted(
    quote: char,
    characters: &mut std::str::Chars<'_>,
    backslash: Backslash,
    word: &mut String,
) -> Result<(), SplitError> {
    loop {
        match characters.next().ok_or(SplitError::UnclosedQuote(quote))? {
            character if character == quote => return Ok(()),
            '\\' if quote == '"' && backslash == Backslash::Escapes => {
                let escaped = characters.next().ok_or(SplitError::UnclosedQuote(quote))?;
                // Between double quotes a backslash is one unless it stands before a quote or another.
                if escaped != '"' && escaped != '\\' {
                    word.push('\\');
                }
                word.push(escaped);
            }
            character => word.push(character),
        }
    }
}

/// Joins words so that a shell would read the same words again.
pub fn join<Word: AsRef<str>>(words: &[Word]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "@%+=:,./-_".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r#"'"'"'"#))
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
