//! The same as the pages, as JSON: `assets/web/openapi.json` tells what there is, and a test holds the two together.

mod actions;
mod description;
mod jobs;
mod profiles;
mod runs;
mod tasks;

mod parameters;
mod refusal;
mod request;

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use serde::Serialize;

pub use self::{
    parameters::Parameters,
    refusal::{Answered, Refusal},
};
use crate::web::Web;

/// Where it all begins.
const PREFIX: &str = "/api/v1";

/// Something that can be asked for.
struct Route {
    /// Behind [`PREFIX`], as in the description.
    path: &'static str,
    serve: fn() -> MethodRouter<Web>,
}

const fn route(path: &'static str, serve: fn() -> MethodRouter<Web>) -> Route {
    Route { path, serve }
}

/// Everything that can be asked for, but the events.
const ROUTES: [Route; 32] = [
    route("/openapi.json", || get(description::file)),
    route("/session", || get(request::session)),
    route("/status", || get(tasks::status)),
    route("/tasks", || get(tasks::tasks)),
    route("/days", || get(tasks::days)),
    route("/upcoming", || get(tasks::upcoming)),
    route("/system", || get(tasks::system)),
    route("/runs", || get(runs::runs)),
    route("/runs/{id}", || get(runs::run)),
    route("/runs/{id}/log", || get(runs::log)),
    route("/profiles", || get(profiles::profiles)),
    route("/profiles/{name}", || get(profiles::profile)),
    route("/profiles/{name}/snapshots", || get(profiles::snapshots)),
    route("/profiles/{name}/folder", || get(profiles::folder)),
    route("/profiles/{name}/entry", || get(profiles::entry)),
    route("/profiles/{name}/versions", || get(profiles::versions)),
    route("/profiles/{name}/difference", || get(profiles::difference)),
    route("/profiles/{name}/search", || get(profiles::search)),
    route("/profiles/{name}/locks", || get(profiles::locks)),
    route("/profiles/{name}/sizes", || get(profiles::sizes)),
    route("/profiles/{name}/jobs", || get(jobs::jobs).post(jobs::start)),
    route("/jobs/{id}", || get(jobs::job)),
    route("/jobs/{id}/results", || get(jobs::results)),
    route("/jobs/{id}/cancel", || post(jobs::cancel)),
    route("/tasks/{name}/run", || post(actions::run)),
    route("/tasks/{name}/stop", || post(actions::stop_task)),
    route("/runs/{id}/stop", || post(actions::stop)),
    route("/pause", || post(actions::pause)),
    route("/resume", || post(actions::resume)),
    route("/reload", || post(actions::reload)),
    route("/profiles/{name}/unlock", || post(actions::unlock)),
    route("/caches/{cache}/clear", || post(actions::clear_cache)),
];

/// Returns the routes under `/api`.
pub fn routes() -> Router<Web> {
    let start = Router::new().route("/api", get(description::page));
    ROUTES.iter().fold(start, |router, route| router.route(&format!("{PREFIX}{}", route.path), (route.serve)()))
}

/// Answers with something that the daemon has answered.
fn answer<T: Serialize>(answered: T) -> Answered {
    Ok(Json(answered).into_response())
}

/// Answers that it was done.
fn done() -> Answered {
    Ok(Response::builder().status(axum::http::StatusCode::NO_CONTENT).body(axum::body::Body::empty()).unwrap_or_default())
}
