//! `show`: one profile, with the origin of every option and the command that it makes.

use prestic_proto::{
    client::Client,
    profile::{OptionValue, ProfileDetails},
};

use crate::{
    error::CtlError,
    exit::Exit,
    output::{Output, Paint},
    table::{self, Cell},
    text,
};

/// Prints a profile.
pub async fn show(client: &Client, name: &str, output: &mut Output) -> Result<Exit, CtlError> {
    let profile = client.profile(name).await??;
    if output.is_json {
        output.json(&profile)?;
        return Ok(Exit::OK);
    }
    for line in lines(&profile, output) {
        output.line(&line)?;
    }
    Ok(Exit::OK)
}

fn lines(profile: &ProfileDetails, output: &Output) -> Vec<String> {
    let look = &output.data_look;
    let mut lines = vec![look.paint(Paint::Strong, &text::printable(&format!("[{}]", profile.summary.name)))];
    let rows = profile.options.iter().map(row).collect();
    lines.extend(table::lines(["OPTION", "VALUE", "FROM"], rows, look));
    if !profile.command_line.is_empty() {
        lines.push(String::new());
        lines.push(look.paint(Paint::Faint, "COMMAND"));
        // Not cut: it is there to be copied.
        lines.push(text::printable(&text::shell_line(&profile.command_line)));
    }
    if !profile.variables.is_empty() {
        lines.push(String::new());
        lines.push(look.paint(Paint::Faint, "VARIABLES"));
        lines.push(text::printable(&profile.variables.join(" ")));
    }
    lines
}

fn row(option: &OptionValue) -> [Cell; 3] {
    let origin = match &option.origin {
        Some(origin) => Cell::from(format!("{}:{}", origin.file.display(), origin.line)),
        None => Cell::painted("default", Paint::Faint),
    };
    [(&option.key).into(), option.value.replace('\n', " ").into(), origin]
}
