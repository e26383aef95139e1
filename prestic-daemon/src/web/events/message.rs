//! What browsers are told of an event: small facts, from which a page knows what to fetch again.

use prestic_proto::{
    event::{Cursor, Event, EventKind},
    progress::Progress,
    run::{Run, RunId, RunState},
};
use serde::Serialize;
use serde_json::{Value, json};

/// One message of the stream, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The number of the event that it tells of; none of what need not be told again after a break.
    pub seq: Option<u64>,
    /// Its lines.
    pub frame: String,
}

impl Message {
    /// Tells of an event.
    pub fn of_event(instance: u64, event: &Event) -> Self {
        let (name, mut facts) = facts(&event.kind);
        facts["at"] = json!(event.at);
        let id = Cursor { instance, seq: event.seq };
        Self { seq: Some(event.seq), frame: format!("id: {}\n{}", cursor_text(id), frame(name, &facts)) }
    }

    /// Tells how far a run is.
    pub fn of_progress(run: RunId, progress: &Progress) -> Self {
        #[derive(Serialize)]
        struct Told<'a> {
            run: RunId,
            #[serde(flatten)]
            progress: &'a Progress,
        }
        Self { seq: None, frame: frame("progress", &json!(Told { run, progress })) }
    }

    /// Tells that everything has to be fetched again, and from which event on the stream goes on.
    pub fn of_resync(cursor: Cursor) -> Self {
        Self::of_cursor("resync", cursor)
    }

    /// Tells a new client from which event on the stream goes.
    pub fn of_connection(cursor: Cursor) -> Self {
        Self::of_cursor("connected", cursor)
    }

    fn of_cursor(name: &str, cursor: Cursor) -> Self {
        let text = cursor_text(cursor);
        Self { seq: None, frame: format!("id: {text}\n{}", frame(name, &json!({ "cursor": text }))) }
    }
}

/// Writes a cursor as the id of a message. A script must not take it for a number: it has more digits than those have there.
pub fn cursor_text(cursor: Cursor) -> String {
    format!("{}-{}", cursor.instance, cursor.seq)
}

/// Reads the id of a message; none if it is not one of ours.
pub fn parse_cursor(text: &str) -> Option<Cursor> {
    let (instance, seq) = text.split_once('-')?;
    Some(Cursor { instance: instance.parse().ok()?, seq: seq.parse().ok()? })
}

/// A document of `serde_json` is one line, so it is one `data:`.
fn frame(name: &str, facts: &Value) -> String {
    format!("event: {name}\ndata: {facts}\n\n")
}

fn facts(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::Run { run } => ("run", run_facts(run)),
        EventKind::Overdue { task, last_success_at } => {
            ("overdue", json!({ "task": task, "last_success_at": last_success_at }))
        }
        EventKind::Paused { task, until } => ("paused", json!({ "task": task, "until": until })),
        EventKind::Resumed { task } => ("resumed", json!({ "task": task })),
        EventKind::LimitNear { run, task, limit, stops_at } => {
            ("limit-near", json!({ "run": run, "task": task, "limit": limit, "stops_at": stops_at }))
        }
        EventKind::ConfigLoaded { tasks, warnings, changes } => {
            ("config-loaded", json!({ "tasks": tasks, "warnings": warnings.len(), "changes": changes.len() }))
        }
        EventKind::ConfigRejected { errors } => ("config-rejected", json!({ "errors": errors.len() })),
        EventKind::Web { state } => ("web", json!(state)),
        EventKind::Notifications { state } => ("notifications", json!(state)),
        EventKind::Job { job } => (
            "job",
            json!({
                "job": job.id, "profile": job.profile, "state": word(&job.state), "done": job.done, "total": job.total,
                "results": job.results,
            }),
        ),
        EventKind::SnapshotsChanged { profiles } => ("snapshots-changed", json!({ "profiles": profiles })),
        EventKind::ShuttingDown => ("shutting-down", json!({})),
    }
}

fn run_facts(run: &Run) -> Value {
    let outcome = match &run.state {
        RunState::Finished(finished) => Some(finished.outcome.word()),
        _ => None,
    };
    json!({ "run": run.id, "task": run.task, "state": word(&run.state), "outcome": outcome })
}

