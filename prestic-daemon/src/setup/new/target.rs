//! Where the repository is: what the answer means, and what else it takes to get there.

use std::path::{Path, PathBuf};

use super::{NewError, section::Draft, text_of, whole_path};
use crate::{conditions::new_place, config::redact};

/// The kinds of repositories that restic knows beside folders, each with the variables that it cannot do without.
const KINDS: [(&str, &[&str]); 8] = [
    ("sftp", &[]),
    ("rest", &[]),
    ("s3", &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
    ("b2", &["B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"]),
    ("azure", &["AZURE_ACCOUNT_NAME", "AZURE_ACCOUNT_KEY"]),
    ("gs", &["GOOGLE_PROJECT_ID", "GOOGLE_APPLICATION_CREDENTIALS"]),
    ("swift", &[]),
    ("rclone", &[]),
];

/// What a REST server is told by whoever it lets in. Not all of them ask.
const REST_LOGIN: [&str; 2] = ["RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"];

/// The scheme of a folder.
const LOCAL: &str = "local:";

/// Where the repository is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// As it stands in the configuration.
    pub repository: String,
    /// Variables that it needs, with their values.
    pub variables: Vec<(String, String)>,
    /// Whether there is a repository.
    pub exists: bool,
    /// Its folder, if it is one.
    folder: Option<PathBuf>,
    /// What is backed up would contain it: this is left out then.
    excluded: Option<String>,
    require_path: Option<String>,
}

impl Target {
    /// Reads an answer. Nothing is looked at but where its disk is.
    pub(super) fn read(answer: &str, variables: &[(String, String)], paths: &[String]) -> Result<Self, NewError> {
        let answer = answer.trim();
        if answer.is_empty() || answer.contains(char::is_control) {
            return Err(NewError::BadAnswer("say where the repository is, or is to be made".to_owned()));
        }
        let variables = variables.to_vec();
        if kind_of(answer).is_some() {
            return Ok(Self { repository: answer.to_owned(), variables, ..Self::default() });
        }
        let folder = whole_path(answer.strip_prefix(LOCAL).unwrap_or(answer));
        let repository = text_of(&folder)?;
        if paths.iter().any(|path| Path::new(path).starts_with(&folder)) {
            return Err(NewError::BadAnswer(format!("`{repository}` is what is to be backed up: choose another folder")));
        }
        let excluded = paths.iter().any(|path| folder.starts_with(path)).then(|| repository.clone());
        let require_path = new_place::removable_disk_of(&folder).as_deref().map(text_of).transpose()?;
        Ok(Self { repository, variables, folder: Some(folder), excluded, require_path, exists: false })
    }

    /// Writes all that follows from it into a draft.
    pub(super) fn fill(&self, draft: &mut Draft) {
        draft.repository.clone_from(&self.repository);
        draft.variables.clone_from(&self.variables);
        draft.require_path.clone_from(&self.require_path);
        if let Some(excluded) = self.excluded.as_ref().filter(|excluded| !draft.excludes.contains(excluded)) {
            draft.excludes.push(excluded.clone());
        }
    }

    /// Returns the repository as it may be seen.
    pub(super) fn shown(&self) -> String {
        redact::url(&self.repository)
    }

    /// Whether it is a folder of this machine.
    pub(super) fn is_folder(&self) -> bool {
        self.folder.is_some()
    }
}

/// Returns the variables without which a repository cannot be reached.
pub(super) fn needed_variables(answer: &str) -> &'static [&'static str] {
    kind_of(answer.trim()).map_or(&[], |(_, variables)| variables)
}

/// Returns the variables with which a server lets somebody in, where its location does not say who that is.
pub(super) fn login_variables(answer: &str) -> &'static [&'static str] {
    let is_open = kind_of(answer.trim()).is_some_and(|(kind, _)| *kind == "rest") && !answer.contains('@');
    if is_open { &REST_LOGIN } else { &[] }
}

fn kind_of(answer: &str) -> Option<&'static (&'static str, &'static [&'static str])> {
    let (scheme, _) = answer.split_once(':')?;
    KINDS.iter().find(|(kind, _)| *kind == scheme)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn read(answer: &str, paths: &[&str]) -> Result<Target, NewError> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        Target::read(answer, &[], &paths)
    }

    #[test]
    fn folder_becomes_a_whole_path_and_the_rest_stays_as_it_is() {
        assert_eq!(read("/srv/restic/", &["/home"]).unwrap().repository, "/srv/restic");
        assert_eq!(read("local:/srv/restic", &["/home"]).unwrap().repository, "/srv/restic");
        for remote in ["sftp:me@host:restic", "rest:http://localhost:8000/", "rclone:drive:restic"] {
            let target = read(remote, &["/"]).unwrap();
            assert_eq!((target.repository.as_str(), target.is_folder()), (remote, false));
        }
    }

    #[test]
    fn repository_within_what_is_backed_up_is_left_out_of_it() {
        let mut draft = Draft::default();
        read("/home/me/restic", &["/etc", "/home"]).unwrap().fill(&mut draft);
        assert_eq!(draft.excludes, ["/home/me/restic"]);
    }

    #[test]
    fn nothing_is_backed_up_into_itself() {
        assert!(read("/home", &["/home"]).is_err());
        assert!(read("/home", &["/home/me"]).is_err());
        assert!(read(" ", &["/home/me"]).is_err());
    }

    #[test]
    fn keys_of_a_cloud_are_known_to_be_needed() {
        assert_eq!(needed_variables("s3:https://host/bucket"), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
        assert!(needed_variables("/srv/s3:x").is_empty());
    }

    #[test]
    fn server_can_want_a_login_that_its_location_does_not_have() {
        assert_eq!(login_variables("rest:https://host/"), REST_LOGIN);
        assert!(login_variables("rest:https://me:secret@host/").is_empty());
        assert!(login_variables("sftp:host:restic").is_empty());
    }

    #[test]
    fn password_in_a_location_is_not_shown() {
        assert_eq!(read("rest:https://me:hunter2@host/", &["/etc"]).unwrap().shown(), "rest:https://[hidden]@host/");
    }
}
