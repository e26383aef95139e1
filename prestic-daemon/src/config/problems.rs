//! Collects what is wrong or odd in a configuration, so that all of it is told at once.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use prestic_proto::profile::{ConfigProblem, Origin};

/// What was found so far.
#[derive(Debug)]
pub struct Problems {
    /// The files of the configuration, in the order in which they were read; never empty.
    files: Vec<PathBuf>,
    errors: Vec<ConfigProblem>,
    warnings: Vec<ConfigProblem>,
    /// A line of `[DEFAULT]` is read once for every section, but told of once.
    told: HashSet<(PathBuf, Option<usize>, String)>,
    guesses_left: usize,
}

/// How many names are guessed. Each guess looks at all profiles, and nobody reads thousands of hints.
const MAX_GUESSES: usize = 100;

/// How alike two names must be: `repositry` and `repository` are 0.98, `args` and `schedule` are 0.46.
const LEAST_SIMILARITY: f64 = 0.84;

/// A problem that was found.
#[derive(Debug, Default)]
pub struct Problem<'text> {
    /// The file; the first one if none is named.
    pub file: Option<&'text Path>,
    /// The line.
    pub line: Option<usize>,
    /// The section.
    pub section: Option<&'text str>,
    /// The key.
    pub key: Option<&'text str>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl<'text> Problem<'text> {
    /// Makes a problem of the line that sets a key.
    pub fn at(origin: &'text Origin, key: &'text str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            file: Some(&origin.file),
            line: Some(origin.line),
            section: Some(&origin.section),
            key: Some(key),
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

impl Problems {
    /// Begins a list for a configuration that begins with this file.
    pub fn new(file: PathBuf) -> Self {
        Self { files: vec![file], errors: Vec::new(), warnings: Vec::new(), told: HashSet::new(), guesses_left: MAX_GUESSES }
    }

    /// Adds a file, whose problems are told after those of the files before, and returns its number.
    pub fn add_file(&mut self, file: PathBuf) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    /// Returns the files of the configuration by their numbers.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Adds something that cannot work.
    pub fn error(&mut self, problem: Problem<'_>) {
        if let Some(problem) = self.complete(problem) {
            self.errors.push(problem);
        }
    }

    /// Adds something that may not work as meant.
    pub fn warn(&mut self, problem: Problem<'_>) {
        if let Some(problem) = self.complete(problem) {
            self.warnings.push(problem);
        }
    }

    /// Whether anything cannot work.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    fn complete(&mut self, problem: Problem<'_>) -> Option<ConfigProblem> {
        let Problem { file, line, section, key, message, hint } = problem;
        let file = file.unwrap_or(&self.files[0]);
        self.told.insert((file.to_owned(), line, message.clone())).then(|| ConfigProblem {
            file: file.to_owned(),
            line,
            section: section.map(str::to_owned),
            key: key.map(str::to_owned),
            message,
            hint,
        })
    }

    /// Returns the name that was probably meant.
    pub fn guess<'names>(&mut self, name: &str, names: impl Iterator<Item = &'names str>) -> Option<&'names str> {
        self.guesses_left = self.guesses_left.checked_sub(1)?;
        similar(name, names)
    }

    /// Returns the errors and the warnings, each in the order of the files and of their lines.
    pub fn into_lists(mut self) -> (Vec<ConfigProblem>, Vec<ConfigProblem>) {
        let number_of = |problem: &ConfigProblem| self.files.iter().position(|file| *file == problem.file);
        let place = |problem: &ConfigProblem| (number_of(problem), problem.line);
        self.errors.sort_by_cached_key(place);
        self.warnings.sort_by_cached_key(place);
        (self.errors, self.warnings)
    }
}

/// Returns the name that is most like another one, if one is much like it.
pub fn similar<'names>(name: &str, names: impl Iterator<Item = &'names str>) -> Option<&'names str> {
    let rated = names.filter(|other| *other != name).map(|other| (strsim::jaro_winkler(name, other), other));
    rated
        .filter(|(likeness, _)| *likeness >= LEAST_SIMILARITY)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_problem_of_a_line_is_told_once() {
        let mut problems = Problems::new(PathBuf::from("config.ini"));
        for _ in 0..2 {
            problems.warn(Problem { line: Some(3), message: "odd".to_owned(), ..Problem::default() });
        }
        assert_eq!(problems.into_lists().1.len(), 1);
    }

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(similar(name, ["my-repo", "schedule", "password-file", "args"].into_iter()), expected);
    }

    #[test]
    fn names_with_a_slip_are_guessed() {
        check("my-rep", Some("my-repo"));
        check("shedule", Some("schedule"));
        check("passwordfile", Some("password-file"));
    }

    #[test]
    fn other_names_are_not_guessed() {
        check("keep-daily", None);
        check("", None);
    }
}
