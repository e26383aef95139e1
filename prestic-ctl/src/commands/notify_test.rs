//! `notify-test`: shows a desktop notification, to see whether they reach anybody.

use prestic_proto::client::Client;

use crate::{error::CtlError, exit::Exit, output::Output};

/// Has the daemon show one, and tells which program has.
pub async fn notify_test(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let server = client.notify_test().await??;
    if output.is_json {
        output.json(&server)?;
        return Ok(Exit::OK);
    }
    let buttons = if server.has_actions { "with buttons" } else { "without buttons: it has none" };
    output.line(&format!("{server} has shown a notification, {buttons}"))?;
    Ok(Exit::OK)
}
