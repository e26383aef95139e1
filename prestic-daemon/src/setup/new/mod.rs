//! `prestic-ctl new`: adds a profile to the configuration, with its password and its repository.
//!
//! All questions come first, and nothing is written before the last one is answered: whoever ends the dialog leaves no trace.
//! Then come the password, the repository that needs it, and the configuration, so that whatever fails can be tried again.

mod dialog;
mod error;
mod keep;
mod keeper;
mod naming;
mod password;
mod section;
mod source;
mod target;
mod write;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use prestic_proto::{
    home::Home,
    new_profile::{ANSWERS_VARIABLE, Added, Answers, Keeper},
};
use tokio::runtime::{Builder, Runtime};

use self::{
    dialog::Asker,
    keeper::Place,
    section::{Draft, appended},
    target::Target,
};
pub use error::NewError;

use super::{init::ANSWER_LIMIT, questions::say};
use crate::{
    config::{self, Profile},
    foreground, process, program,
    repository::probe::Probe,
    secret::Secret,
};

/// Adds a profile as the environment says, and asks for what is missing there.
pub fn run() -> Result<Added, NewError> {
    let text = env::var(ANSWERS_VARIABLE).map_err(|_| NewError::NotAsked)?;
    let answers: Answers = serde_json::from_str(&text).map_err(|_| NewError::NotAsked)?;
    let home = Home::from_environment()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Setup { existing: Existing::read(&home)?, home, runtime }.add(answers)
}

/// What the new profile comes beside.
struct Existing {
    file: PathBuf,
    /// Empty where there is no file yet.
    text: String,
    names: Vec<String>,
}

impl Existing {
    fn read(home: &Home) -> Result<Self, NewError> {
        let file = home.config_file();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { file, text: String::new(), names: Vec::new() });
            }
            Err(source) => return Err(NewError::Unreadable { file, source }),
        };
        let loaded = config::load_for_one_run(&file);
        if !loaded.report.errors.is_empty() {
            return Err(NewError::BrokenConfig { file, errors: loaded.report.errors });
        }
        let names = loaded.config.profiles().map(|profile| profile.name().to_owned()).collect();
        Ok(Self { file, text, names })
    }
}

struct Setup {
    existing: Existing,
    home: Home,
    runtime: Runtime,
}

impl Setup {
    fn add(&self, answers: Answers) -> Result<Added, NewError> {
        let asker = Asker::new(&answers);
        self.complain_of_gaps(&asker, &answers)?;
        asker.greet();
        let paths = asker.paths(&answers)?;
        let name = naming::choose(answers.name.as_deref(), &paths, &self.existing.names)?;
        let (host, excludes) = (process::hostname(), answers.excludes.clone());
        let mut draft = Draft { name, host, excludes, paths, ..Draft::default() };
        let target = asker.target(&answers, |text, variables| self.look(&draft, text, variables))?;
        target.fill(&mut draft);
        draft.schedule = asker.schedule(&answers)?;
        draft.keep = asker.keep(&answers)?;
        let is_keyring_usable = || self.runtime.block_on(keeper::is_keyring_usable());
        let check = |place: &Place| self.runtime.block_on(place.held()).map(|_| ());
        let place = asker.place(&answers, &draft.name, &self.home, is_keyring_usable, check)?;
        draft.password = Some(place.option()?);
        if !draft.is_writable() {
            return Err(NewError::BadAnswer(
                "an answer holds a line feed, or another character that no line can have".to_owned(),
            ));
        }
        self.check_inherited(&mut draft)?;
        let held = self.runtime.block_on(place.held())?;
        let password = asker.password(&answers, held, &place, &target, |password| self.opens(&draft, password))?;
        self.check_init(&asker, &answers, &target)?;
        let run_now = asker.agree(&answers, &draft, &target, &place, &self.existing.file)?;
        let added = self.carry_out(&draft, &target, &place, &password)?;
        Ok(Added { run_now, ..added })
    }

