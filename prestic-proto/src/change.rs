//! What a new configuration changes of the tasks. Names of options only: their values can be secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::profile::ConfigReport;

/// One way in which a task is not as before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskChange {
    /// The task.
    pub task: String,
    /// What became of it.
    #[serde(flatten)]
    pub change: Change,
}

/// What can become of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another schedule.
    Rescheduled {
        /// The schedule before, as it was written; none if it ran only when asked to.
        from: Option<String>,
        /// The schedule now.
        to: Option<String>,
    },
    /// Other options have another value, are new or are gone.
    Changed {
        /// Their names.
        options: Vec<String>,
    },
}

/// What the daemon answers when it has read its configuration again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What the check of it found.
    #[serde(flatten)]
    pub report: ConfigReport,
    /// What is not as before.
    pub changes: Vec<TaskChange>,
}

impl fmt::Display for TaskChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = &self.task;
        match &self.change {
            Change::Added => write!(f, "task `{task}` is new"),
            Change::Removed => write!(f, "task `{task}` is gone"),
            Change::Rescheduled { from, to } => {
                let schedule =
                    |text: &Option<String>| text.as_ref().map_or("no schedule".to_owned(), |text| format!("`{text}`"));
                write!(f, "task `{task}` has {} instead of {}", schedule(to), schedule(from))
            }
            Change::Changed { options } => write!(f, "task `{task}` has changed in `{}`", options.join("`, `")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: Change, expected: &str) {
        assert_eq!(TaskChange { task: "home".to_owned(), change }.to_string(), expected);
    }

    #[test]
    fn changes_are_told_in_one_line() {
        check(Change::Added, "task `home` is new");
        check(Change::Removed, "task `home` is gone");
        let schedule = Some("daily at 02:30".to_owned());
        check(Change::Rescheduled { from: None, to: schedule }, "task `home` has `daily at 02:30` instead of no schedule");
        let options = vec!["args".to_owned(), "env.A".to_owned()];
        check(Change::Changed { options }, "task `home` has changed in `args`, `env.A`");
    }
}
