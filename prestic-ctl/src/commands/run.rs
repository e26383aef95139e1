//! `run`: queues a task, or all of them, and follows what becomes of it.

use std::io;

use prestic_proto::{
    error::ApiError,
    home::Home,
    profile::{Origin, ProfileDetails},
    run::{Run, RunId},
    service::{IfActive, RunRequest},
};
use serde_json::json;

use crate::{
    cli::RunOptions,
    connect::Session,
    error::CtlError,
    exit::Exit,
    follow::{
        self, Ending, NoView, View, bars::Bars, interrupts::Interrupts, json_lines::JsonLines, plain_lines::PlainLines, summary,
    },
    output::Output,
    text::printable,
    words,
};

/// A run that was queued, or that was under way.
struct Queued {
    task: String,
    id: RunId,
}

/// Runs a task, or all.
pub async fn run(session: &mut Session, options: RunOptions, output: &mut Output) -> Result<Exit, CtlError> {
    // Before anything runs: a Ctrl-C from now on is for the run.
    let mut interrupts = Interrupts::listen().map_err(CtlError::Runtime)?;
    let RunOptions { task, args, detach, quiet, queue, .. } = options;
    let if_active = if queue { IfActive::Queue } else { IfActive::Refuse };
    let queued = match task {
        Some(task) => queue_named(session, RunRequest { task, args, if_active }, output).await?,
        None => queue_all(session, output).await?,
    };
    if detach {
        return tell_queued(&queued, output);
    }
    let ids = queued.iter().map(|queued| queued.id).collect::<Vec<_>>();
    if output.is_json {
        let mut view = JsonLines::new(Box::new(io::stdout()), Box::new(io::stderr()));
        let ending = follow::follow(session, &ids, &mut interrupts, &mut view).await?;
        let exit = exit_of(&ending);
        view.end(exit)?;
        return Ok(exit);
    }
    let mut view: Box<dyn View> = match output.talk_look {
        _ if quiet => Box::new(NoView),
        look if look.columns.is_some() && !is_dumb_terminal() => Box::new(Bars::new(look)),
        _ => Box::new(PlainLines::new(Box::new(io::stderr()))),
    };
    let ending = follow::follow(session, &ids, &mut interrupts, view.as_mut()).await?;
    match &ending {
        Ending::Over(runs) if quiet => complain_of_failures(runs, session.home(), output),
        // The exit code of the run counts, not whether somebody still reads about it.
        Ending::Over(runs) => forgive_broken_pipe(print_summaries(runs, session.home(), output))?,
        Ending::Detached => {
            let numbers = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            output.say(&format!("no longer following run {numbers}; see `prestic-ctl status`"));
        }
    }
    Ok(exit_of(&ending))
}

/// Queues a task, or every one of a group.
async fn queue_named(session: &Session, request: RunRequest, output: &mut Output) -> Result<Vec<Queued>, CtlError> {
    let client = session.client();
    let members = match client.run(request.clone()).await? {
        Ok(id) => return Ok(vec![Queued { task: request.task, id }]),
        Err(ApiError::Group { members, .. }) => members,
        Err(error) => return Err(error.into()),
    };
    output.say(&format!("{}: {}", printable(&request.task), printable(&members.join(", "))));
    let mut queued = Vec::with_capacity(members.len());
    for task in members {
        let id = client.run(RunRequest { task: task.clone(), ..request.clone() }).await?;
        queued.push(Queued { id: id_or_active(id, output)?, task });
    }
    Ok(queued)
}

/// Of several tasks, one that is under way is followed as it is.
fn id_or_active(answer: Result<RunId, ApiError>, output: &mut Output) -> Result<RunId, CtlError> {
    match answer {
        Ok(id) => Ok(id),
        Err(ApiError::AlreadyActive { task, run }) => {
            output.say(&format!("{} is already under way as run {run}", printable(&task)));
            Ok(run)
        }
        Err(error) => Err(error.into()),
    }
}

async fn queue_all(session: &Session, output: &mut Output) -> Result<Vec<Queued>, CtlError> {
    let client = session.client();
    let mut tasks = Vec::new();
    for task in client.status().await?.tasks {
        tasks.push(client.profile(&task.name).await??);
    }
    if tasks.is_empty() {
        return Err(CtlError::NothingYet("there are no tasks to run"));
    }
    let Choice { tasks, aliases } = choose(&tasks);
    output.say(&format!("{}: {}", words::counted_usize(tasks.len(), "task"), printable(&tasks.join(", "))));
    for (alias, task) in aliases {
        output.say(&printable(&format!("{alias} is left out: it does the same as {task}")));
    }
    let mut queued = Vec::with_capacity(tasks.len());
    for task in tasks {
        let answer = client.run(RunRequest { task: task.to_owned(), ..RunRequest::default() }).await?;
        queued.push(Queued { id: id_or_active(answer, output)?, task: task.to_owned() });
    }
    Ok(queued)
}

/// The tasks to run, and those that are left out because another one does the same.
#[derive(Debug, PartialEq, Eq)]
struct Choice<'tasks> {
    tasks: Vec<&'tasks str>,
    aliases: Vec<(&'tasks str, &'tasks str)>,
}

/// What stands in the place of secrets.
const HIDDEN: &str = "[hidden]";

