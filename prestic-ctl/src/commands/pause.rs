//! `pause` and `resume`: nothing starts by itself for a while.

use chrono::{Local, TimeDelta};
use prestic_proto::{client::Client, error::ApiError, status::Status};
use serde_json::json;

use super::instant::instant;
use crate::{
    cli::PauseOptions,
    clock,
    error::CtlError,
    exit::Exit,
    output::Output,
    text::{printable, shell_line},
    words,
};

/// Pauses a task, or all.
pub async fn pause(client: &Client, options: PauseOptions, output: &mut Output) -> Result<Exit, CtlError> {
    let PauseOptions { task, duration, until } = options;
    let now = clock::now();
    let (until, written) = match (duration, until) {
        (Some(duration), _) => {
            let written = humantime::format_duration(duration).to_string();
            let end = TimeDelta::from_std(duration).ok().and_then(|duration| now.checked_add_signed(duration));
            (Some(end.ok_or_else(|| CtlError::BadTime(written.clone()))?), written)
        }
        (None, Some(text)) => (Some(instant(&text, now, &Local).ok_or_else(|| CtlError::BadTime(text.clone()))?), text),
        (None, None) => (None, String::new()),
    };
    if until.is_some_and(|until| until <= now) {
        return Err(CtlError::PastTime(written));
    }
    client.pause(task.clone(), until).await??;
    if output.is_json {
        output.json(&json!({ "task": task, "until": until }))?;
        return Ok(Exit::OK);
    }
    let whom = task.as_ref().map_or_else(|| "every task".to_owned(), |task| printable(task));
    let end = match (until, task) {
        (Some(until), _) => format!("until {} ({})", words::local_time(until), words::until(until, now)),
        (None, None) => "until `prestic-ctl resume`".to_owned(),
        (None, Some(task)) => format!("until `prestic-ctl resume {}`", printable(&task)),
    };
    output.say(&format!("{whom} is paused {end}; what runs goes on"));
    Ok(Exit::OK)
}

/// Ends a pause.
pub async fn resume(client: &Client, task: Option<String>, output: &mut Output) -> Result<Exit, CtlError> {
    if let Err(error) = client.resume(task.clone()).await? {
        return Err(match other_pause(&client.status().await?, &error) {
            Some(hint) => CtlError::Hinted { error, hint },
            None => error.into(),
        });
    }
    if output.is_json {
        output.json(&json!({ "task": task }))?;
        return Ok(Exit::OK);
    }
    let whom = task.map_or_else(|| "the pause of all tasks".to_owned(), |task| format!("the pause of {}", printable(&task)));
    output.say(&format!("{whom} is over"));
    Ok(Exit::OK)
}

/// Returns how to end the pause that may have been meant, where there is none of the one that was named.
fn other_pause(status: &Status, error: &ApiError) -> Option<String> {
    let ApiError::NotPaused(task) = error else { return None };
    if task.is_some() {
        return status.paused.map(|_| "every task is paused: end that with `prestic-ctl resume`".to_owned());
    }
    let paused = status.tasks.iter().filter(|task| task.paused.is_some());
    let commands: Vec<_> = paused.map(|task| format!("`prestic-ctl resume {}`", shell_line([&task.name]))).collect();
    (!commands.is_empty()).then(|| format!("single tasks are paused: end that with {}", commands.join(", ")))
}

#[cfg(test)]
mod tests {
    use prestic_proto::status::Pause;

    use super::*;
    use crate::scripted::Scripted;

    #[tokio::test]
    async fn pause_that_may_be_meant_is_named() {
        let mut status = Scripted::new(&["home", "my mail"], Vec::new()).0.client().await.status().await.unwrap();
        let [all, one] = [None, Some("home".to_owned())].map(ApiError::NotPaused);
        assert_eq!([&all, &one].map(|error| other_pause(&status, error)), [None, None]);
        status.tasks[1].paused = Some(Pause { until: None });
        let hint = other_pause(&status, &all).unwrap();
        assert_eq!(hint, "single tasks are paused: end that with `prestic-ctl resume 'my mail'`");
        assert_eq!(other_pause(&status, &one), None);
        status.paused = Some(Pause { until: None });
        assert_eq!(other_pause(&status, &one).unwrap(), "every task is paused: end that with `prestic-ctl resume`");
    }
}
