//! The password of a repository: one that is there already, typed, or made.

use std::io::{self, IsTerminal};

use zeroize::Zeroizing;

use super::{NewError, keeper::Place, target::Target};
use crate::{keyring::new_password, process, secret::Secret, setup::questions::say};

/// How often a password may be wrong.
const ATTEMPTS: u32 = 3;

/// Letters and digits that cannot be mistaken for each other. Each is one of 32, so that it stands for five bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 125 bits, in groups that can be written down.
const GROUPS: usize = 5;
const GROUP: usize = 5;

/// A password, and where it comes from.
#[derive(Debug)]
pub(super) struct Password {
    /// The password.
    pub secret: Secret,
    /// Whether it is kept already.
    pub is_held: bool,
    /// Whether it was made just now.
    pub is_generated: bool,
}

/// How a password is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is the first line of standard input.
    Line,
    /// It is made.
    Generate,
    /// Whoever sits at the terminal types it.
    Type,
}

/// Returns a password that opens the repository, or that a new one will have.
pub(super) fn obtain(
    way: Way,
    held: Option<Secret>,
    place: &Place,
    target: &Target,
    opens: impl Fn(&Secret) -> Result<bool, NewError>,
) -> Result<Password, NewError> {
    let wrong = || NewError::BadAnswer(format!("this password does not open the repository at `{}`", target.shown()));
    let checked = |password: Password| match target.exists && !opens(&password.secret)? {
        true => Err(wrong()),
        false => Ok(password),
    };
    if let Some(secret) = held {
        say(&format!("there is a password in {place} already: that one is used"));
        return checked(Password { secret, is_held: true, is_generated: false });
    }
    match way {
        // A terminal would show it.
        Way::Line if io::stdin().is_terminal() => checked(typed("Password of the repository")?),
        Way::Line => {
            let line = new_password::read_line(io::stdin().lock())?;
            checked(Password { secret: Secret::new(line.as_str()), is_held: false, is_generated: false })
        }
        Way::Generate if target.exists => {
            let message = format!("there is a repository at `{}` already: its own password is needed", target.shown());
            Err(NewError::BadAnswer(message))
        }
        Way::Generate => Ok(Password { secret: generate()?, is_held: false, is_generated: true }),
        Way::Type if target.exists => type_until(|| {
            let password = checked(typed("     Password of the repository")?)?;
            Ok(password)
        }),
        Way::Type => type_until(type_new),
    }
}

/// Asks again after an answer that cannot be used.
fn type_until(ask: impl Fn() -> Result<Password, NewError>) -> Result<Password, NewError> {
    for _ in 1..ATTEMPTS {
        match ask() {
            Err(error) if error.is_about_the_answer() => say(&format!("     {error}")),
            result => return result,
        }
    }
    ask()
}

fn type_new() -> Result<Password, NewError> {
    let first = prompt("     Password (nothing: a strong one is made)")?;
    if first.is_empty() {
        return Ok(Password { secret: generate()?, is_held: false, is_generated: true });
    }
    let first = new_password::usable(first)?;
    if prompt("     The same again")? != first {
        return Err(NewError::BadAnswer("these were two different ones".to_owned()));
    }
    Ok(Password { secret: Secret::new(first.as_str()), is_held: false, is_generated: false })
}

fn typed(question: &str) -> Result<Password, NewError> {
    let password = new_password::usable(prompt(question)?)?;
    Ok(Password { secret: Secret::new(password.as_str()), is_held: false, is_generated: false })
}

/// Asks for something that is not shown.
pub(super) fn prompt(question: &str) -> Result<Zeroizing<String>, NewError> {
    let typed = process::read_terminal(|| rpassword::prompt_password(format!("{question}: ")));
    Ok(Zeroizing::new(typed?))
}

/// Makes a password that nobody can guess and everybody can write down.
pub(super) fn generate() -> Result<Secret, NewError> {
    let mut bytes = Zeroizing::new([0_u8; GROUPS * GROUP]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| io::Error::other(error.to_string()))?;
    let mut text = String::with_capacity(GROUPS * (GROUP + 1));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_differ_and_can_be_written_down() {
        let [one, other] = [(), ()].map(|()| generate().unwrap());
        assert_ne!(one, other);
        let groups: Vec<&str> = one.reveal().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [GROUP; GROUPS]);
        assert!(groups.concat().bytes().all(|byte| ALPHABET.contains(&byte)), "{}", one.reveal());
    }

    fn obtain_for(exists: bool, way: Way, held: Option<&str>) -> Result<Password, NewError> {
        let mut target = Target::read("sftp:me@host:restic", &[], &[])?;
        target.exists = exists;
        obtain(way, held.map(Secret::new), &Place::Keyring("x".to_owned()), &target, |secret| Ok(secret.reveal() == "right"))
    }

    #[test]
    fn password_that_is_kept_already_is_used_if_it_opens_what_is_there() {
        assert!(obtain_for(true, Way::Generate, Some("right")).unwrap().is_held);
        assert!(obtain_for(true, Way::Generate, Some("wrong")).is_err());
        assert!(obtain_for(false, Way::Generate, Some("wrong")).unwrap().is_held);
    }

    #[test]
    fn no_password_is_made_for_a_repository_that_has_one() {
        assert!(obtain_for(false, Way::Generate, None).unwrap().is_generated);
        assert!(obtain_for(true, Way::Generate, None).is_err());
    }
}
