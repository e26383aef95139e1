//! The names of tasks, profiles and runs, from whoever knows them and answers in time.
//!
//! The daemon is asked first, and none is started for it. Where none answers, its program reads the names in the configuration.

use std::{ffi::OsStr, process::Stdio, time::Duration};

use clap_complete::{CompletionCandidate, engine::ValueCompleter};
use prestic_proto::{
    client::Client, daemon_program, history::RunQuery, home::Home, profile::ProfileSummary, run::Run, status::TaskStatus,
};
use tokio::{process::Command, runtime::Builder, time::timeout};

/// How long somebody who has pressed a key waits for the daemon.
const DAEMON_LIMIT: Duration = Duration::from_millis(300);
/// How long for the program that reads the configuration.
const PROGRAM_LIMIT: Duration = Duration::from_millis(700);
/// How many runs are offered.
const RUNS: u32 = 30;

/// What a word of the command line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A task, or a group of them.
    Task,
    /// A profile.
    Profile,
    /// A run, by its number.
    Run,
    /// A task, or a run where the word begins as a number.
    TaskOrRun,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Tasks,
    Profiles,
    Runs,
}

impl Named {
    fn question(self, current: &OsStr) -> Question {
        match self {
            Self::TaskOrRun if current.to_string_lossy().starts_with(|first: char| first.is_ascii_digit()) => Question::Runs,
            Self::Task | Self::TaskOrRun => Question::Tasks,
            Self::Profile => Question::Profiles,
            Self::Run => Question::Runs,
        }
    }
}

impl ValueCompleter for Named {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return Vec::new() };
        let answers = runtime.block_on(ask(self.question(current)));
        let begin_alike = answers.into_iter().filter(|answer| answer.name.starts_with(&*current.to_string_lossy()));
        begin_alike.map(|answer| CompletionCandidate::new(answer.name).help(answer.about.map(Into::into))).collect()
    }
}

/// A name, and what it is for.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    name: String,
    about: Option<String>,
}

/// Returns what is known. That nothing is known is no error: the shell offers nothing then.
async fn ask(question: Question) -> Vec<Answer> {
    let Ok(home) = Home::from_environment() else { return Vec::new() };
    let from_daemon = timeout(DAEMON_LIMIT, ask_daemon(&home, question)).await;
    match (from_daemon, question) {
        (Ok(Some(answers)), _) => answers,
        // Only a daemon knows runs.
        (_, Question::Runs) => Vec::new(),
        _ => timeout(PROGRAM_LIMIT, ask_program(question)).await.ok().flatten().unwrap_or_default(),
    }
}

async fn ask_daemon(home: &Home, question: Question) -> Option<Vec<Answer>> {
    let client = Client::connect(home).await.ok()?;
    Some(match question {
        Question::Tasks => of_tasks(client.status().await.ok()?.tasks),
        Question::Profiles => of_profiles(client.profiles().await.ok()?),
        Question::Runs => {
            let query = RunQuery { limit: RUNS, ..RunQuery::default() };
            of_runs(client.history(query).await.ok()?.ok()?.runs)
        }
    })
}

async fn ask_program(question: Question) -> Option<Vec<Answer>> {
    let mut command = Command::new(daemon_program::find().ok()?);
    command.arg("profiles").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let profiles: Vec<ProfileSummary> = serde_json::from_slice(&command.output().await.ok()?.stdout).ok()?;
    let is_asked_for = |profile: &ProfileSummary| question == Question::Profiles || profile.is_task;
    Some(of_profiles(profiles.into_iter().filter(is_asked_for).collect()))
}

/// A group comes before its tasks: it stands for all of them.
fn of_tasks(tasks: Vec<TaskStatus>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for task in tasks {
        if let Some(group) = task.group
            && answers.iter().all(|answer| answer.name != group)
        {
            answers.push(Answer { name: group, about: Some(task.description.clone()) });
        }
        answers.push(Answer { name: task.name, about: Some(task.description) });
    }
    answers
}

fn of_profiles(profiles: Vec<ProfileSummary>) -> Vec<Answer> {
    profiles.into_iter().map(|profile| Answer { name: profile.name, about: Some(profile.description) }).collect()
}

fn of_runs(runs: Vec<Run>) -> Vec<Answer> {
    let about = |run: &Run| {
        let ended = run.finished().map_or("not over yet", |finished| finished.outcome.word());
        Some(format!("{}, {ended}", run.task))
    };
    runs.into_iter().map(|run| Answer { about: about(&run), name: run.id.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_that_begins_as_a_number_asks_for_runs() {
        for (current, expected) in [("", Question::Tasks), ("ho", Question::Tasks), ("1", Question::Runs)] {
            assert_eq!(Named::TaskOrRun.question(OsStr::new(current)), expected, "{current}");
        }
        assert_eq!(Named::Run.question(OsStr::new("")), Question::Runs);
    }

    #[test]
    fn group_is_offered_once_before_its_tasks() {
        let task = |name: &str| TaskStatus { group: Some("home".to_owned()), ..crate::tests::task(name) };
        let names: Vec<_> = of_tasks(vec![task("home@a"), task("home@b")]).into_iter().map(|answer| answer.name).collect();
        assert_eq!(names, ["home", "home@a", "home@b"]);
    }

    #[test]
    fn run_is_told_by_its_task_and_its_end() {
        let run = crate::tests::run_in(prestic_proto::run::RunState::Starting);
        let answers = of_runs(vec![run]);
        assert_eq!(answers[0].about.as_deref(), Some("home-backup, not over yet"));
    }
}
