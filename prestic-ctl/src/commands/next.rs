//! `next`: the coming runs.

use chrono::{DateTime, Local, Utc};
use prestic_proto::{
    client::Client,
    status::{Pause, Status, TaskStatus, Upcoming},
};

use super::instant::instant;
use crate::{
    clock,
    error::CtlError,
    exit::Exit,
    output::{Output, Paint},
    table::{self, Cell},
    text::printable,
    words,
};

/// Prints the coming runs, the earliest first.
pub async fn next(
    client: &Client,
    task: Option<String>,
    limit: u32,
    from: Option<String>,
    output: &mut Output,
) -> Result<Exit, CtlError> {
    let now = clock::now();
    let from = match from {
        Some(text) => Some(instant(&text, now, &Local).ok_or(CtlError::BadTime(text))?),
        None => None,
    };
    let coming = client.upcoming(task.clone(), from, limit).await??;
    if output.is_json {
        output.json(&coming)?;
        return Ok(Exit::OK);
    }
    let status = client.status().await?;
    if coming.is_empty() {
        output.say(&printable(&no_times(&status, task.as_deref())));
        return Ok(Exit::OK);
    }
    let rows = coming.iter().map(|run| row(run, now)).collect();
    let pauses = pauses(&status, &coming);
    for line in table::lines(["TASK", "DUE", "STARTS", ""], rows, &output.data_look) {
        output.line(&line)?;
    }
    for pause in pauses {
        output.say(&printable(&pause));
    }
    Ok(Exit::OK)
}

/// Says why no time is known.
fn no_times(status: &Status, name: Option<&str>) -> String {
    let Some(name) = name else { return "nothing is due: no schedule has a time to come".to_owned() };
    let is_meant = |task: &&TaskStatus| task.name == name || task.group.as_deref() == Some(name);
    match status.tasks.iter().find(is_meant).and_then(|task| task.schedule.as_ref()) {
        Some(schedule) => format!("no time of {name} is known beforehand: its schedule is `{schedule}`"),
        None => format!("{name} has no schedule: it runs by hand"),
    }
}

/// Says which pauses keep runs of the list from starting when they are due.
fn pauses(status: &Status, coming: &[Upcoming]) -> Vec<String> {
    let words = |who: &str, pause: Pause| {
        let end =
            pause.until.map_or_else(|| "until it is resumed".to_owned(), |until| format!("until {}", words::local_time(until)));
        format!("{who} is paused {end}: what is due before that waits, or is skipped, by `catch-up`")
    };
    let holds = |pause: &Pause, run: &Upcoming| pause.until.is_none_or(|until| run.due_at < until);
    let all = status.paused.filter(|pause| coming.iter().any(|run| holds(pause, run)));
    let single = status.tasks.iter().filter_map(|task| Some((task.name.as_str(), task.paused?)));
    let single = single.filter(|(name, pause)| coming.iter().any(|run| run.task == *name && holds(pause, run)));
    all.map(|pause| ("every task", pause)).into_iter().chain(single).map(|(who, pause)| words(who, pause)).collect()
}

fn row(run: &Upcoming, now: DateTime<Utc>) -> [Cell; 4] {
    let spread = if run.starts_at == run.due_at { "on time".to_owned() } else { words::local_time_with_seconds(run.starts_at) };
    [
        Cell::painted(&run.task, Paint::Strong),
        words::local_time_with_zone(run.due_at).into(),
        spread.into(),
        words::until(run.starts_at, now).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Scripted;

    async fn status(schedule: Option<&str>, paused: Option<Pause>) -> Status {
        let mut status = Scripted::new(&["home", "other"], Vec::new()).0.client().await.status().await.unwrap();
        status.tasks[0].schedule = schedule.map(str::to_owned);
        status.tasks[0].group = Some("homes".to_owned());
        status.tasks[0].paused = paused;
        status
    }

    #[tokio::test]
    async fn missing_times_have_a_reason() {
        let after = status(Some("after other"), None).await;
        assert_eq!(no_times(&after, Some("home")), "no time of home is known beforehand: its schedule is `after other`");
        assert_eq!(no_times(&after, Some("homes")), "no time of homes is known beforehand: its schedule is `after other`");
        assert_eq!(no_times(&after, Some("other")), "other has no schedule: it runs by hand");
    }

    #[tokio::test]
    async fn pauses_of_what_is_listed_are_told() {
        let coming = |task: &str| {
            let at = DateTime::UNIX_EPOCH;
            vec![Upcoming { task: task.to_owned(), due_at: at, starts_at: at, timezone: None }]
        };
        let mut status = status(None, Some(Pause { until: None })).await;
        let told = pauses(&status, &coming("home"));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("home is paused until it is resumed"), "{told:?}");
        assert!(pauses(&status, &coming("other")).is_empty());
        status.paused = Some(Pause { until: None });
        assert!(pauses(&status, &coming("other"))[0].starts_with("every task is paused"));
        status.paused = Some(Pause { until: Some(DateTime::UNIX_EPOCH) });
        assert!(pauses(&status, &coming("other")).is_empty(), "it is due when the pause is over");
    }
}
