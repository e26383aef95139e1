//! `profiles`: the sections of the configuration.

use prestic_proto::{client::Client, profile::ProfileSummary};

use crate::{
    error::CtlError,
    exit::Exit,
    output::{Output, Paint},
    table::{self, Cell},
};

/// Prints all profiles.
pub async fn profiles(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let profiles = client.profiles().await?;
    if output.is_json {
        output.json(&profiles)?;
        return Ok(Exit::OK);
    }
    let rows = profiles.iter().map(row).collect();
    for line in table::lines(["PROFILE", "COMMAND", "REPOSITORY", "INHERITS", "DESCRIPTION"], rows, &output.data_look) {
        output.line(&line)?;
    }
    Ok(Exit::OK)
}

fn row(profile: &ProfileSummary) -> [Cell; 5] {
    let name = if profile.is_task { Cell::painted(&profile.name, Paint::Strong) } else { Cell::from(&profile.name) };
    [
        name,
        profile.command.as_deref().unwrap_or_default().into(),
        profile.repository.as_deref().unwrap_or_default().into(),
        profile.inherits.join(" ").into(),
        (&profile.description).into(),
    ]
}
