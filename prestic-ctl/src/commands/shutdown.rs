//! `shutdown`: stops the daemon and waits for its end.

use prestic_proto::{error::ConnectError, home::Home};

use crate::{
    connect::{connect_any, wait_for_end},
    error::CtlError,
    exit::Exit,
    output::Output,
};

/// Stops the daemon, of whatever version it is. That none runs is what was wanted.
pub async fn shutdown(home: &Home, output: &mut Output) -> Result<Exit, CtlError> {
    let (client, hello) = match connect_any(home).await {
        Ok(connected) => connected,
        Err(ConnectError::NotRunning { .. }) => {
            output.say("no daemon runs");
            return Ok(Exit::OK);
        }
        Err(error) => return Err(error.into()),
    };
    let answer = client.shutdown().await;
    if answer.is_ok() {
        output.say(&format!("the daemon (pid {}) is stopping its runs and then itself", hello.pid));
    } else if connect_any(home).await.is_ok() {
        // A daemon that is gone cannot answer, and that is fine; one that is still there should have.
        answer?;
    }
    wait_for_end(&client, home).await;
    output.say("the daemon has ended");
    Ok(Exit::OK)
}
