//! Says what is told of runs and tasks. Pure.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use prestic_proto::{
    outcome::{Failure, Outcome, SkipReason},
    run::{Finished, Run, RunState},
    words,
};

use crate::{
    config::{keys::NO_DESCRIPTION, notifications::Notifications},
    fingerprint::fingerprint,
    keyring::HINT,
    notify::{
        Moment, TaskNews,
        notice::{Answer, Choice, News, Notice, Subject, Urgency},
        plain,
        told::Told,
    },
    repository::failure::{Circumstances, hint},
};

/// How long a shorter run took is nothing to tell.
const SHORTEST_TOLD_MS: u64 = 1000;

/// What follows from something that happened to a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing is to be told.
    Nothing,
    /// Nothing is to be told, and this is what the task was told of from now on.
    Note(Told),
    /// This is to be shown.
    Tell(Notice),
    /// This is to be shown, with others of its kind if there are many at once.
    Gather(News, Notice),
}

/// Decides what is told of a run that is as it is now.
pub fn of_run(run: &Run, news: &TaskNews, moment: &Moment) -> Decision {
    let level = news.profile.notifications();
    match &run.state {
        _ if news.is_paused => Decision::Nothing,
        RunState::Running { .. } if level == Notifications::On => Decision::Tell(started(run, news)),
        RunState::Finished(finished) => match &finished.outcome {
            outcome if outcome.is_success() => of_success(run, finished, news, moment),
            Outcome::Skipped(reason) => of_skip(run, *reason, news, moment),
            outcome if is_failure(outcome, run) => of_failure(run, finished, news, moment),
            outcome if level == Notifications::On => {
                Decision::Tell(end(run, news, outcome_words(outcome, news), facts(finished, news, moment), Urgency::Low))
            }
            _ => Decision::Nothing,
        },
        _ => Decision::Nothing,
    }
}

/// Whether a run can be worth telling of, whatever else there is to know.
pub fn can_matter(run: &Run) -> bool {
    matches!(run.state, RunState::Running { .. } | RunState::Finished(_))
}

/// Decides what is told of a task that has not ended well for too long.
pub fn of_overdue(task: &str, last_success_at: Option<DateTime<Utc>>, news: &TaskNews, moment: &Moment) -> Decision {
    let error = fingerprint(b"overdue");
    if news.is_paused || news.profile.notifications() == Notifications::Off || news.told.has(error, moment.now) {
        return Decision::Nothing;
    }
    let since = match last_success_at {
        Some(at) => format!("Its last good run was {}.", words::ago(at, moment.now)),
        None => "It has never ended well.".to_owned(),
    };
    Decision::Gather(
        News::Overdue,
        Notice {
            choices: vec![Choice { label: "Open PRestic", answer: Answer::OpenWeb }, run_again("Run now", task)],
            told: vec![(task.to_owned(), news.told.clone().with(error, moment.now).failing(true))],
            ..notice(task, "is overdue", [about(news), since, next(news, moment)], Urgency::Critical)
        },
    )
}

/// Whether somebody has to know, whatever he wants to hear: a scheduled run that was cut off is repeated by the catch-up rule.
fn is_failure(outcome: &Outcome, run: &Run) -> bool {
    match outcome {
        Outcome::Failed(_)
        | Outcome::RepositoryLocked
        | Outcome::TimedOut(_)
        | Outcome::Killed(_)
        | Outcome::SpawnFailed(_) => true,
        Outcome::Interrupted => run.due_at.is_none(),
        Outcome::Succeeded | Outcome::Warnings | Outcome::Stopped | Outcome::Skipped(_) => false,
    }
}

fn started(run: &Run, news: &TaskNews) -> Notice {
    let why = format!("It was started: {}.", run.trigger);
    Notice { choices: vec![open_log(run)], ..notice(&run.task, "has started", [about(news), why, String::new()], Urgency::Low) }
}

