//! One notification, before it is known which desktop shows it.

use prestic_proto::run::RunId;

use crate::notify::told::Told;

/// What a notification is about. There is one at a time of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A task.
    Task(String),
    /// Many tasks with the same kind of news at once.
    Many(News),
    /// The configuration.
    Configuration,
    /// The web interface.
    Web,
    /// Whether notifications work.
    Trial,
}

/// The kinds of news that come in floods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// A run has failed.
    Failed,
    /// A task works again.
    Recovered,
    /// A task did not run when it was due.
    Skipped,
    /// A task is overdue.
    Overdue,
}

impl News {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Recovered, Self::Skipped, Self::Overdue];

    /// Returns what of the same task says more than this.
    pub fn graver(self) -> &'static [Self] {
        match self {
            Self::Failed | Self::Recovered => &[],
            Self::Overdue => &[Self::Failed],
            Self::Skipped => &[Self::Failed, Self::Overdue],
        }
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It is good to know.
    Low,
    /// It is worth a look.
    Normal,
    /// It stays until somebody has seen it.
    Critical,
}

/// What a notification can be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Open the log of a run.
    OpenLog {
        /// The run.
        run: RunId,
        /// The name of its log file.
        log_file: Option<String>,
    },
    /// Run a task.
    Run {
        /// The task.
        task: String,
    },
    /// Open the web interface.
    OpenWeb,
}

/// An answer that somebody can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word on its button.
    pub label: &'static str,
    /// What it does.
    pub answer: Answer,
}

/// A notification, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: it takes the place of what was shown of that.
    pub subject: Subject,
    /// What it takes the place of besides.
    pub replaces: Vec<Subject>,
    /// The one line that everybody reads.
    pub summary: String,
    /// What there is to know besides, in a few lines.
    pub body: String,
    /// How much it matters.
    pub urgency: Urgency,
    /// The buttons. A click beside them means the first one.
    pub choices: Vec<Choice>,
    /// What each of these tasks was told of, once this is shown.
    pub told: Vec<(String, Told)>,
}
