//! `status`: everything at a glance, the bad news first.

use chrono::{DateTime, Utc};
use prestic_proto::{
    client::Client,
    outcome::Outcome,
    run::{Run, RunState},
    status::{LastRun, Status, TaskStatus},
};

use crate::{
    clock,
    error::CtlError,
    exit::Exit,
    output::{Output, Paint},
    table::{self, Cell},
    words,
};

/// Prints the status.
pub async fn status(client: &Client, output: &mut Output) -> Result<Exit, CtlError> {
    let status = client.status().await?;
    if output.is_json {
        output.json(&status)?;
        return Ok(Exit::OK);
    }
    complain_of_config(&status, output);
    if status.tasks.is_empty() {
        output.say(&format!("no tasks: {} has no profile with a command and a repository", status.config.path.display()));
        return Ok(Exit::OK);
    }
    let now = clock::now();
    let rows = status.tasks.iter().map(|task| row(task, &status.runs, now)).collect();
    for line in table::lines(["TASK", "STATE", "LAST RUN", "NEXT RUN"], rows, &output.data_look) {
        output.line(&line)?;
    }
    Ok(Exit::OK)
}

fn complain_of_config(status: &Status, output: &mut Output) {
    let config = &status.config;
    if !config.errors.is_empty() {
        let live = match config.loaded_at {
            Some(at) => format!("what was right at {} is live", words::local_time(at)),
            None => "nothing can run until they are gone".to_owned(),
        };
        let number = words::counted(u64::try_from(config.errors.len()).unwrap_or(u64::MAX), "error");
        let mut lines = vec![format!("{number} in {}: {live}", config.path.display())];
        lines.extend(config.errors.iter().map(|problem| format!("  {problem}").replace('\n', "\n  ")));
        output.complain(&lines);
    }
    // They were told in full when the configuration was loaded, and `check` tells them again.
    if !config.warnings.is_empty() {
        let number = words::counted(u64::try_from(config.warnings.len()).unwrap_or(u64::MAX), "warning");
        output.say(&format!("{number} about {}: see `prestic-ctl check`", config.path.display()));
    }
}

fn row(task: &TaskStatus, runs: &[Run], now: DateTime<Utc>) -> [Cell; 4] {
    let run = runs.iter().find(|run| Some(run.id) == task.active);
    let last = task.last_run.as_ref().map_or_else(|| Cell::painted("never", Paint::Faint), |last| last_run(last, now));
    let next = match (task.next_run_at, &task.schedule) {
        (Some(at), _) => Cell::from(format!("{} ({})", words::local_time(at), words::until(at, now))),
        (None, Some(schedule)) => Cell::from(schedule),
        (None, None) => Cell::painted("not scheduled", Paint::Faint),
    };
    [Cell::painted(&task.name, Paint::Strong), run.map_or_else(|| Cell::painted("idle", Paint::Faint), state), last, next]
}

fn state(run: &Run) -> Cell {
    let percent = run.progress.as_ref().and_then(|progress| progress.fraction).map(words::percent);
    let percent = percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
    match run.state {
        RunState::Queued => Cell::painted("queued", Paint::Active),
        RunState::Starting => Cell::painted("starting", Paint::Active),
        RunState::Running { .. } => Cell::painted(format!("running{percent}"), Paint::Active),
        RunState::Stopping { .. } => Cell::painted(format!("stopping{percent}"), Paint::Warning),
        RunState::Finished(_) => Cell::painted("idle", Paint::Faint),
    }
}

fn last_run(last: &LastRun, now: DateTime<Utc>) -> Cell {
    let paint = match last.outcome.as_str() {
        word if word == Outcome::Succeeded.word() => Paint::Good,
        word if word == Outcome::Warnings.word() || word == Outcome::Stopped.word() => Paint::Warning,
        _ => Paint::Bad,
    };
    Cell::painted(format!("{} {}", last.outcome, words::ago(last.at, now)), paint)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use prestic_proto::{progress::Progress, run::RunId};

    use super::*;
    use crate::{output::Look, tests::run_in};

    fn task(name: &str) -> TaskStatus {
        TaskStatus {
            name: name.to_owned(),
            description: String::new(),
            repository: "repo".to_owned(),
            schedule: None,
            next_run_at: None,
            active: None,
            last_run: None,
        }
    }

    #[track_caller]
    fn check(task: &TaskStatus, runs: &[Run], expected: &str) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(10);
        let lines = table::lines(["T", "S", "L", "N"], vec![row(task, runs, now)], &Look::PLAIN);
        assert_eq!(lines[1], expected);
    }

    #[test]
    fn a_task_that_never_ran_says_so() {
        check(&task("home"), &[], "home  idle  never  not scheduled");
    }

    #[test]
    fn a_running_task_shows_how_far_it_is() {
        let progress = Progress { fraction: Some(0.42), ..Progress::default() };
        let run = Run { progress: Some(progress), ..run_in(RunState::Running { pid: 7 }) };
        check(&TaskStatus { active: Some(run.id), ..task("home") }, &[run], "home  running 42%  never  not scheduled");
    }

    #[test]
    fn the_last_run_has_its_outcome_and_age() {
        let last = LastRun {
            id: Some(RunId(1)),
            at: DateTime::UNIX_EPOCH + TimeDelta::days(8),
            exit_code: Some(1),
            outcome: "failed".to_owned(),
            message: String::new(),
            log_file: None,
        };
        check(&TaskStatus { last_run: Some(last), ..task("home") }, &[], "home  idle  failed 2 d ago  not scheduled");
    }
}
