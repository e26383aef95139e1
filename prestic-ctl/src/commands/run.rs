//! `run`: queues a task, or all of them, and follows what becomes of it.

use std::io;

use prestic_proto::{
    error::ApiError,
    home::Home,
    run::{Run, RunId},
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
    let RunOptions { task, args, detach, quiet, .. } = options;
    let queued = match task {
        Some(task) => vec![queue_one(session, task, args).await?],
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

async fn queue_one(session: &Session, task: String, args: Vec<String>) -> Result<Queued, CtlError> {
    let id = session.client().run(&task, args).await??;
    Ok(Queued { task, id })
}

async fn queue_all(session: &Session, output: &mut Output) -> Result<Vec<Queued>, CtlError> {
    let tasks = session.client().status().await?.tasks;
    if tasks.is_empty() {
        return Err(CtlError::NothingYet("there are no tasks to run"));
    }
    let mut queued = Vec::with_capacity(tasks.len());
    for task in tasks {
        let id = match session.client().run(&task.name, Vec::new()).await? {
            Ok(id) => id,
            Err(ApiError::AlreadyActive { task, run }) => {
                output.say(&format!("{} is already under way as run {run}", printable(&task)));
                run
            }
            Err(error) => return Err(error.into()),
        };
        queued.push(Queued { task: task.name, id });
    }
    Ok(queued)
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
