//! The passwords in the keyring: can a run that nobody watches have them?

use std::time::Duration;

use futures::future::join_all;
use prestic_proto::doctor::{Check, Finding};

use super::Subject;
use crate::keyring::{Keyring, KeyringError};

/// How long the keyring may take. A run gives it more, because somebody may have to unlock it.
const LIMIT: Duration = Duration::from_secs(8);

/// Asks for each entry that a profile names.
pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for profile in subject.with_repository() {
        let Some(entry) = profile.password_keyring() else { continue };
        if !entries.iter().any(|(known, _)| *known == entry) {
            entries.push((entry, profile.name().to_owned()));
        }
    }
    let keyring = Keyring::default();
    keyring.set_limit(LIMIT);
    let answers = entries.iter().map(async |(entry, profile)| {
        let answer = keyring.password(profile, entry).await;
        judge(entry, profile, answer.map(|_| ()).map_err(|refusal| refusal.error))
    });
    join_all(answers).await
}

fn judge(entry: &str, profile: &str, answer: Result<(), KeyringError>) -> Finding {
    match answer {
        Ok(()) => Finding::ok(Check::Keyring, format!("it gives the password `{entry}`")),
        Err(error) => {
            let message = format!("profile `{profile}` has `password-keyring = {entry}`, but {error}");
            Finding::error(Check::Keyring, message, error.hint())
        }
    }
    .about(entry)
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[test]
    fn entry_that_is_missing_is_an_error_with_the_way_to_write_it() {
        let finding = judge("nas", "home", Err(KeyringError::Absent("nas".to_owned())));
        assert_eq!(finding.level, Level::Error);
        assert!(finding.hint.unwrap().contains("prestic-ctl keyring set nas"));
        assert_eq!(judge("nas", "home", Ok(())).level, Level::Ok);
    }
}
