//! What could not be done: why, in whose words, and what to do next; as a page, or as JSON under `/api`.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{StatusCode, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::html;
use prestic_proto::error::{ApiError, CallError};
use serde_json::json;

use crate::web::{
    Web,
    layout::{self, Mood, Page, Tab},
    sessions::Session,
    words,
};

/// The most that is read of what an extractor says.
const MAX_REJECTION: usize = 4096;

/// What a page ends with.
pub type PageResult = Result<Response, Failure>;

/// Why there is no page.
#[derive(Debug)]
pub enum Failure {
    /// The daemon says no.
    Api(ApiError),
    /// The daemon does not answer.
    Call(CallError),
    /// There is no such thing; what was looked for.
    NotFound(String),
    /// The request makes no sense; why.
    BadRequest(String),
    /// It cannot be done as things are; why.
    Conflict(String),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// A failure in words. It travels in the response until somebody knows for whom to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong, for programs.
    pub kind: &'static str,
    /// What is wrong, in a few words.
    pub title: String,
    /// Why.
    pub message: String,
    /// restic's own words, or the system's.
    pub quote: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Explanation {
    /// Makes one without anything to quote.
    pub fn new(kind: &'static str, title: &str, message: impl Into<String>, hint: &str) -> Self {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        Self { kind, title: title.to_owned(), message: message.into(), quote: None, hint }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, explanation) = explain(self);
        let mut response = status.into_response();
        response.extensions_mut().insert(explanation);
        response
    }
}

/// Answers what has no route.
pub async fn no_such_page(uri: Uri) -> Failure {
    Failure::NotFound(format!("there is nothing at `{}`", uri.path()))
}

/// Answers a method that a route does not have.
pub async fn no_such_method() -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    response.extensions_mut().insert(Explanation::new(
        "method-not-allowed",
        "Not this way",
        "this address cannot be asked for like that",
        "go back to the page that you came from, and use its links and buttons",
    ));
    response
}

/// Writes what went wrong behind it, for whoever has asked.
pub async fn show(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_api = is_for_programs(request.uri());
    let session = request.extensions().get::<Session>().cloned();
    let mut response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    let status = response.status();
    if let Some(explanation) = response.extensions_mut().remove::<Explanation>() {
        let mut written = write(status, &explanation, is_api, Some(&web).zip(session.as_ref()));
        // `Allow`, for one, is not for the page to know.
        for (name, value) in response.headers() {
            if !written.headers().contains_key(name) && name != axum::http::header::CONTENT_LENGTH {
                written.headers_mut().insert(name, value.clone());
            }
        }
        return written;
    }
    if !is_plain_text(&response) {
        return response;
    }
    // An extractor's: the request was not what the page expects.
    let text = axum::body::to_bytes(response.into_body(), MAX_REJECTION).await.unwrap_or_default();
    let message = String::from_utf8_lossy(&text).into_owned();
    let explanation =
        Explanation::new("bad-request", "Not understood", message, "go back, and use the links and buttons there");
    write(status, &explanation, is_api, Some(&web).zip(session.as_ref()))
}

/// Whether an address is asked for by programs, which read JSON.
pub fn is_for_programs(uri: &Uri) -> bool {
    uri.path() == "/api" || uri.path().starts_with("/api/")
}

/// Writes a failure as JSON, or as a page: a bare one for whoever has not come in.
pub fn write(status: StatusCode, explanation: &Explanation, is_api: bool, visitor: Option<(&Web, &Session)>) -> Response {
    let Explanation { kind, title, message, quote, hint } = explanation;
    if is_api {
        let error = json!({ "error": { "code": kind, "message": message, "quote": quote, "hint": hint } });
        let body = Body::from(error.to_string());
        return (status, [("content-type", "application/json")], body).into_response();
    }
    let content = html! {
        article.failure {
            h1 { (title) }
            p { (words::marked(&capitalized(message))) "." }
            @if let Some(quote) = quote { pre.quote { (quote) } }
            @if let Some(hint) = hint { p.hint { strong { "What to do: " } (words::marked(hint)) "." } }
            @if visitor.is_some() { p { a href="/" { "Back to all tasks" } } }
        }
    };
    let mood = if status.is_server_error() { Mood::Attention } else { Mood::Fine };
    let page = Page { title, active: Tab::Elsewhere, mood };
    let response = match visitor {
        Some((web, session)) => layout::page(web, session, page, content),
        None => layout::bare_page(page, content),
    };
    (status, response).into_response()
}

