//! `stop`: asks a run to stop.

use prestic_proto::{
    client::Client,
    error::ApiError,
    run::{RunId, RunState},
    service::RunSelector,
};
use serde_json::json;

use super::selector;
use crate::{error::CtlError, exit::Exit, output::Output};

/// Asks a run to stop, or those of a group; does not wait for their end.
pub async fn stop(client: &Client, word: &str, output: &mut Output) -> Result<Exit, CtlError> {
    let run = selector::resolve(client, word).await?;
    let members = match client.find_run(run.clone()).await? {
        Err(ApiError::Group { members, .. }) => members,
        _ => return stop_one(client, run, output).await,
    };
    // Of a group, those that run are meant.
    let mut is_any_stopped = false;
    for member in members {
        match stop_one(client, RunSelector::Task(member), output).await {
            Ok(_) => is_any_stopped = true,
            Err(CtlError::Api(ApiError::NotRunning(_))) => {}
            Err(error) => return Err(error),
        }
    }
    if is_any_stopped { Ok(Exit::OK) } else { Err(ApiError::NotRunning(word.to_owned()).into()) }
}

async fn stop_one(client: &Client, run: RunSelector, output: &mut Output) -> Result<Exit, CtlError> {
    // Where it is now decides what a stop does. That it may move on meanwhile only makes the words a little old.
    let before = client.find_run(run.clone()).await?.ok().map(|run| run.state);
    let id = client.stop(run).await??;
    if output.is_json {
        output.json(&json!({ "run": id }))?;
    } else {
        output.say(&words(id, before.as_ref()));
    }
    Ok(Exit::OK)
}

fn words(id: RunId, before: Option<&RunState>) -> String {
    match before {
        Some(RunState::Queued(_)) => format!("run {id} was taken out of the queue: it had not started"),
        Some(RunState::WaitingForSecret { .. }) => format!("run {id} was stopped: it still waited for its password"),
        Some(RunState::Stopping { .. }) => format!(
            "run {id} was asked again to stop: it is killed once `stop-grace` (75 s if not set) has passed since the first time"
        ),
        _ => format!("run {id} was asked to stop; restic finishes what it has under way"),
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::run::Turn;

    use super::*;

    #[track_caller]
    fn check(before: &RunState, expected_start: &str) {
        let words = words(RunId(12), Some(before));
        assert!(words.starts_with(expected_start), "{words}");
    }

    #[test]
    fn what_a_stop_does_depends_on_where_the_run_is() {
        check(&RunState::Queued(Turn::default()), "run 12 was taken out of the queue");
        check(&RunState::Running { pid: 7 }, "run 12 was asked to stop; restic finishes");
        check(&RunState::Stopping { pid: 7 }, "run 12 was asked again to stop: it is killed");
    }
}
