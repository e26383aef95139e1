//! A command line as one can paste it into a shell. Pure.

/// Joins words so that a POSIX shell splits the line into the same words.
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_split_are_quoted() {
        let words = ["restic", "--repo=/a b", "it's", "", "$HOME", "~"].map(str::to_owned);
        assert_eq!(line(&words), r"restic '--repo=/a b' 'it'\''s' '' '$HOME' '~'");
    }
}