    /// Names all answers at once that nobody is there to give.
    fn complain_of_gaps(&self, asker: &Asker, answers: &Answers) -> Result<(), NewError> {
        if asker.is_there() {
            return Ok(());
        }
        let mut missing = dialog::missing(answers);
        if let Some(keeper) = &answers.keeper
            && !answers.password_on_stdin
            && !answers.generate_password
        {
            let name = naming::choose(answers.name.as_deref(), &answers.paths, &self.existing.names)?;
            if self.runtime.block_on(Place::of(keeper, &name, &self.home).held())?.is_none() {
                missing.push("--generate-password or --password-stdin");
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(NewError::Missing(missing)) }
    }

    /// Returns a profile as the configuration would have it.
    fn profile(&self, draft: &Draft) -> Result<Arc<Profile>, NewError> {
        let text = appended(&self.existing.text, &draft.text());
        let loaded = config::read(&text, &self.existing.file);
        let found = loaded.config.profile(&draft.name).cloned();
        found.ok_or(NewError::Check { file: self.existing.file.clone(), errors: loaded.report.errors })
    }

    /// Sees to it that what every profile has by `[DEFAULT]` is not in the way of what was answered.
    fn check_inherited(&self, draft: &mut Draft) -> Result<(), NewError> {
        let profile = self.profile(draft)?;
        draft.overrides_schedule = draft.schedule.is_empty() && profile.schedule().is_some();
        let wanted = draft.password.as_ref().map(|(key, _)| *key);
        match profile.shown_password_source() {
            Some(source) if wanted.is_some_and(|wanted| wanted != source.key) => Err(NewError::BadAnswer(format!(
                "[DEFAULT] in {} has `{}`, which goes before the new password: move it to the profiles that need it",
                self.existing.file.display(),
                source.key
            ))),
            _ => Ok(()),
        }
    }

    /// Looks what there is at a place.
    fn look(&self, draft: &Draft, text: &str, variables: &[(String, String)]) -> Result<Target, NewError> {
        let mut target = Target::read(text, variables, &draft.paths)?;
        let mut draft = draft.clone();
        target.fill(&mut draft);
        let profile = self.profile(&draft)?;
        super::init::check_place(&profile, &profile.shown_repository().unwrap_or_default())?;
        // Any password tells whether there is a repository: it opens none.
        let nobodys = password::generate()?;
        let probe = self.probe(&profile, Some(&nobodys));
        target.exists = match self.runtime.block_on(probe.open()) {
            Err(trouble) if trouble.is_absent() => false,
            Err(trouble) if !trouble.is_wrong_password() => {
                let repository = profile.shown_repository().unwrap_or_default();
                return Err(super::init::refused(repository, trouble).into());
            }
            _ => true,
        };
        Ok(target)
    }

    /// Whether a password opens the repository.
    fn opens(&self, draft: &Draft, password: &Secret) -> Result<bool, NewError> {
        let profile = self.profile(draft)?;
        match self.runtime.block_on(self.probe(&profile, Some(password)).open()) {
            Ok(()) => Ok(true),
            Err(trouble) if trouble.is_wrong_password() => Ok(false),
            Err(trouble) => Err(super::init::refused(profile.shown_repository().unwrap_or_default(), trouble).into()),
        }
    }

    fn probe<'a>(&'a self, profile: &'a Profile, password: Option<&'a Secret>) -> Probe<'a> {
        Probe { profile, home: &self.home, password, version: None, limit: ANSWER_LIMIT }
    }

    fn check_init(&self, asker: &Asker, answers: &Answers, target: &Target) -> Result<(), NewError> {
        if target.exists || answers.init || asker.is_there() {
            return Ok(());
        }
        Err(NewError::NoInit(target.shown()))
    }

    fn carry_out(
        &self,
        draft: &Draft,
        target: &Target,
        place: &Place,
        password: &password::Password,
    ) -> Result<Added, NewError> {
        let text = appended(&self.existing.text, &draft.text());
        write::check(&self.home, &text)?;
        let profile = self.profile(draft)?;
        if !password.is_held {
            self.runtime.block_on(place.keep(&password.secret))?;
            say(&format!("the password is in {place}"));
        }
        if !target.exists {
            make_repository(&profile)?;
            say(&format!("the repository is made: {}", target.shown()));
        }
        let probe = self.probe(&profile, None);
        self.runtime.block_on(probe.open()).map_err(|trouble| super::init::refused(target.shown(), trouble))?;
        write::replace(&self.existing.file, &self.existing.text, &text)?;
        say(&format!("[{}] is in {}", draft.name, self.existing.file.display()));
        Ok(Added {
            profile: draft.name.clone(),
            forget_task: draft.forget_task(),
            config: self.existing.file.clone(),
            repository: target.shown(),
            repository_created: !target.exists,
            keeper: Keeper::from(place),
            // One that is kept there for a repository that was not can be what an attempt that failed has made.
            password_generated: password.is_generated || (password.is_held && !target.exists),
            run_now: false,
        })
    }
}

/// Lets restic make the repository. Its output would stand among ours, which is for a program.
fn make_repository(profile: &Profile) -> Result<(), NewError> {
    let (mut command, name) = foreground::prepare(profile, vec!["init".to_owned()])?;
    command.current_dir(program::working_folder()).stdout(Stdio::null());
    let status = command.status().map_err(|source| NewError::NotStarted { program: name, source })?;
    if status.success() { Ok(()) } else { Err(NewError::InitFailed(status)) }
}

/// Returns a path as it stands in the configuration: whole, and with the home folder in the place of a tilde.
fn whole_path(text: &str) -> PathBuf {
    let home = env::home_dir().unwrap_or_default();
    let path = match text.strip_prefix('~') {
        Some("") => home,
        Some(rest) if rest.starts_with(['/', '\\']) => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    // A slash at the end is one more component to some programs.
    path.components().collect::<PathBuf>()
}

/// Returns a path as text; what is no text cannot stand in the configuration.
fn text_of(path: &Path) -> Result<String, NewError> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    text.map(str::to_owned)
        .ok_or_else(|| NewError::BadAnswer(format!("`{}` cannot stand in the configuration", path.display())))
}