fn of_failure(run: &Run, finished: &Finished, news: &TaskNews, moment: &Moment) -> Decision {
    let error = error_of(&finished.outcome, &run.last_lines);
    if news.told.has(error, moment.now) {
        return Decision::Nothing;
    }
    // What is tried again may pass: it need not stay until it is seen.
    let urgency = if news.retry_at.is_some() { Urgency::Normal } else { Urgency::Critical };
    let (lines, own_advice) = split_advice(&finished.outcome, &run.last_lines);
    let output = plain::last_words(lines, &news.profile);
    let advice = own_advice.or_else(|| advice(&finished.outcome, news)).map(|advice| plain::sentence(&plain::hint(&advice)));
    let body = [about(news), output, advice.unwrap_or_default(), facts(finished, news, moment)];
    Decision::Gather(
        News::Failed,
        Notice {
            choices: vec![open_log(run), run_again("Retry", &run.task)],
            told: vec![(run.task.clone(), news.told.clone().with(error, moment.now).failing(true))],
            ..notice(&run.task, &plain::hint(&outcome_words(&finished.outcome, news)), body, urgency)
        },
    )
}

fn of_success(run: &Run, finished: &Finished, news: &TaskNews, moment: &Moment) -> Decision {
    let has_warnings = finished.outcome == Outcome::Warnings;
    let told = news.told.clone().failing(false);
    let level = news.profile.notifications();
    let warning = error_of(&finished.outcome, &[]);
    let (words, told, urgency) = match level {
        Notifications::Off if news.told.is_failing => return Decision::Note(told),
        Notifications::Off => return Decision::Nothing,
        _ if news.told.is_failing && has_warnings => ("works again, with warnings", told, Urgency::Normal),
        _ if news.told.is_failing => ("works again", told, Urgency::Low),
        Notifications::On if has_warnings => ("finished with warnings", told, Urgency::Normal),
        Notifications::On => ("has finished", told, Urgency::Low),
        Notifications::Problems if has_warnings && !told.has(warning, moment.now) => {
            ("finished with warnings", told.with(warning, moment.now), Urgency::Normal)
        }
        Notifications::Problems => return Decision::Nothing,
    };
    let notice = end(run, news, words.to_owned(), facts(finished, news, moment), urgency);
    let notice = Notice { told: vec![(run.task.clone(), told)], ..notice };
    if news.told.is_failing { Decision::Gather(News::Recovered, notice) } else { Decision::Tell(notice) }
}

fn of_skip(run: &Run, reason: SkipReason, news: &TaskNews, moment: &Moment) -> Decision {
    let kind = match reason {
        SkipReason::StillRunning => "still running",
        SkipReason::Missed { .. } => "missed",
        SkipReason::Deadline => "deadline",
    };
    let error = fingerprint(format!("skipped: {kind}").as_bytes());
    if news.profile.notifications() == Notifications::Off || news.told.has(error, moment.now) {
        return Decision::Nothing;
    }
    let due_at = run.due_at.map(|at| format!("It was due at {}: ", moment.time(at))).unwrap_or_default();
    let why = plain::sentence(&format!("{due_at}{reason}."));
    Decision::Gather(
        News::Skipped,
        Notice {
            choices: vec![Choice { label: "Open PRestic", answer: Answer::OpenWeb }, run_again("Run now", &run.task)],
            told: vec![(run.task.clone(), news.told.clone().with(error, moment.now))],
            ..notice(&run.task, "did not run", [about(news), why, next(news, moment)], Urgency::Normal)
        },
    )
}

/// Makes the notification of a run that has ended without an error.
fn end(run: &Run, news: &TaskNews, words: String, facts: String, urgency: Urgency) -> Notice {
    let output = plain::last_words(&run.last_lines, &news.profile);
    Notice { choices: vec![open_log(run)], ..notice(&run.task, &words, [about(news), output, facts], urgency) }
}

