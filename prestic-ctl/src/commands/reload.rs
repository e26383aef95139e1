//! `reload`: the configuration, read again.

use prestic_proto::{change::Reloaded, client::Client, error::ApiError, profile::ConfigReport};

use crate::{error::CtlError, exit::Exit, output::Output, words};

/// Makes the daemon read its configuration again, and tells what it thinks of it and what it changes.
pub async fn reload(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let reloaded = match client.reload().await? {
        Ok(reloaded) => reloaded,
        Err(ApiError::BadConfig(errors)) if output.is_json => {
            let report = ConfigReport { errors, ..ConfigReport::default() };
            output.json(&Reloaded { report, changes: Vec::new() })?;
            return Ok(Exit::PROBLEMS);
        }
        Err(error) => return Err(error.into()),
    };
    if output.is_json {
        output.json(&reloaded)?;
        return Ok(Exit::OK);
    }
    let Reloaded { report, changes } = reloaded;
    for warning in &report.warnings {
        output.warn(&warning.to_string());
    }
    let [profiles, tasks] =
        [(report.profiles, "profile"), (report.tasks, "task")].map(|(number, noun)| words::counted_usize(number, noun));
    for change in &changes {
        output.say(&change.to_string());
    }
    output.say(&format!("the configuration is live: {profiles}, {tasks}"));
    Ok(Exit::OK)
}
