//! `status`: everything at a glance, the bad news first.

use chrono::{DateTime, Utc};
use prestic_proto::{
    client::Client,
    run::{RunState, Turn, Wait},
    status::Status,
};

use crate::{
    clock,
    error::{CtlError, how_to_begin},
    exit::Exit,
    follow::{progress_text, wait_words::wait_words},
    output::{Output, Paint},
    text::{printable, shell_line},
    words,
};

mod config;
mod listing;
mod notifications;
mod web;

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
        tell_web(&status, output)?;
        return Ok(Exit::OK);
    }
    let (of_config, of_files): (Vec<_>, Vec<_>) =
        status.config.warnings.iter().partition(|warning| warning.line.is_some() || warning.file == status.config.path);
    for warning in of_files {
        output.warn(&warning.to_string());
    }
    // They were told in full when the configuration was loaded, and `check` tells them again.
    if !of_config.is_empty() {
        let number = words::counted_usize(of_config.len(), "warning");
        output.say(&format!("{number} about {}: see `prestic-ctl check`", status.config.path.display()));
    }
    let stuck = config::stuck_sections(&status);
    if status.tasks.is_empty() && stuck.is_empty() {
        if status.config.errors.is_empty() {
            output.say(&format!("no tasks: {} has no profile with a command and a repository", status.config.path.display()));
        }
        tell_web(&status, output)?;
        return Ok(Exit::OK);
    }
    let now = clock::now();
    for line in listing::lines(&status, &stuck, now, &output.data_look) {
        output.line(&line)?;
    }
    let reasons = reasons(&status, now);
    let troubles = troubles(&status, now);
    let of_daemon: Vec<_> = notifications::words(&status.notifications).into_iter().chain(web::words(&status.web)).collect();
    if !reasons.is_empty() || !troubles.is_empty() || !of_daemon.is_empty() {
        output.line("")?;
    }
    for trouble in troubles {
        output.line(&output.data_look.paint(Paint::Warning, &printable(&trouble)))?;
    }
    for (paint, reason) in reasons.into_iter().chain(of_daemon) {
        output.line(&output.data_look.paint(paint, &printable(&reason)))?;
    }
    Ok(Exit::OK)
}

/// Says where the web interface is, where there is nothing else to list.
fn tell_web(status: &Status, output: &mut Output) -> Result<(), CtlError> {
    if let Some((paint, words)) = web::words(&status.web) {
        output.line(&output.data_look.paint(paint, &printable(&words)))?;
    }
    Ok(())
}

/// Returns a line for every run that waits for a lock, or that a limit will end.
fn troubles(status: &Status, now: DateTime<Utc>) -> Vec<String> {
    let words = |run| progress_text::lock_words(run, now).or_else(|| progress_text::limit_words(run, now));
    status.runs.iter().filter_map(|run| Some(format!("{} {}", run.task, words(run)?))).collect()
}

/// Returns a line for every task that failed, cannot run or waits: why, and where to read more.
fn reasons(status: &Status, now: DateTime<Utc>) -> Vec<(Paint, String)> {
    let mut lines = Vec::new();
    if let Some(pause) = status.paused {
        let end = pause
            .until
            .map_or_else(|| "until `prestic-ctl resume`".to_owned(), |until| format!("until {}", words::local_time(until)));
        lines.push((Paint::Warning, format!("every task is paused {end}")));
    }
    for task in &status.tasks {
        if let Some(reason) = &task.cannot_run {
            lines.push((Paint::Bad, reason.clone()));
            continue;
        }
        for run in status.runs.iter().filter(|run| run.task == task.name) {
            let RunState::Queued(Turn { waits_for: Some(wait), .. }) = &run.state else { continue };
            // That every task is paused is said already.
            if status.paused.is_some() && matches!(wait, Wait::Paused { .. }) {
                continue;
            }
            let which = if Some(run.id) == task.active { String::new() } else { format!(" run {}", run.id) };
            lines.push((Paint::Warning, format!("{}:{which} {}", task.name, wait_words(wait, now))));
        }
        if let Some(skip) = &task.last_skip {
            lines.push((
                Paint::Warning,
                format!("{} did not run for {}: {}", task.name, words::local_time(skip.due_at), skip.reason),
            ));
        }
        let Some(last) = task.last_run.as_ref().filter(|last| listing::paint_of(last) == Paint::Bad) else { continue };
        let words = if last.message.is_empty() { &last.outcome } else { &last.message };
        // What Python's PRestic ran has no number, and `log` does not find it.
        let log = last.id.map(|_| format!(": see `prestic-ctl log {}`", shell_line([&task.name])));
        let good = listing::last_good(task.last_success_at, now);
        lines.push((Paint::Bad, format!("{} {words}, {good}{}", task.name, log.unwrap_or_default())));
    }
    lines
}
