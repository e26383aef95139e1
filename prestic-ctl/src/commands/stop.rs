//! `stop`: asks a run to stop.

use prestic_proto::client::Client;
use serde_json::json;

use super::selector;
use crate::{error::CtlError, exit::Exit, output::Output};

/// Asks a run to stop; does not wait for its end.
pub async fn stop(client: &Client, word: &str, output: &mut Output) -> Result<Exit, CtlError> {
    let run = selector::resolve(client, word).await?;
    let id = client.stop(run).await??;
    if output.is_json {
        output.json(&json!({ "run": id }))?;
    } else {
        output.say(&format!("run {id} was asked to stop; restic finishes what it has under way"));
    }
    Ok(Exit::OK)
}
