//! The command with which restic gets a password from the keyring by itself.

use std::path::Path;

use thiserror::Error;

/// restic has no way to be told such a word.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "restic cannot be told a command with `{0}` in it: a word must not have both kinds of quotes, nor end with a backslash; \
     rename it"
)]
pub struct Unquotable(String);

/// Returns what `RESTIC_PASSWORD_COMMAND` has to be for an entry.
pub fn password_command(program: &Path, entry: &str) -> Result<String, Unquotable> {
    let program = program.to_str().ok_or_else(|| Unquotable(program.display().to_string()))?;
    Ok(format!("{} keyring get -- {}", quoted(program)?, quoted(entry)?))
}

/// Quotes a word as restic splits it: a quote ends where the same one comes again, unless after a backslash, which stays; and
/// there is no way to have a quote within its own kind.
fn quoted(word: &str) -> Result<String, Unquotable> {
    let quote = ['"', '\''].into_iter().find(|quote| !word.contains(*quote) && !word.ends_with('\\'));
    quote.map(|quote| format!("{quote}{word}{quote}")).ok_or_else(|| Unquotable(word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, entry: &str, expected: &str) {
        assert_eq!(password_command(Path::new(program), entry).unwrap(), expected);
    }

    #[test]
    fn words_are_quoted_as_restic_reads_them() {
        check("/usr/bin/prestic-daemon", "nas", r#""/usr/bin/prestic-daemon" keyring get -- "nas""#);
        check(r"C:\Program Files\d.exe", "my nas", r#""C:\Program Files\d.exe" keyring get -- "my nas""#);
        check("/d", r#"the "big" one"#, r#""/d" keyring get -- 'the "big" one'"#);
        check("/d", "it's", r#""/d" keyring get -- "it's""#);
    }

    #[test]
    fn what_restic_cannot_read_is_refused() {
        for entry in [r#"it's "big""#, r"back\"] {
            assert_eq!(password_command(Path::new("/d"), entry), Err(Unquotable(entry.to_owned())));
        }
    }
}
