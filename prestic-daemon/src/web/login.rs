//! The way in with a code of `prestic-ctl web`.
//!
//! Whoever is led here by the address with the code changes nothing yet: a form of our own page sends the code back. Only that lets the
//! browser in, because what it gets then goes along with requests of our own pages only.

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::html;
use prestic_proto::run::RunId;
use serde::Deserialize;
use tokio::time::Instant;

use crate::web::{
    Auth, Web, assets,
    failure::{Explanation, PageResult},
    forms::Action,
    layout::{self, Page},
};

/// Where it is.
pub const PATH: &str = "/login";

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
    /// The run whose page is to follow; without one it is the home page.
    run: Option<RunId>,
}

impl Code {
    fn goal(&self) -> String {
        self.run.map_or_else(|| "/".to_owned(), |run| format!("/runs/{run}"))
    }
}

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route(PATH, get(show).post(enter))
}

/// Shows the button that sends the code; a script presses it.
async fn show(State(web): State<Web>, Query(wanted): Query<Code>) -> Response {
    if web.settings().auth != Auth::Token {
        return Redirect::to(&wanted.goal()).into_response();
    }
    let content = html! {
        script type="module" src=(assets::address("login.js")) {}
        h1 { "Your backups" }
        form #login method="post" action=(PATH) {
            input type="hidden" name="code" value=(wanted.code);
            @if let Some(run) = wanted.run { input type="hidden" name="run" value=(run); }
            button type="submit" { "Open PRestic" }
        }
    };
    layout::bare_page(Page { title: "Welcome", ..Page::default() }, content)
}

/// Takes the code, and lets the browser in.
async fn enter(State(web): State<Web>, Action(wanted): Action<Code>) -> PageResult {
    let goal = wanted.goal();
    if !web.client.redeem_web_code(wanted.code).await? {
        let mut refused = StatusCode::UNAUTHORIZED.into_response();
        refused.extensions_mut().insert(Explanation::new(
            "bad-code",
            "No longer good",
            "a code of `prestic-ctl web` opens once, and only for a minute",
            "run `prestic-ctl web` again",
        ));
        return Ok(refused);
    }
    let cookie = web.sessions().begin(Instant::now());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&goal)).into_response())
}
