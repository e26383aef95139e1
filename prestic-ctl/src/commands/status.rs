//! `status`: everything at a glance, the bad news first.

use chrono::{DateTime, Utc};
use prestic_proto::{client::Client, status::Status};

use crate::{
    clock,
    error::{CtlError, how_to_begin},
    exit::Exit,
    follow::progress_text,
    output::{Output, Paint},
    text::{printable, shell_line},
    words,
};

mod config;
mod listing;

#[cfg(test)]
mod tests;

/// Prints the status.
pub async fn status(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let status = client.status().await?;
    if output.is_json {
        output.json(&status)?;
        return Ok(Exit::OK);
    }
    output.complain(&config::complaint(&status));
    if status.tasks.is_empty() && !status.config.path.exists() {
        output.say(&format!("hint: {}", how_to_begin(&status.config.path)));
        return Ok(Exit::OK);
    }
    // They were told in full when the configuration was loaded, and `check` tells them again.
    if !status.config.warnings.is_empty() {
        let number = words::counted_usize(status.config.warnings.len(), "warning");
        output.say(&format!("{number} about {}: see `prestic-ctl check`", status.config.path.display()));
    }
    let stuck = config::stuck_sections(&status);
    if status.tasks.is_empty() && stuck.is_empty() {
        if status.config.errors.is_empty() {
            output.say(&format!("no tasks: {} has no profile with a command and a repository", status.config.path.display()));
        }
        return Ok(Exit::OK);
    }
    let now = clock::now();
    for line in listing::lines(&status, &stuck, now, &output.data_look) {
        output.line(&line)?;
    }
    let reasons = reasons(&status, now);
    let troubles = troubles(&status, now);
    if !reasons.is_empty() || !troubles.is_empty() {
        output.line("")?;
    }
    for trouble in troubles {
        output.line(&output.data_look.paint(Paint::Warning, &printable(&trouble)))?;
    }
    for reason in reasons {
        output.line(&output.data_look.paint(Paint::Bad, &printable(&reason)))?;
    }
    Ok(Exit::OK)
}

/// Returns a line for every run that waits for a lock, or that a limit will end.
fn troubles(status: &Status, now: DateTime<Utc>) -> Vec<String> {
    let words = |run| progress_text::lock_words(run, now).or_else(|| progress_text::limit_words(run, now));
    status.runs.iter().filter_map(|run| Some(format!("{} {}", run.task, words(run)?))).collect()
}

/// Returns a line for every task that failed or cannot run: why, and where to read more.
fn reasons(status: &Status, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for task in &status.tasks {
        if let Some(reason) = &task.cannot_run {
            lines.push(reason.clone());
            continue;
        }
        let Some(last) = task.last_run.as_ref().filter(|last| listing::paint_of(last) == Paint::Bad) else { continue };
        let words = if last.message.is_empty() { &last.outcome } else { &last.message };
        // What Python's PRestic ran has no number, and `log` does not find it.
        let log = last.id.map(|_| format!(": see `prestic-ctl log {}`", shell_line([&task.name])));
        let good = listing::last_good(task.last_success_at, now);
        lines.push(format!("{} {words}, {good}{}", task.name, log.unwrap_or_default()));
    }
    lines
}
