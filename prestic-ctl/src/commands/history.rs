//! `history`: the past runs.

use prestic_proto::{client::Client, run::Run};

use crate::{
    error::CtlError,
    exit::Exit,
    follow::summary::paint_of,
    output::Output,
    table::{self, Cell},
    words,
};

/// Prints the past runs, newest first.
pub async fn history(client: &Client, task: Option<String>, limit: u32, output: &mut Output) -> Result<Exit, CtlError> {
    let runs = client.history(task, limit).await??;
    if output.is_json {
        output.json(&runs)?;
        return Ok(Exit::OK);
    }
    if runs.is_empty() {
        output.say("nothing has run yet");
        return Ok(Exit::OK);
    }
    let rows = runs.iter().map(row).collect();
    for line in table::lines(["RUN", "TASK", "STARTED", "TOOK", "OUTCOME", "ADDED", "SNAPSHOT"], rows, &output.data_look) {
        output.line(&line)?;
    }
    Ok(Exit::OK)
}

fn row(run: &Run) -> [Cell; 7] {
    let started = words::local_time(run.started_at.unwrap_or(run.created_at));
    let (took, outcome) = match run.finished() {
        Some(finished) => {
            (words::duration_ms(finished.duration_ms), Cell::painted(finished.outcome.to_string(), paint_of(&finished.outcome)))
        }
        None => (String::new(), Cell::from("")),
    };
    let summary = run.summary.as_ref();
    let snapshot = summary.and_then(|summary| summary.snapshot_id.as_deref()).unwrap_or_default();
    let added = summary.filter(|_| !snapshot.is_empty()).map(|summary| words::bytes(summary.bytes_added)).unwrap_or_default();
    let short_id = snapshot.chars().take(8).collect::<String>();
    [run.id.to_string().into(), (&run.task).into(), started.into(), took.into(), outcome, added.into(), short_id.into()]
}
