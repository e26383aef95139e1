//! The daemon itself: versions, the restics and what is dangerous about them, the configuration, caches, events, the web interface.

mod dangers;
mod show;

use axum::{Router, extract::State, routing::get};
use futures::future;
use maud::{Markup, html};

use crate::web::{
    Web,
    failure::{Failure, PageResult},
    layout::{self, Mood, Page, Tab},
    sessions::Session,
};

use super::fragment;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/system", get(system)).route("/system/details", get(whole)).route("/fragment/system", get(details))
}

async fn system(State(web): State<Web>, session: Session) -> PageResult {
    page(&web, &session, &show::asking()).await
}

/// The same without a script: a page that waits for every restic.
async fn whole(State(web): State<Web>, session: Session) -> PageResult {
    let details = ask(&web, &session).await?;
    page(&web, &session, &details).await
}

async fn page(web: &Web, session: &Session, details: &Markup) -> PageResult {
    let status = web.client.status().await?;
    let mood = if status.config.errors.is_empty() { Mood::Fine } else { Mood::Attention };
    let content = show::page(&status, &web.client.hello().clone(), web.address(), web.settings(), session, &web.moment());
    Ok(layout::page(web, session, Page { title: "System", active: Tab::System, mood }, html! { (content) (details) }))
}

async fn details(State(web): State<Web>, session: Session) -> PageResult {
    Ok(fragment::respond(ask(&web, &session).await?))
}

/// Finds out what takes a while: each restic is asked for its version.
async fn ask(web: &Web, session: &Session) -> Result<Markup, Failure> {
    let (system, profiles) = future::try_join(web.client.system(), web.client.profiles()).await?;
    let asked = profiles.iter().filter(|profile| profile.repository.is_some()).map(|profile| web.client.jobs(&profile.name));
    let jobs = future::try_join_all(asked).await?.into_iter().flatten().flatten().collect();
    Ok(show::details(&system, jobs, session, &web.moment()))
}
