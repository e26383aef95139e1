//! Profiles as clients see them: every value with its origin, secrets hidden.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The section that the line stands in.
    pub section: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] at {}:{}", self.section, self.file.display(), self.line)
    }
}

/// One thing that is wrong, or odd, in a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigProblem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; none if the problem is of the whole file.
    pub line: Option<usize>,
    /// The section, where there is one.
    pub section: Option<String>,
    /// The key, where there is one.
    pub key: Option<String>,
    /// What is wrong, with names in backticks; says nothing of the place.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(section) = &self.section {
            write!(f, " in [{section}]")?;
        }
        write!(f, " at {}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// What a check of a configuration found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigReport {
    /// Nothing may run with these.
    pub errors: Vec<ConfigProblem>,
    /// Things that work, but perhaps not as meant.
    pub warnings: Vec<ConfigProblem>,
    /// How many profiles there are.
    pub profiles: usize,
    /// How many of them are tasks.
    pub tasks: usize,
}

/// One line of the list of profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileSummary {
    /// Its section's name.
    pub name: String,
    /// What the user says it is for.
    pub description: String,
    /// The repository, without credentials; none for a profile that only others build on.
    pub repository: Option<String>,
    /// The restic command that it runs.
    pub command: Option<String>,
    /// Whether it can be run: it has a command and a repository.
    pub is_task: bool,
    /// The parents that it names, in order.
    pub inherits: Vec<String>,
}

/// A profile with all that it inherits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileDetails {
    /// What the list of profiles tells.
    #[serde(flatten)]
    pub summary: ProfileSummary,
    /// Every option that has a value, in the order of the options table, then `env.*` and `flag.*`.
    pub options: Vec<OptionValue>,
    /// The command line that it runs, redacted, one word an element.
    pub command_line: Vec<String>,
    /// The names of the variables that restic gets beside its usual environment.
    pub variables: Vec<String>,
    /// Its schedule in plain English; none if it has none.
    #[serde(default)]
    pub schedule_words: Option<String>,
    /// The tasks that it is the group of, in order.
    #[serde(default)]
    pub members: Vec<String>,
}

/// One option of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValue {
    /// The option.
    pub key: String,
    /// Its value; `[hidden]` for secrets.
    pub value: String,
    /// Where it was set; none for a default.
    pub origin: Option<Origin>,
}