/// Returns the word of a state, as JSON has it.
fn word(state: &impl Serialize) -> Value {
    json!(state).get_mut("state").map_or(Value::Null, Value::take)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use prestic_proto::{
        job::{Job, JobId, JobRequest, JobState},
        outcome::{Failure, Outcome},
        run::{Finished, Trigger},
        system::WebState,
    };

    use super::*;

    #[track_caller]
    fn check(kind: EventKind, expected: &str) {
        let event = Event { seq: 12, at: DateTime::UNIX_EPOCH, kind };
        let message = Message::of_event(u64::MAX, &event);
        assert_eq!(message.seq, Some(12));
        assert_eq!(message.frame, format!("id: 18446744073709551615-12\n{expected}\n\n"));
    }

    fn run(state: RunState) -> Box<Run> {
        Box::new(Run {
            id: RunId(7),
            task: "home\n".to_owned(),
            trigger: Trigger::Manual,
            due_at: None,
            missed: 0,
            attempt: 0,
            created_at: DateTime::UNIX_EPOCH,
            started_at: None,
            log_file: None,
            state,
            progress: None,
            limit_near: None,
            summary: None,
            last_lines: vec!["Fatal: not for browsers".to_owned()],
        })
    }

    #[test]
    fn run_is_told_by_its_state_and_outcome_in_one_line() {
        check(
            EventKind::Run { run: run(RunState::Running { pid: 1 }) },
            r#"event: run
data: {"at":"1970-01-01T00:00:00Z","outcome":null,"run":7,"state":"running","task":"home\n"}"#,
        );
        let finished =
            Finished { at: DateTime::UNIX_EPOCH, duration_ms: 1, exit_code: Some(1), outcome: Outcome::Failed(Failure::Other) };
        check(
            EventKind::Run { run: run(RunState::Finished(finished)) },
            r#"event: run
data: {"at":"1970-01-01T00:00:00Z","outcome":"failed","run":7,"state":"finished","task":"home\n"}"#,
        );
    }

    #[test]
    fn job_is_told_by_its_state_and_how_far_it_is() {
        let job = Job {
            id: JobId(3),
            profile: "home".to_owned(),
            request: JobRequest::Measure,
            state: JobState::Failed { reason: "x".to_owned() },
            created_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            done: 1,
            total: None,
            results: 2,
            is_cut: false,
            totals: None,
        };
        check(
            EventKind::Job { job: Box::new(job) },
            r#"event: job
data: {"at":"1970-01-01T00:00:00Z","done":1,"job":3,"profile":"home","results":2,"state":"failed","total":null}"#,
        );
    }

    #[test]
    fn other_events_are_told_by_their_own_names() {
        check(EventKind::ShuttingDown, "event: shutting-down\ndata: {\"at\":\"1970-01-01T00:00:00Z\"}");
        check(EventKind::Resumed { task: None }, "event: resumed\ndata: {\"at\":\"1970-01-01T00:00:00Z\",\"task\":null}");
        check(EventKind::Web { state: WebState::Off }, "event: web\ndata: {\"at\":\"1970-01-01T00:00:00Z\",\"web\":\"off\"}");
    }

    #[test]
    fn progress_has_no_number() {
        let message = Message::of_progress(RunId(7), &Progress { fraction: Some(0.5), ..Progress::default() });
        assert_eq!(message.seq, None);
        assert!(message.frame.starts_with("event: progress\ndata: {"), "{}", message.frame);
        assert!(message.frame.contains(r#""fraction":0.5"#) && message.frame.contains(r#""run":7"#), "{}", message.frame);
    }

    #[test]
    fn cursor_survives_being_written() {
        for cursor in [Cursor { instance: u64::MAX, seq: 0 }, Cursor { instance: 0, seq: u64::MAX }] {
            assert_eq!(parse_cursor(&cursor_text(cursor)), Some(cursor));
        }
        for text in ["", "-", "1", "1-", "-1", "1-2-3", "a-1", " 1-2", "18446744073709551616-1"] {
            assert_eq!(parse_cursor(text), None, "{text}");
        }
    }
}
