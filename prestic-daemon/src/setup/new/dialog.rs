//! The five questions of `prestic-ctl new`. What the command line has answered is not asked.

use std::{env, path::Path};

use prestic_proto::{
    home::Home,
    new_profile::{Answers, Keeper},
};

use super::{
    NewError,
    keep::{self, PROPOSAL},
    keeper::Place,
    password::{self, Password, Way},
    section::Draft,
    source,
    target::{self, Target},
};
use crate::{
    config::{redact, words},
    schedule::Schedule,
    secret::Secret,
    setup::questions::{self, say},
};

/// What is proposed as a schedule.
const SCHEDULE: &str = "daily at 12:30";

/// Asks, if somebody is there.
#[derive(Debug)]
pub(super) struct Asker {
    is_there: bool,
}

/// Returns the options of the command line whose answers are missing.
pub(super) fn missing(answers: &Answers) -> Vec<&'static str> {
    let gaps = [
        (answers.paths.is_empty(), "--path"),
        (answers.repository.is_none(), "--repository"),
        (answers.schedule.is_none(), "--schedule"),
        (answers.keep.is_none(), "--keep"),
        (answers.keeper.is_none(), "--password-keyring or --password-file"),
    ];
    gaps.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, option)| option).collect()
}

impl Asker {
    /// Looks whether somebody is there who wants to be asked.
    pub(super) fn new(answers: &Answers) -> Self {
        Self { is_there: !answers.yes && questions::is_somebody_there() }
    }

    /// Whether somebody is there.
    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Says what comes.
    pub(super) fn greet(&self) {
        if self.is_there {
            say("Five questions; what is in brackets is taken if you just press Enter.");
            say("Nothing is written before the end. Ctrl-C leaves everything as it is.");
        }
    }

    /// What is to be backed up?
    pub(super) fn paths(&self, answers: &Answers) -> Result<Vec<String>, NewError> {
        if !answers.paths.is_empty() {
            return source::check(&answers.paths);
        }
        self.explain("1/5  What is to be backed up?", "Folders or files, with blanks between; quote those that hold blanks.");
        let home = env::home_dir().map(|home| words::join(&[home.to_string_lossy()]));
        self.until_good(None, home.as_deref(), source::split)
    }

    /// Where to?
    pub(super) fn target(
        &self,
        answers: &Answers,
        look: impl Fn(&str, &[(String, String)]) -> Result<Target, NewError>,
    ) -> Result<Target, NewError> {
        if answers.repository.is_none() {
            self.explain(
                "2/5  Where to?",
                "A folder, best on another disk: /mnt/usb/restic. Or another machine:\n     \
                 sftp:me@host:/backups, rest:https://host/, s3:https://host/bucket, …",
            );
        }
        let read = |answer: &str| {
            let variables = self.variables(answers, answer)?;
            if self.is_there {
                say("     looking whether there is a repository …");
            }
            match look(answer, &variables) {
                Err(error) if self.is_there && variables.is_empty() && error.is_about_the_login() => {
                    let login = target::login_variables(answer);
                    if login.is_empty() {
                        return Err(error);
                    }
                    say("     The server wants to know who you are.");
                    look(answer, &self.values(login, answer)?)
                }
                result => result,
            }
        };
        let target = self.until_good(answers.repository.as_deref(), None, read)?;
        if self.is_there {
            say(if target.exists { "     There is one: it is used." } else { "     There is none yet: it will be made." });
            if target.is_folder() && !target.exists && env::home_dir().is_some_and(|home| is_below(&target, &home)) {
                say("     It is on this machine's own disk: what breaks the disk breaks the backup, too.");
            }
        }
        Ok(target)
    }

    /// Returns the variables that a repository needs: from the environment, or from whoever is there.
    fn variables(&self, answers: &Answers, repository: &str) -> Result<Vec<(String, String)>, NewError> {
        let own: Vec<&str> = answers.variables.iter().map(String::as_str).collect();
        if !own.is_empty() {
            return self.values(&own, repository);
        }
        let is_set = |name: &&str| env::var(name).is_ok_and(|value| !value.is_empty());
        let login = target::login_variables(repository);
        // restic inherits none of them: what the daemon is to have stands in the configuration.
        let login = if login.iter().all(is_set) { login } else { &[] };
        self.values(&[target::needed_variables(repository), login].concat(), repository)
    }

    /// Returns variables with their values: from the environment, or from whoever is there.
    fn values(&self, names: &[&str], repository: &str) -> Result<Vec<(String, String)>, NewError> {
        let mut variables = Vec::with_capacity(names.len());
        for &name in names {
            let value = match env::var(name) {
                Ok(value) if !value.is_empty() => value,
                _ if self.is_there => password::prompt(&format!("     {name} (not shown)"))?.to_string(),
                _ => {
                    return Err(NewError::BadAnswer(format!(
                        "`{}` needs `{name}`: set it in the environment",
                        redact::url(repository)
                    )));
                }
            };
            if value.is_empty() || value.contains(char::is_control) {
                return Err(NewError::BadAnswer(format!("`{name}` has no usable value")));
            }
            variables.push((name.to_owned(), value));
        }
        Ok(variables)
    }

