//! `version`: of this program, and of the daemon if one runs.

use prestic_proto::{error::ConnectError, home::Home};
use serde_json::json;

use crate::{connect::connect_any, error::CtlError, exit::Exit, output::Output};

/// Prints the versions. Starts no daemon.
pub async fn version(home: &Home, output: &mut Output) -> Result<Exit, CtlError> {
    let own = env!("CARGO_PKG_VERSION");
    let daemon = match connect_any(home).await {
        Ok((_, hello)) => Some(hello),
        Err(ConnectError::NotRunning { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if output.is_json {
        output.json(&json!({ "client": own, "daemon": daemon }))?;
        return Ok(Exit::OK);
    }
    output.line(&format!("prestic-ctl {own}"))?;
    match daemon {
        Some(hello) => output.line(&format!("prestic-daemon {} (pid {})", hello.version, hello.pid))?,
        None => output.say("no daemon runs"),
    }
    Ok(Exit::OK)
}