fn notice<const N: usize>(task: &str, words: &str, body: [String; N], urgency: Urgency) -> Notice {
    let body: Vec<String> = body.into_iter().filter(|line| !line.is_empty()).collect();
    Notice {
        subject: Subject::Task(task.to_owned()),
        replaces: Vec::new(),
        summary: format!("{} {words}", plain::name(task)),
        body: body.join("\n"),
        urgency,
        choices: Vec::new(),
        told: Vec::new(),
    }
}

fn open_log(run: &Run) -> Choice {
    Choice { label: "Open log", answer: Answer::OpenLog { run: run.id, log_file: run.log_file.clone() } }
}

fn run_again(label: &'static str, task: &str) -> Choice {
    Choice { label, answer: Answer::Run { task: task.to_owned() } }
}

/// Returns what the user says the task is for.
fn about(news: &TaskNews) -> String {
    let description = news.profile.description();
    if description == NO_DESCRIPTION { String::new() } else { plain::name(description.trim_matches('"')) }
}

/// Returns how long it took and what comes next.
fn facts(finished: &Finished, news: &TaskNews, moment: &Moment) -> String {
    let next = next(news, moment);
    let took = if finished.duration_ms < SHORTEST_TOLD_MS {
        String::new()
    } else {
        format!("It took {}.", words::duration_ms(finished.duration_ms))
    };
    [took, next].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn next(news: &TaskNews, moment: &Moment) -> String {
    match (news.retry_at, news.next_run_at) {
        (Some(at), _) => format!("It is tried again at {}.", moment.time(at)),
        (None, Some(at)) => format!("Next run: {}.", moment.time(at)),
        (None, None) => String::new(),
    }
}

fn outcome_words(outcome: &Outcome, news: &TaskNews) -> String {
    match outcome {
        Outcome::Interrupted => "was interrupted".to_owned(),
        Outcome::Stopped => "was stopped".to_owned(),
        Outcome::Killed(signal) => format!("was killed by signal {signal}"),
        Outcome::SpawnFailed(reason) => format!("could not start: {}", news.profile.without_secrets(reason)),
        // The class says nothing that the output does not say better.
        Outcome::Failed(Failure::Other) => "failed".to_owned(),
        outcome => outcome.to_string(),
    }
}

/// Splits off our own advice: a run without a password from the keyring never gets to restic, and says itself what to do.
fn split_advice<'a>(outcome: &Outcome, lines: &'a [String]) -> (&'a [String], Option<String>) {
    match (outcome, lines) {
        (Outcome::Failed(Failure::NoKeyring | Failure::NoPassword), [before @ .., last]) => match last.strip_prefix(HINT) {
            Some(advice) => (before, Some(advice.to_owned())),
            None => (lines, None),
        },
        _ => (lines, None),
    }
}

fn advice(outcome: &Outcome, news: &TaskNews) -> Option<String> {
    if *outcome == Outcome::Failed(Failure::NoSpace) {
        return Some("make room where the repository is, or where restic has its cache".to_owned());
    }
    let source = news.profile.shown_password_source();
    hint(
        outcome,
        &Circumstances {
            profile: news.profile.name(),
            version: None,
            shown_repository: &news.profile.shown_repository().unwrap_or_default(),
            password_source: source.as_ref(),
        },
    )
}

/// Tells errors apart: by their kind, and those whose kind says little by the last words without their numbers.
fn error_of(outcome: &Outcome, last_lines: &[String]) -> u64 {
    let words: Cow<'_, str> = match outcome {
        Outcome::Failed(Failure::Other | Failure::NoKeyring) => {
            let last = last_lines.iter().rev().find(|line| !line.trim().is_empty()).map_or("", String::as_str);
            last.replace(|letter: char| letter.is_ascii_digit(), "").into()
        }
        outcome => outcome.to_string().into(),
    };
    fingerprint(format!("{}: {words}", outcome.word()).as_bytes())
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
