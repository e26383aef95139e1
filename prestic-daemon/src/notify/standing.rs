//! What is wrong with the daemon itself: told once, until it changes. Pure.

use prestic_proto::{
    profile::ConfigProblem,
    status::{ConfigState, Status},
    system::WebState,
    words,
};

use crate::notify::{
    notice::{Answer, Choice, Notice, Subject, Urgency},
    plain,
};

/// What was told of the daemon itself.
#[derive(Debug, Default)]
pub struct Standing {
    errors: Vec<ConfigProblem>,
    web: Option<WebState>,
}

/// What follows from a change.
#[derive(Debug, PartialEq)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// This is to be shown.
    Tell(Notice),
    /// What was shown of it is over.
    Over(Subject),
}

impl Standing {
    /// Takes in the errors of the last reading of the configuration.
    fn config(&mut self, config: &ConfigState) -> Change {
        let errors = &config.errors;
        if self.errors == *errors {
            return Change::Nothing;
        }
        self.errors.clone_from(errors);
        let Some(first) = errors.first() else { return Change::Over(Subject::Configuration) };
        let place = match first.line {
            Some(line) => format!("{}:{line}", first.file.display()),
            None => first.file.display().to_string(),
        };
        let number = words::counted_usize(errors.len(), "error");
        let body: Vec<String> = [Some(&first.message), first.hint.as_ref()]
            .into_iter()
            .flatten()
            .map(|words| plain::sentence(&plain::hint(words)))
            .collect();
        let live = match config.loaded_at {
            Some(_) => "What was read before stays live.",
            None => "Only profiles without errors are live.",
        };
        Change::Tell(Notice {
            subject: Subject::Configuration,
            replaces: Vec::new(),
            summary: format!("{number} in the configuration"),
            body: format!("{}\n{}\n{live}", plain::hint(&place), body.join("\n")),
            urgency: Urgency::Normal,
            choices: vec![Choice { label: "Open PRestic", answer: Answer::OpenWeb }],
            told: Vec::new(),
        })
    }

    /// Takes in how the web interface is.
    fn web(&mut self, state: &WebState) -> Change {
        let WebState::Unavailable { address, reason } = state else {
            return if self.web.take().is_some() { Change::Over(Subject::Web) } else { Change::Nothing };
        };
        if self.web.replace(state.clone()).as_ref() == Some(state) {
            return Change::Nothing;
        }
        Change::Tell(Notice {
            subject: Subject::Web,
            replaces: Vec::new(),
            summary: "No web interface".to_owned(),
            body: format!("At {address}: {}.\nBackups go on.", plain::hint(reason)),
            urgency: Urgency::Normal,
            choices: Vec::new(),
            told: Vec::new(),
        })
    }

    /// Takes in everything; tells nothing while every task is paused.
    pub fn all(&mut self, status: &Status) -> Vec<Change> {
        if status.paused.is_some() {
            return Vec::new();
        }
        vec![self.config(&status.config), self.web(&status.web)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: usize) -> ConfigProblem {
        ConfigProblem {
            file: "config.ini".into(),
            line: Some(line),
            section: Some("home".to_owned()),
            key: None,
            message: "`x` is not a size".to_owned(),
            hint: Some("write `5M`".to_owned()),
        }
    }

    fn config(errors: &[ConfigProblem]) -> ConfigState {
        ConfigState { path: "config.ini".into(), loaded_at: None, errors: errors.to_vec(), warnings: Vec::new() }
    }

    #[test]
    fn errors_of_the_configuration_are_told_once_until_they_change() {
        let mut standing = Standing::default();
        assert_eq!(standing.config(&config(&[])), Change::Nothing);
        let Change::Tell(notice) = standing.config(&config(&[error(3), error(4)])) else { panic!("nothing is told") };
        assert_eq!(notice.summary, "2 errors in the configuration");
        assert_eq!(notice.body, "config.ini:3\n“x” is not a size\nWrite “5M”\nOnly profiles without errors are live.");
        assert_eq!(standing.config(&config(&[error(3), error(4)])), Change::Nothing);
        assert!(matches!(standing.config(&config(&[error(4)])), Change::Tell(_)));
        assert_eq!(standing.config(&config(&[])), Change::Over(Subject::Configuration));
    }

    #[test]
    fn taken_port_is_told_once_until_it_is_free() {
        let taken =
            WebState::Unavailable { address: "127.0.0.1:8711".to_owned(), reason: "another program listens there".to_owned() };
        let mut standing = Standing::default();
        let Change::Tell(notice) = standing.web(&taken) else { panic!("nothing is told") };
        assert_eq!(notice.body, "At 127.0.0.1:8711: another program listens there.\nBackups go on.");
        assert_eq!(standing.web(&taken), Change::Nothing);
        assert_eq!(standing.web(&WebState::Off), Change::Over(Subject::Web));
        assert_eq!(standing.web(&WebState::Off), Change::Nothing);
    }
}
