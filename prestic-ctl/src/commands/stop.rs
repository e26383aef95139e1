//! `stop`: asks a run to stop.

use prestic_proto::{
    client::Client,
    run::{RunId, RunState},
};
use serde_json::json;

use super::selector;
use crate::{error::CtlError, exit::Exit, output::Output};

/// Asks a run to stop; does not wait for its end.
pub async fn stop(client: &Client, word: &str, output: &mut Output) -> Result<Exit, CtlError> {
    let run = selector::resolve(client, word).await?;
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
        Some(RunState::Queued) => format!("run {id} was taken out of the queue: it had not started"),
        Some(RunState::Stopping { .. }) => format!(
            "run {id} was asked again to stop: it is killed once `stop-grace` (75 s if not set) has passed since the first time"
        ),
        _ => format!("run {id} was asked to stop; restic finishes what it has under way"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &RunState, expected_start: &str) {
        let words = words(RunId(12), Some(before));
        assert!(words.starts_with(expected_start), "{words}");
    }

    #[test]
    fn what_a_stop_does_depends_on_where_the_run_is() {
        check(&RunState::Queued, "run 12 was taken out of the queue");
        check(&RunState::Running { pid: 7 }, "run 12 was asked to stop; restic finishes");
        check(&RunState::Stopping { pid: 7 }, "run 12 was asked again to stop: it is killed");
    }
}
