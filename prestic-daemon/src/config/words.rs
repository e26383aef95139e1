//! Splits a value into words as Python's `shlex.split` does, and joins words for showing.
//!
//! This is no shell: nothing is expanded, and `#` starts no comment.

use thiserror::Error;

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
    let mut words = Vec::new();
    // None between words: an empty pair of quotes is a word too.
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => {
                let escaped = characters.next().ok_or(SplitError::TrailingBackslash)?;
                word.get_or_insert_default().push(escaped);
            }
            '\'' | '"' => take_quoted(character, &mut characters, word.get_or_insert_default())?,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn take_quoted(quote: char, characters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), SplitError> {
    loop {
        match characters.next().ok_or(SplitError::UnclosedQuote(quote))? {
            character if character == quote => return Ok(()),
            '\\' if quote == '"' => {
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
