//! `reload`: the configuration, read again.

use prestic_proto::{client::Client, error::ApiError, profile::ConfigReport};

use crate::{error::CtlError, exit::Exit, output::Output, words};

/// Makes the daemon read its configuration again, and tells what it thinks of it.
pub async fn reload(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let report = match client.reload().await? {
        Ok(report) => report,
        Err(ApiError::BadConfig(errors)) if output.is_json => {
            output.json(&ConfigReport { errors, ..ConfigReport::default() })?;
            return Ok(Exit::PROBLEMS);
        }
        Err(error) => return Err(error.into()),
    };
    if output.is_json {
        output.json(&report)?;
        return Ok(Exit::OK);
    }
    for warning in &report.warnings {
        output.warn(&warning.to_string());
    }
    let [profiles, tasks] =
        [(report.profiles, "profile"), (report.tasks, "task")].map(|(number, noun)| words::counted_usize(number, noun));
    output.say(&format!("the configuration is live: {profiles}, {tasks}"));
    Ok(Exit::OK)
}
