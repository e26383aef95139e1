//! Cuts a schedule into expressions, and those into words.

use super::super::error::{Fault, ScheduleError};

/// A word of the text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// As the user wrote it, without quotation marks.
    pub text: String,
    /// In lower case.
    pub word: String,
    /// Where it begins, in characters from 1.
    pub column: usize,
    /// Whether it stands between quotation marks, and so is no word of the grammar.
    pub is_quoted: bool,
    /// Whether a comma separates it from the word before.
    pub follows_comma: bool,
}

impl Token {
    fn new(text: &str, column: usize) -> Self {
        Self { text: text.to_owned(), word: text.to_lowercase(), column, is_quoted: false, follows_comma: false }
    }

    /// Whether it is a word of the grammar.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.word == word
    }

    pub(super) fn fault(&self, fault: Fault) -> ScheduleError {
        ScheduleError::at(&self.text, self.column, fault)
    }

    /// Returns a part of it as a token, with its own column.
    pub(super) fn part(&self, from_byte: usize, to_byte: usize) -> Self {
        let column = self.column + self.text[..from_byte].chars().count();
        Self::new(&self.text[from_byte..to_byte], column)
    }
}

/// Cuts words at commas, too.
pub(super) fn between_commas(tokens: &[Token]) -> Vec<Token> {
    let mut parts = Vec::new();
    let mut follows_comma = false;
    for token in tokens {
        if token.is_quoted {
            parts.push(Token { follows_comma, ..token.clone() });
            follows_comma = false;
            continue;
        }
        let mut start = 0;
        for piece in token.text.split_inclusive(',') {
            let word = piece.trim_end_matches(',');
            if !word.is_empty() {
                parts.push(Token { follows_comma, ..token.part(start, start + word.len()) });
            }
            follows_comma = piece.ends_with(',');
            start += piece.len();
        }
    }
    parts
}

/// Cuts a text at semicolons and line ends into expressions, and these at blanks into words. Empty ones are left out.
pub(super) fn expressions(text: &str) -> Result<Vec<Vec<Token>>, ScheduleError> {
    let mut expressions = vec![Vec::new()];
    let mut letters = text.chars().zip(1..).peekable();
    while let Some((letter, column)) = letters.next() {
        let expression = expressions.last_mut().expect("it begins with one");
        match letter {
            ';' | '\n' | '\r' => expressions.push(Vec::new()),
            '"' | '\'' => expression.push(quoted(letter, column, &mut letters)?),
            blank if blank.is_whitespace() => {}
            first => {
                let mut word = first.to_string();
                while let Some((next, _)) = letters.next_if(|(next, _)| *next != ';' && !next.is_whitespace()) {
                    word.push(next);
                }
                expression.push(Token::new(&word, column));
            }
        }
    }
    expressions.retain(|expression| !expression.is_empty());
    Ok(expressions)
}

/// Reads the rest of a word between quotation marks, in which a backslash stands before a mark or another backslash.
fn quoted(mark: char, column: usize, letters: &mut impl Iterator<Item = (char, usize)>) -> Result<Token, ScheduleError> {
    let mut text = String::new();
    loop {
        match letters.next() {
            Some((letter, _)) if letter == mark => {
                return Ok(Token { is_quoted: true, ..Token::new(&text, column + 1) });
            }
            Some(('\\', _)) => text.extend(letters.next().map(|(letter, _)| letter)),
            Some((letter, _)) => text.push(letter),
            None => {
                let error = ScheduleError::at(&format!("{mark}{text}"), column, Fault::OpenQuote);
                return Err(error.with_hint(format!("close it with another `{mark}`")));
            }
        }
    }
}