fn is_plain_text(response: &Response) -> bool {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

/// Returns a message as a sentence begins.
pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Returns how a failure is told.
fn explain(failure: Failure) -> (StatusCode, Explanation) {
    match failure {
        Failure::Api(error) => explain_answer(error),
        Failure::Call(error) => (
            StatusCode::GATEWAY_TIMEOUT,
            Explanation {
                quote: Some(error.to_string()),
                ..Explanation::new("no-answer", "The daemon does not answer", "it took too long", "try again in a moment")
            },
        ),
        Failure::NotFound(what) => {
            (StatusCode::NOT_FOUND, Explanation::new("not-found", "Not found", what, "start from the list of all tasks"))
        }
        Failure::BadRequest(why) => {
            (StatusCode::BAD_REQUEST, Explanation::new("bad-request", "Not understood", why, "go back and change it"))
        }
        Failure::Conflict(why) => {
            (StatusCode::CONFLICT, Explanation::new("conflict", "Not now", why, "look at the present state first"))
        }
    }
}

fn explain_answer(error: ApiError) -> (StatusCode, Explanation) {
    let message = error.to_string();
    let (status, kind, title, hint) = match &error {
        ApiError::Restic { command, message, hint } => {
            let explanation = Explanation {
                kind: "restic",
                title: "restic failed".to_owned(),
                message: format!("`{command}` ended with an error"),
                quote: Some(message.clone()),
                hint: hint.clone().or_else(|| Some("see whether the repository can be reached, and try again".to_owned())),
            };
            return (StatusCode::BAD_GATEWAY, explanation);
        }
        ApiError::NoSecret { message, hint } => {
            let message = message.as_str();
            let explanation = Explanation::new("no-secret", "No password from the keyring", message, hint);
            return (StatusCode::BAD_GATEWAY, explanation);
        }
        ApiError::UnknownTask { .. } => {
            (StatusCode::NOT_FOUND, "unknown-task", "No such task", "see the list of all tasks for what there is")
        }
        ApiError::UnknownProfile { .. } => {
            (StatusCode::NOT_FOUND, "unknown-profile", "No such profile", "see the list of all tasks for what there is")
        }
        ApiError::UnknownRun(_) | ApiError::NoRuns(_) => {
            (StatusCode::NOT_FOUND, "unknown-run", "No such run", "see the task’s runs for what there is")
        }
        ApiError::NoLog { .. } => {
            (StatusCode::NOT_FOUND, "no-log", "No log", "logs are kept as long as `prune-logs-after` says")
        }
        ApiError::UnknownSnapshot(_) => (
            StatusCode::NOT_FOUND,
            "unknown-snapshot",
            "No such snapshot",
            "see the profile’s snapshots: it may have been forgotten",
        ),
        ApiError::NoSuchPath { .. } => (
            StatusCode::NOT_FOUND,
            "no-such-path",
            "Not in this snapshot",
            "look into another snapshot, or search for its name",
        ),
        ApiError::NotOpen(_) => (StatusCode::GONE, "not-open", "No longer open", "begin the download again"),
        ApiError::UnknownJob(_) => (StatusCode::NOT_FOUND, "unknown-job", "No such job", "start it again"),
        ApiError::NotATask { .. } => {
            (StatusCode::BAD_REQUEST, "not-a-task", "Not a task", "give the profile a `command` and a `repository`")
        }
        ApiError::Group { .. } => (StatusCode::BAD_REQUEST, "group", "Several tasks", "choose one of them"),
        ApiError::NoRepository(_) => {
            (StatusCode::BAD_REQUEST, "no-repository", "No repository", "give the profile a `repository` in `config.ini`")
        }
        ApiError::WrongKind { .. } => {
            (StatusCode::BAD_REQUEST, "wrong-kind", "Something else", "go back to the folder that it is in")
        }
        ApiError::BadQuery { .. } => (StatusCode::BAD_REQUEST, "bad-query", "Cannot be searched for", "change the text"),
        ApiError::NotPaused(_) => (StatusCode::CONFLICT, "not-paused", "Not paused", ""),
        ApiError::AlreadyActive { .. } => {
            (StatusCode::CONFLICT, "already-active", "Already under way", "wait for its end, or stop it")
        }
        ApiError::NotRunning(_) => (StatusCode::CONFLICT, "not-running", "Not running", ""),
        ApiError::BadConfig(_) => {
            (StatusCode::CONFLICT, "bad-config", "The configuration has errors", "run `prestic-ctl check` to see all of them")
        }
        ApiError::NeedsRestic { .. } => {
            (StatusCode::NOT_IMPLEMENTED, "needs-restic", "restic is too old", "install a newer restic, or set `executable`")
        }
        ApiError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once", ""),
        ApiError::NoWeb(_) => (StatusCode::SERVICE_UNAVAILABLE, "no-web", "No web interface", "see `prestic-ctl status`"),
        ApiError::NoNotifications { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "no-notifications", "No notification", "see `prestic-ctl notify-test`")
        }
        ApiError::ShuttingDown => (
            StatusCode::SERVICE_UNAVAILABLE,
            "shutting-down",
            "The daemon is going down",
            "start it again with `prestic-ctl status`",
        ),
        ApiError::Storage { .. } => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "storage",
            "The daemon’s own files",
            "see whether the disk is full, and who may write there",
        ),
    };
    (status, Explanation::new(kind, title, message, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restic_is_quoted_and_what_to_do_is_said() {
        let error = ApiError::Restic {
            command: "restic cat tree".to_owned(),
            message: "Fatal: <wrong> password".to_owned(),
            hint: Some("see `password-file`".to_owned()),
        };
        let (status, explanation) = explain(Failure::Api(error));
        let response = write(status, &explanation, false, None);
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        let shown = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).unwrap();
        let shown = String::from_utf8(shown.to_vec()).unwrap();
        for part in ["restic cat tree", "Fatal: &lt;wrong&gt; password", "What to do: </strong>see <code>password-file</code>."]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn programs_get_json() {
        let (status, explanation) = explain(Failure::Api(ApiError::NotRunning("home".to_owned())));
        let response = write(status, &explanation, true, None);
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::CONFLICT, &"application/json".parse().unwrap())
        );
        let body = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1 << 20)).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "not-running");
        assert_eq!(body["error"]["message"], "task `home` is not running");
    }
}
