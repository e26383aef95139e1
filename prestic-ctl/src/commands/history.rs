//! `history`: the past runs.

use prestic_proto::{
    client::Client,
    history::RunQuery,
    outcome::Outcome,
    run::{Run, RunState},
};

use crate::{
    error::CtlError,
    exit::Exit,
    follow::summary::paint_of,
    output::{Output, Paint},
    table::{self, Cell},
    words,
};

/// Prints the past runs that are asked for, newest first. There may be more of them than the daemon tells at a time.
pub async fn history(client: &Client, query: RunQuery, output: &mut Output) -> Result<Exit, CtlError> {
    let is_filtered = !query.outcomes.is_empty() || query.before.is_some();
    let runs = pages(client, query).await?;
    if output.is_json {
        output.json(&runs)?;
        return Ok(Exit::OK);
    }
    if runs.is_empty() {
        output.say(if is_filtered { "no run is like that" } else { "nothing has run yet" });
        return Ok(Exit::OK);
    }
    let rows = runs.iter().map(row).collect();
    for line in table::lines(["RUN", "TASK", "STARTED", "TOOK", "OUTCOME", "ADDED", "SNAPSHOT"], rows, &output.data_look) {
        output.line(&line)?;
    }
    Ok(Exit::OK)
}

async fn pages(client: &Client, mut query: RunQuery) -> Result<Vec<Run>, CtlError> {
    let mut runs: Vec<Run> = Vec::new();
    loop {
        let page = client.history(query.clone()).await??;
        let told = u32::try_from(page.runs.len()).unwrap_or(u32::MAX);
        runs.extend(page.runs);
        query.limit = query.limit.saturating_sub(told);
        query.before = runs.last().map(|run| run.id);
        if told == 0 || query.limit == 0 || !page.has_more {
            return Ok(runs);
        }
    }
}

/// Returns how a run ended, and which attempt it was if not the first.
fn outcome_words(run: &Run, outcome: &Outcome) -> String {
    if run.attempt == 0 { outcome.to_string() } else { format!("{outcome} (attempt {})", run.attempt + 1) }
}

fn state_words(state: &RunState) -> &'static str {
    match state {
        RunState::Queued(_) => "queued",
        RunState::Starting => "starting",
        RunState::Running { .. } => "running",
        RunState::WaitingForSecret { .. } => "waiting for secret",
        RunState::WaitingForLock { .. } => "waiting for lock",
        RunState::Stopping { .. } => "stopping",
        RunState::Finished(_) => "",
    }
}

fn row(run: &Run) -> [Cell; 7] {
    let started = words::local_time(run.started_at.unwrap_or(run.created_at));
    let (took, outcome) = match run.finished() {
        Some(finished) => {
            let took = run.started_at.map(|_| words::duration_ms(finished.duration_ms)).unwrap_or_default();
            (took, Cell::painted(outcome_words(run, &finished.outcome), paint_of(&finished.outcome)))
        }
        None => (String::new(), Cell::painted(state_words(&run.state), Paint::Active)),
    };
    let summary = run.summary.as_ref();
    let snapshot = summary.and_then(|summary| summary.snapshot_id.as_deref()).unwrap_or_default();
    let added = summary.filter(|_| !snapshot.is_empty()).map(|summary| words::bytes(summary.bytes_added)).unwrap_or_default();
    let short_id = snapshot.chars().take(8).collect::<String>();
    [run.id.to_string().into(), (&run.task).into(), started.into(), took.into(), outcome, added.into(), short_id.into()]
}
