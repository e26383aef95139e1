//! How PRestic is, for programs that watch it: the worst of all tasks, and no names.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use prestic_proto::status::{Status, TaskStatus};
use serde::Serialize;

use crate::web::Web;

/// The outcomes of runs after which nobody has to do anything.
const GOOD_OUTCOMES: [&str; 4] = ["succeeded", "warnings", "stopped", "skipped"];

/// The worst that there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Worst {
    Ok,
    Attention,
    Unreachable,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Health {
    status: Worst,
    /// How many tasks there are.
    tasks: usize,
    /// How many of them failed, are overdue, or cannot run.
    troubled: usize,
    /// How many runs are under way.
    runs: usize,
    /// How many errors the configuration has.
    config_errors: usize,
}

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/healthz", get(tell))
}

async fn tell(State(web): State<Web>) -> Response {
    let health = web.client.status().await.map_or_else(|_| Health::unreachable(), |status| Health::of(&status));
    let code = if health.status == Worst::Ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(health)).into_response()
}

impl Health {
    fn unreachable() -> Self {
        Self { status: Worst::Unreachable, tasks: 0, troubled: 0, runs: 0, config_errors: 0 }
    }

    fn of(status: &Status) -> Self {
        let troubled = status.tasks.iter().filter(|task| is_troubled(task)).count();
        let config_errors = status.config.errors.len();
        Self {
            status: if troubled + config_errors == 0 { Worst::Ok } else { Worst::Attention },
            tasks: status.tasks.len(),
            troubled,
            runs: status.runs.len(),
            config_errors,
        }
    }
}

fn is_troubled(task: &TaskStatus) -> bool {
    let has_failed = task.last_run.as_ref().is_some_and(|last| !GOOD_OUTCOMES.contains(&last.outcome.as_str()));
    has_failed || task.overdue_since.is_some() || task.cannot_run.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(task: &str, errors: &str) -> Status {
        let text = format!(
            r#"{{"version":"0","pid":1,"home":"/h","started_at":"2026-11-23T00:00:00Z","config":{{"path":"/h/config.ini",
            "loaded_at":null,"errors":[{errors}],"warnings":[]}},"runs":[],"cursor":{{"instance":1,"seq":1}},"tasks":[{{"name":"home",
            "description":"","repository":"/r","schedule":null,"next_run_at":null,"active":null,"last_run":null,
            "last_success_at":null,"cannot_run":null{task}}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[track_caller]
    fn check(task: &str, errors: &str, expected: Worst) {
        assert_eq!(Health::of(&status(task, errors)).status, expected, "{task} {errors}");
    }

    #[test]
    fn worst_of_all_is_told() {
        check("", "", Worst::Ok);
        check(r#","overdue_since":"2026-11-23T00:00:00Z""#, "", Worst::Attention);
        check(
            "",
            r#"{"file":"config.ini","line":1,"section":null,"key":null,"message":"wrong","hint":null}"#,
            Worst::Attention,
        );
    }

    #[test]
    fn only_bad_outcomes_are_troubles() {
        for (outcome, expected) in
            [("succeeded", false), ("warnings", false), ("stopped", false), ("failed", true), ("timed-out", true)]
        {
            let mut task = status("", "").tasks.remove(0);
            task.last_run = Some(prestic_proto::status::LastRun {
                id: None,
                at: chrono::DateTime::UNIX_EPOCH,
                exit_code: None,
                outcome: outcome.to_owned(),
                message: String::new(),
                log_file: None,
            });
            assert_eq!(is_troubled(&task), expected, "{outcome}");
        }
    }
}
