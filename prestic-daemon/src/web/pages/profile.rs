//! A profile: what it is and where that comes from, when it runs, how its repository is, and what can be done.

mod facts;
mod lines;
mod show;

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use futures::future;
use prestic_proto::{
    history::{RepositorySize, RunQuery},
    profile::ProfileDetails,
    run::Run,
    snapshot::SnapshotQuery,
    status::{Status, Upcoming},
};

use super::{fragment, standing};
use crate::web::{
    Web,
    failure::PageResult,
    layout::{self, Mood, Page, ProfileTab, Tab},
    sessions::Session,
};

/// So many runs are drawn in charts.
const CHARTED_RUNS: u32 = 90;
/// So many next times are told.
const NEXT_TIMES: u32 = 5;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}", get(profile))
        .route("/profile/{name}/fragment/repository", get(repository_fragment))
        .route("/profile/{name}/fragment/locks", get(locks_fragment))
        .route("/profile/{name}/repository", get(repository_page))
}

/// What the page is made of.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The profile.
    pub details: ProfileDetails,
    /// Everything at a glance.
    pub status: Status,
    /// Its newest runs.
    pub runs: Vec<Run>,
    /// How large its repository was.
    pub sizes: Vec<RepositorySize>,
    /// When it starts next; of a group, when its tasks start.
    pub upcoming: Vec<Upcoming>,
    /// The tasks of a group.
    pub members: Vec<ProfileDetails>,
}

async fn profile(State(web): State<Web>, session: Session, Path(name): Path<String>) -> PageResult {
    let runs = RunQuery { task: Some(name.clone()), limit: CHARTED_RUNS, ..RunQuery::default() };
    let (details, status, runs, sizes, upcoming) = future::try_join5(
        web.client.profile(&name),
        web.client.status(),
        web.client.history(runs),
        web.client.sizes(&name),
        web.client.upcoming(Some(name.clone()), None, NEXT_TIMES),
    )
    .await?;
    let details = details?;
    let members = future::try_join_all(details.members.iter().map(|member| web.client.profile(member))).await?;
    let facts = Facts {
        details,
        status,
        // A profile that is no task has neither runs nor times, one without a repository has no size.
        runs: runs.map(|page| page.runs).unwrap_or_default(),
        sizes: sizes.unwrap_or_default(),
        upcoming: upcoming.unwrap_or_default(),
        // A member that is gone since is left out.
        members: members.into_iter().flatten().collect(),
    };
    let task = facts.status.tasks.iter().find(|task| task.name == name);
    let mood = match task {
        Some(task) if task.active.is_some() => Mood::Running,
        Some(task) if standing::standing(task).needs_attention() => Mood::Attention,
        _ => Mood::Fine,
    };
    let content = show::page(&facts, &session, &web.moment());
    Ok(layout::page(&web, &session, Page { title: &name, active: Tab::Profile(&name, ProfileTab::Overview), mood }, content))
}

async fn repository_fragment(State(web): State<Web>, Path(name): Path<String>) -> PageResult {
    Ok(fragment::respond(repository(&web, &name).await?))
}

async fn locks_fragment(State(web): State<Web>, session: Session, Path(name): Path<String>) -> PageResult {
    let locks = web.client.locks(&name).await??;
    Ok(fragment::respond(facts::locks(&name, &locks, &session, &web.moment())))
}

/// The same without a script: a page that waits for restic.
async fn repository_page(State(web): State<Web>, session: Session, Path(name): Path<String>) -> PageResult {
    let (snapshots, locks) =
        future::try_join(async { repository(&web, &name).await }, async { Ok(web.client.locks(&name).await??) }).await?;
    let content = maud::html! {
        h1 { "The repository of " (name) }
        (snapshots)
        (facts::locks(&name, &locks, &session, &web.moment()))
    };
    let page = Page { title: &name, active: Tab::Profile(&name, ProfileTab::Overview), mood: Mood::Fine };
    Ok(layout::page(&web, &session, page, content))
}

async fn repository(web: &Web, name: &str) -> Result<maud::Markup, crate::web::failure::Failure> {
    let newest = web.client.snapshots(name, SnapshotQuery { limit: 1, ..SnapshotQuery::default() }).await??;
    // The list is known now: restic is not asked again.
    let last = SnapshotQuery { offset: newest.in_all.saturating_sub(1), limit: 1, ..SnapshotQuery::default() };
    let oldest = web.client.snapshots(name, last).await??;
    Ok(facts::repository(name, &newest, oldest.snapshots.last(), &web.moment()))
}
