//! The page of a search for names, and the page of a job.

use std::time::Duration;

use axum::{
    Extension, Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use maud::{Markup, html};
use prestic_proto::{
    error::ApiError,
    file_path::FilePath,
    job::{JobId, JobRequest},
    search::{Match, SearchPage, SearchQuery},
    snapshot::{EntryKind, SnapshotId},
    words as plain,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        errands::Errands,
        links::{self, with_parameters},
        shown,
        visit::Visit,
    },
    failure::{Failure, PageResult},
    forms::{Action, csrf_input},
    layout::{Mood, Page, ProfileTab, Tab},
    words::{self, Moment},
};

pub mod job;
mod known;

use known::KnownSnapshots;

/// How many matches a page has.
const PAGE: u32 = 200;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/search", get(show).post(start))
        .route("/profile/{name}/jobs/{job}", get(show_job))
        .route("/profile/{name}/jobs/{job}/cancel", post(cancel))
        .layer(Extension(Errands::default()))
}

/// What the page is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    q: String,
    snapshot: String,
    offset: u32,
    job: Option<u64>,
}

struct SearchView<'a> {
    profile: &'a str,
    moment: &'a Moment,
    wanted: &'a Wanted,
    found: Option<&'a SearchPage>,
    refusal: Option<&'a str>,
    known: &'a KnownSnapshots,
    /// The job that was started here, if one was.
    job: Option<Markup>,
    csrf: Markup,
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> PageResult {
    let profile = visit.profile()?;
    let title = if wanted.q.is_empty() {
        format!("Search · {profile}")
    } else {
        format!("“{}” · {profile}", shown::text(&wanted.q))
    };
    let snapshot = snapshot_id(&wanted.snapshot)?;
    let (web, name, csrf) = (visit.web.clone(), profile.clone(), csrf_input(&visit.session));
    let content = async move {
        let (mut found, mut refusal) = (None, None);
        if wanted.q.is_empty() {
            let members = web.client.profile(&name).await??.members;
            if !members.is_empty() {
                return Err(ApiError::Group { name, members }.into());
            }
        } else {
            let query = SearchQuery { query: wanted.q.clone(), snapshot, offset: wanted.offset, limit: PAGE };
            match web.client.search(&name, query).await? {
                Ok(page) => found = Some(page),
                Err(error @ ApiError::BadQuery { .. }) => refusal = Some(error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
        let known = if found.is_some() { KnownSnapshots::of(&web, &name).await } else { KnownSnapshots::default() };
        let job = match wanted.job {
            Some(id) => Some(job::within_page(&web, &name, &csrf, JobId(id)).await?),
            None => None,
        };
        let view = SearchView {
            profile: &name,
            moment: &web.moment(),
            wanted: &wanted,
            found: found.as_ref(),
            refusal: refusal.as_deref(),
            known: &known,
            job,
            csrf,
        };
        Ok(view.show().into())
    };
    let active = Tab::Profile(&profile, ProfileTab::Search);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

fn snapshot_id(word: &str) -> Result<Option<SnapshotId>, Failure> {
    let id = || SnapshotId::new(word).ok_or_else(|| Failure::BadRequest(links::BadPlace::Snapshot.to_string()));
    (!word.is_empty()).then(id).transpose()
}

impl SearchView<'_> {
    fn show(&self) -> Markup {
        html! {
            h1 { "Search for files" }
            form.toolbar method="get" action=(links::search(self.profile, "", None)) role="search" {
                label for="q" { "Name " }
                input #q.grow type="search" name="q" value=(self.wanted.q) maxlength="1000" data-key="/";
                @if !self.wanted.snapshot.is_empty() { input type="hidden" name="snapshot" value=(self.wanted.snapshot); }
                button.button.primary type="submit" { "Search" }
            }
            p.muted { "A part of a name, or a pattern such as " code { "*.odt" } "; with a " code { "/" } " it is about whole paths. Upper and lower case are alike." }
            @if let Some(refusal) = self.refusal { p.error { (refusal) } }
            @if let Some(found) = self.found { (self.found(found)) }
        }
    }

    fn found(&self, found: &SearchPage) -> Markup {
        let searched = found.searched.len();
        html! {
            @if !self.wanted.snapshot.is_empty() {
                p { "Only in snapshot " code { (self.wanted.snapshot.get(..8).unwrap_or_default()) } ". " a href=(links::search(self.profile, &self.wanted.q, None)) { "In all that are indexed" } }
            }
            @if searched == 0 {
                div.empty { p { "No snapshot is indexed yet, so nothing was searched at once." } }
            } @else if found.matches.is_empty() {
                div.empty { p { "Nothing in the " (plain::counted_usize(searched, "snapshot")) " that " (if searched == 1 { "is" } else { "are" }) " indexed has such a name." } }
            } @else {
                p { (plain::count(u64::from(found.total))) @if found.has_more { " or more" } " found in " (plain::counted_usize(searched, "indexed snapshot")) "." }
                (matches(self.profile, self.moment, self.known, &found.matches))
                (shown::pager(self.wanted.offset, PAGE, found.total, |offset| {
                    let offset = offset.to_string();
                    let parameters = [("snapshot", Some(self.wanted.snapshot.as_str())), ("offset", Some(offset.as_str()))];
                    with_parameters(links::search(self.profile, &self.wanted.q, None), &parameters)
                }))
            }
            (self.searched_snapshots(&found.searched))
            section.box aria-labelledby="all" {
                h2 #all { "In all snapshots" }
                @match &self.job {
                    Some(job) => (job),
                    None => {
                        @if found.not_indexed > 0 {
                            p { (plain::counted(u64::from(found.not_indexed), "snapshot")) " not indexed, and so not searched." }
                        } @else {
                            p { "All snapshots are indexed: all of them were searched." }
                        }
                        @if found.not_indexed > 0 {
                            div.toolbar {
                                (self.start_form(None, "Search all snapshots"))
                                @if !self.known.has_newest_in(&found.searched) {
                                    (self.start_form(Some("latest"), "Index the newest snapshot (about 20 s for a million files)"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn start_form(&self, index: Option<&str>, words: &str) -> Markup {
        html! {
            form.inline method="post" action=(links::search(self.profile, "", None)) {
                (self.csrf)
                input type="hidden" name="q" value=(self.wanted.q);
                @if let Some(snapshot) = index { input type="hidden" name="index" value=(snapshot); }
                button.button type="submit" { (words) }
            }
        }
    }

    fn searched_snapshots(&self, searched: &[SnapshotId]) -> Markup {
        html! {
            @if !searched.is_empty() {
                details {
                    summary { "Which snapshots are indexed" }
                    ul.plain {
                        @for id in searched {
                            li { a href=(links::file(self.profile, id, &FilePath::root())) { (self.known.line(self.moment, id)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Writes what was found.
fn matches(profile: &str, moment: &Moment, known: &KnownSnapshots, matches: &[Match]) -> Markup {
    html! {
        div.scroll {
            table.list.cards {
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th.number scope="col" { "Size" }
                        th scope="col" { "Changed" }
                        th scope="col" { "Newest snapshot" }
                    }
                }
                tbody { @for found in matches { (match_row(profile, moment, known, found)) } }
            }
        }
    }
}

fn match_row(profile: &str, moment: &Moment, known: &KnownSnapshots, found: &Match) -> Markup {
    let folder = found.path.parent().unwrap_or_else(FilePath::root);
    // A name that restic could not write out cannot be asked for, but its folder knows it.
    let leads_to = if found.is_exact { &found.path } else { &folder };
    let has_versions = found.is_exact && found.kind != EntryKind::Folder;
    html! {
        tr {
            td.name.break {
                (shown::kind_icon(found.kind))
                a href=(links::file(profile, &found.snapshot, leads_to)) data-row {
                    bdi { (found.path.name().map_or_else(|| "/".to_owned(), |name| name.shown())) }
                }
                " " span.muted.small { "in " a href=(links::file(profile, &found.snapshot, &folder)) { bdi { (folder.shown()) } } }
            }
            td.number data-label="Size" { @if found.kind == EntryKind::File { (words::bytes(found.size)) } @else { "–" } }
            td.nowrap data-label="Changed" { @match found.modified_at { Some(at) => (words::absolute(moment, at)), None => "–" } }
            td.nowrap data-label="Newest snapshot" {
                a href=(links::file(profile, &found.snapshot, leads_to)) { (known.line(moment, &found.snapshot)) }
                @if found.snapshots > 1 {
                    " and "
                    @if has_versions { a href=(links::versions(profile, &found.snapshot, &found.path)) { (more(found)) } }
                    @else { (more(found)) }
                }
            }
        }
    }
}

fn more(found: &Match) -> String {
    format!("{} more", plain::count(u64::from(found.snapshots.saturating_sub(1))))
}

/// Which job to start.
#[derive(Debug, Deserialize)]
struct Start {
    #[serde(default)]
    q: String,
    /// The snapshot to index; none to search all of them.
    index: Option<String>,
}

async fn start(visit: Visit, Action(form): Action<Start>) -> PageResult {
    let profile = visit.profile()?;
    let request = match form.index.as_deref() {
        None => JobRequest::Search { query: form.q.clone() },
        Some(word) => {
            let snapshot = (word != "latest").then(|| snapshot_id(word)).transpose()?.flatten();
            let place = links::Place { profile: profile.clone(), snapshot, path: None };
            JobRequest::Index { snapshot: visit.snapshot_id(&place).await? }
        }
    };
    let job = visit.web.client.start_job(&profile, request).await??;
    Ok(Redirect::to(&links::search(&profile, &form.q, Some(job))).into_response())
}

/// Which of a job's results to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Results {
    offset: u32,
}

async fn show_job(visit: Visit, Path((_, id)): Path<(String, u64)>, Query(results): Query<Results>) -> PageResult {
    let profile = visit.profile()?;
    let job = visit.web.client.job(JobId(id), Duration::ZERO).await??;
    let results = visit.web.client.job_results(JobId(id), results.offset, PAGE).await?.map(|page| (results.offset, page))?;
    let markup = job::show_known(&visit.web, &profile, &csrf_input(&visit.session), &job, results.0, &results.1).await;
    let title = format!("Job {id} · {profile}");
    let page = Page { title: &title, active: Tab::Profile(&profile, ProfileTab::Search), mood: Mood::Fine };
    visit.answer(page, async move { Ok(markup.into()) }).await
}

/// A form that says nothing but that it was sent.
#[derive(Debug, Deserialize)]
struct Nothing {}

async fn cancel(visit: Visit, Path((_, id)): Path<(String, u64)>, Action(Nothing {}): Action<Nothing>) -> PageResult {
    let profile = visit.profile()?;
    let job = visit.web.client.job(JobId(id), Duration::ZERO).await??;
    visit.web.client.cancel_job(job.id).await??;
    let address = match &job.request {
        JobRequest::Search { query } => links::search(&profile, query, Some(job.id)),
        JobRequest::Difference { from, to, path } => {
            let address = links::difference(&profile, to, path, Some(from));
            with_parameters(address, &[("job", Some(&job.id.to_string()))])
        }
        JobRequest::Index { .. } | JobRequest::Measure => links::job(&profile, job.id),
    };
    Ok(Redirect::to(&address).into_response())
}

#[cfg(test)]
mod tests;