    /// When?
    pub(super) fn schedule(&self, answers: &Answers) -> Result<String, NewError> {
        if answers.schedule.is_none() {
            self.explain("3/5  When?", "As `daily at 12:30`, `hourly`, `mon,thu at 20:00`; `off` for never by itself.");
        }
        let read = |answer: &str| match Schedule::parse(answer) {
            Ok(schedule) if schedule.is_never() => Ok(String::new()),
            Ok(schedule) => {
                if self.is_there {
                    say(&format!("     {}", schedule.words()));
                }
                Ok(answer.to_owned())
            }
            Err(error) => Err(NewError::BadAnswer(error.to_string())),
        };
        self.until_good(answers.schedule.as_deref(), Some(SCHEDULE), read)
    }

    /// How long are snapshots kept?
    pub(super) fn keep(&self, answers: &Answers) -> Result<Vec<String>, NewError> {
        if answers.keep.is_none() {
            self.explain("4/5  Which snapshots are kept?", "The others are removed once a week. `all` removes none.");
        }
        let read = |answer: &str| keep::flags(answer).map_err(|error| NewError::BadAnswer(error.to_string()));
        self.until_good(answers.keep.as_deref(), Some(PROPOSAL), read)
    }

    /// Where is the password kept?
    pub(super) fn place(
        &self,
        answers: &Answers,
        profile: &str,
        home: &Home,
        is_keyring_usable: impl Fn() -> bool,
        check: impl Fn(&Place) -> Result<(), NewError>,
    ) -> Result<Place, NewError> {
        if let Some(keeper) = &answers.keeper {
            return Ok(Place::of(keeper, profile, home));
        }
        self.explain(
            "5/5  Where is the password of the repository kept?",
            "`keyring`: the desktop's; `file`: one that only you can read.",
        );
        let proposal = if is_keyring_usable() { "keyring" } else { "file" };
        self.until_good(None, Some(proposal), |answer| {
            let keeper = match answer {
                "keyring" => Keeper::Keyring(None),
                "file" => Keeper::File(None),
                _ => return Err(NewError::BadAnswer("please answer `keyring` or `file`".to_owned())),
            };
            let place = Place::of(&keeper, profile, home);
            check(&place).map(|()| place)
        })
    }

    /// Which password is it?
    pub(super) fn password(
        &self,
        answers: &Answers,
        held: Option<Secret>,
        place: &Place,
        target: &Target,
        opens: impl Fn(&Secret) -> Result<bool, NewError>,
    ) -> Result<Password, NewError> {
        let way = match answers {
            Answers { password_on_stdin: true, .. } => Way::Line,
            Answers { generate_password: true, .. } => Way::Generate,
            _ if self.is_there => Way::Type,
            _ => Way::Generate,
        };
        password::obtain(way, held, place, target, opens)
    }

    /// Shows what will be done, and asks for a yes. Returns whether a first backup is wanted.
    pub(super) fn agree(
        &self,
        answers: &Answers,
        draft: &Draft,
        target: &Target,
        place: &Place,
        file: &Path,
    ) -> Result<bool, NewError> {
        if !self.is_there {
            return Ok(answers.run_now);
        }
        say(&format!("\nThis goes into {}:\n", file.display()));
        for line in shown(draft).text().lines() {
            say(&format!("  {line}"));
        }
        let repository = if target.exists { "is there already" } else { "will be made" };
        say(&format!("\nThe repository {repository}: {}", target.shown()));
        say(&format!("Its password is kept in {place}.\n"));
        let run_now = answers.run_now || questions::confirm("Run a first backup then?", true)?;
        if questions::confirm("Write all this?", true)? { Ok(run_now) } else { Err(NewError::Declined) }
    }

    fn explain(&self, question: &str, explanation: &str) {
        say(&format!("\n{question}\n     {explanation}"));
    }

    /// Takes what was given, or asks until an answer can be used.
    fn until_good<T>(
        &self,
        given: Option<&str>,
        proposal: Option<&str>,
        read: impl Fn(&str) -> Result<T, NewError>,
    ) -> Result<T, NewError> {
        if let Some(given) = given {
            return read(given);
        }
        loop {
            let answer = questions::ask("    ", proposal)?.ok_or(NewError::Declined)?;
            match read(&answer) {
                Err(error) if error.is_about_the_answer() => {
                    say(&format!("     {}", error.to_string().replace('\n', "\n     ")));
                }
                result => return result,
            }
        }
    }
}

/// Returns a draft whose text may be seen.
fn shown(draft: &Draft) -> Draft {
    let variables = draft.variables.iter().map(|(name, value)| (name.clone(), redact::variable(name, value)));
    Draft { repository: redact::url(&draft.repository), variables: variables.collect(), ..draft.clone() }
}

fn is_below(target: &Target, folder: &Path) -> bool {
    Path::new(&target.repository).starts_with(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let all = ["--path", "--repository", "--schedule", "--keep", "--password-keyring or --password-file"];
        assert_eq!(missing(&Answers::default()), all);
        let given = Answers {
            paths: vec!["/etc".to_owned()],
            repository: Some("/r".to_owned()),
            keep: Some("all".to_owned()),
            keeper: Some(Keeper::Keyring(None)),
            ..Answers::default()
        };
        assert_eq!(missing(&given), ["--schedule"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let draft = Draft {
            repository: "rest:https://me:hunter2@host/".to_owned(),
            variables: vec![("AWS_SECRET_ACCESS_KEY".to_owned(), "hunter2".to_owned())],
            ..Draft::default()
        };
        let text = shown(&draft).text();
        assert!(!text.contains("hunter2") && text.contains("rest:https://[hidden]@host/"), "{text}");
    }
}