/// Options in which tasks may differ that do the same.
const OPTIONS_BESIDE_THE_WORK: [&str; 6] =
    ["inherit", "description", "schedule", "notifications", "prune-logs-after", "log-filter"];

/// Chooses one task of those that do the same: the one that the others build on, else the first.
fn choose(tasks: &[ProfileDetails]) -> Choice<'_> {
    let mut groups: Vec<Vec<&ProfileDetails>> = Vec::new();
    for task in tasks {
        match groups.iter_mut().find(|group| do_the_same(group[0], task)) {
            Some(group) => group.push(task),
            None => groups.push(vec![task]),
        }
    }
    let mut choice = Choice { tasks: Vec::new(), aliases: Vec::new() };
    for group in &groups {
        let is_parent = |task: &&&ProfileDetails| group.iter().any(|other| other.summary.inherits.contains(&task.summary.name));
        let chosen = &group.iter().find(is_parent).unwrap_or(&group[0]).summary.name;
        choice.tasks.push(chosen);
        let others = group.iter().map(|task| &task.summary.name).filter(|name| *name != chosen);
        choice.aliases.extend(others.map(|name| (name.as_str(), chosen.as_str())));
    }
    choice
}

fn do_the_same(one: &ProfileDetails, other: &ProfileDetails) -> bool {
    one.command_line == other.command_line && work(one).eq(work(other))
}

/// Returns the options that decide what restic does, each with its value. A hidden value is known by the line that sets it.
fn work(task: &ProfileDetails) -> impl Iterator<Item = (&str, &str, Option<&Origin>)> {
    let options = task.options.iter().filter(|option| !OPTIONS_BESIDE_THE_WORK.contains(&option.key.as_str()));
    options.map(|option| {
        let origin = option.origin.as_ref().filter(|_| option.value.contains(HIDDEN));
        (option.key.as_str(), option.value.as_str(), origin)
    })
}

fn tell_queued(queued: &[Queued], output: &mut Output) -> Result<Exit, CtlError> {
    for Queued { task, id } in queued {
        if output.is_json {
            output.json(&json!({ "run": id }))?;
        } else {
            output.line(&format!("run {id} of {} queued", printable(task)))?;
        }
    }
    Ok(Exit::OK)
}

fn exit_of(ending: &Ending) -> Exit {
    match ending {
        Ending::Over(runs) => Exit::of_runs(runs),
        Ending::Detached => Exit::DETACHED,
    }
}

fn print_summaries(runs: &[Run], home: &Home, output: &mut Output) -> io::Result<()> {
    for run in runs {
        let Some(finished) = run.finished() else { continue };
        for line in summary::lines(run, finished, &home.logs_dir(), &output.data_look) {
            output.line(&line)?;
        }
    }
    output.flush()
}

fn complain_of_failures(runs: &[Run], home: &Home, output: &mut Output) {
    for run in runs {
        let Some(finished) = run.finished().filter(|finished| !finished.outcome.is_success()) else { continue };
        let look = output.talk_look;
        output.complain(&summary::lines(run, finished, &home.logs_dir(), &look));
    }
}

fn forgive_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A terminal that cannot move its cursor gets lines.
fn is_dumb_terminal() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use prestic_proto::profile::{OptionValue, ProfileSummary};

    use super::*;

    fn task(name: &str, parents: &[&str], options: &[(&str, &str, usize)]) -> ProfileDetails {
        let summary = ProfileSummary {
            name: name.to_owned(),
            description: String::new(),
            repository: None,
            command: None,
            is_task: true,
            inherits: parents.iter().map(|parent| (*parent).to_owned()).collect(),
        };
        let option = |(key, value, line): &(&str, &str, usize)| {
            let origin = Origin { file: "config.ini".into(), line: *line, section: "nas".to_owned() };
            OptionValue { key: (*key).to_owned(), value: (*value).to_owned(), origin: Some(origin) }
        };
        let options = options.iter().map(option).collect();
        ProfileDetails {
            summary,
            options,
            command_line: vec!["restic".to_owned()],
            variables: Vec::new(),
            schedule_words: None,
            members: Vec::new(),
        }
    }

    #[track_caller]
    fn check(tasks: &[ProfileDetails], expected: &[&str], expected_aliases: &[(&str, &str)]) {
        assert_eq!(choose(tasks), Choice { tasks: expected.to_vec(), aliases: expected_aliases.to_vec() });
    }

    #[test]
    fn of_tasks_that_do_the_same_the_one_runs_that_others_build_on() {
        let tasks = [
            task("default", &["media"], &[("description", "x", 1), ("args", "/m", 5)]),
            task("media", &["nas"], &[("args", "/m", 5)]),
            task("photos", &["nas"], &[("args", "/p", 7)]),
        ];
        check(&tasks, &["media", "photos"], &[("default", "media")]);
    }

    #[test]
    fn hidden_values_are_the_same_if_the_same_line_sets_them() {
        let [shared, own] = [3, 9].map(|line| [("repository", "rest:https://[hidden]@host/", line)]);
        let tasks = [task("one", &[], &shared), task("two", &[], &shared), task("three", &[], &own)];
        check(&tasks, &["one", "three"], &[("two", "one")]);
    }
}
