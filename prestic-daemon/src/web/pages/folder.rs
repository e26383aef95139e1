//! The page of a folder in a snapshot; where the path is a file, its page is shown instead.

use axum::{
    Extension, Router,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use prestic_proto::{
    error::ApiError,
    file_path::FilePath,
    snapshot::{Entry, EntryKind, Folder, FolderQuery, Snapshot, SnapshotId},
    words as plain,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        errands::Errands,
        links::{self, with_parameters},
        shown,
        visit::{Content, Visit},
    },
    failure::{Failure, PageResult},
    layout::{Mood, Page, ProfileTab, Tab},
    pages::file,
    words::{self, Moment},
};

/// How many entries a page has.
const PAGE: u32 = 500;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/file/{snapshot}", get(show))
        .route("/profile/{name}/file/{snapshot}/", get(show))
        .route("/profile/{name}/file/{snapshot}/{*path}", get(show))
        .layer(Extension(Errands::default()))
}

/// What the page is asked for beside its path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    filter: String,
    offset: u32,
    /// Another snapshot, chosen on the page.
    at: Option<String>,
    /// Whether the path is a guess, and the topmost folder will do.
    start: Option<String>,
}

/// A page of a folder.
#[derive(Debug)]
pub struct FolderView<'a> {
    /// The profile.
    pub profile: &'a str,
    /// What time it is.
    pub moment: &'a Moment,
    /// The page.
    pub folder: &'a Folder,
    /// Other snapshots of its machine and paths.
    pub others: &'a [Snapshot],
    /// What names must contain.
    pub filter: &'a str,
    /// How many entries come before this page.
    pub offset: u32,
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> PageResult {
    let place = visit.place()?;
    let Some(path) = place.path.clone() else {
        return begin(&visit, &place).await;
    };
    if let Some(other) = &wanted.at {
        let other = SnapshotId::new(other).ok_or_else(|| Failure::BadRequest(links::BadPlace::Snapshot.to_string()))?;
        return Ok(Redirect::to(&links::file(&place.profile, &other, &path)).into_response());
    }
    let Some(snapshot) = place.snapshot.clone() else {
        let newest = visit.snapshot_id(&place).await?;
        return Ok(Redirect::to(&links::file(&place.profile, &newest, &path)).into_response());
    };
    let title = format!("{} · {}", path.name().map_or_else(|| "/".to_owned(), |name| name.shown()), place.profile);
    let content = content(visit.web.clone(), place.profile.clone(), snapshot, path, wanted);
    let active = Tab::Profile(&place.profile, ProfileTab::Snapshots);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

/// Leads from a snapshot to where browsing it begins.
async fn begin(visit: &Visit, place: &links::Place) -> Result<Response, Failure> {
    let snapshot = visit.snapshot_id(place).await?;
    let found = visit.web.client.find_entry(&place.profile, snapshot, FilePath::root()).await??;
    Ok(Redirect::to(&links::start(&place.profile, &found.snapshot)).into_response())
}

async fn content(web: Web, profile: String, snapshot: SnapshotId, path: FilePath, wanted: Wanted) -> Result<Content, Failure> {
    let filter = Some(wanted.filter.clone()).filter(|filter| !filter.is_empty());
    let query = FolderQuery { snapshot: snapshot.clone(), path: path.clone(), filter, offset: wanted.offset, limit: PAGE };
    let answer = match web.client.folder(&profile, query.clone()).await? {
        Err(ApiError::NoSuchPath { .. }) if wanted.start.is_some() && !path.is_root() => {
            web.client.folder(&profile, FolderQuery { path: FilePath::root(), ..query }).await?
        }
        answer => answer,
    };
    let moment = web.moment();
    match answer {
        Ok(folder) => {
            let others = file::others_like(&web, &profile, &folder.snapshot).await?;
            let (filter, offset) = (wanted.filter.as_str(), wanted.offset);
            let view = FolderView { profile: &profile, moment: &moment, folder: &folder, others: &others, filter, offset };
            Ok(view.show().into())
        }
        Err(ApiError::WrongKind { .. }) => file::content(&web, &profile, snapshot, path).await,
        Err(ApiError::NoSuchPath { path, snapshot, others }) => {
            Ok(Content { status: StatusCode::NOT_FOUND, markup: not_there(&profile, &snapshot, &path, &others) })
        }
        Err(error) => Err(error.into()),
    }
}

impl FolderView<'_> {
    /// Writes the page.
    pub fn show(&self) -> Markup {
        let Self { profile, moment, folder, .. } = self;
        let (snapshot, path) = (&folder.snapshot, &folder.path);
        let here = links::file(profile, &snapshot.id, path);
        let page = |offset: u32| {
            let offset = offset.to_string();
            with_parameters(here.clone(), &[("filter", Some(self.filter)), ("offset", Some(&offset))])
        };
        html! {
            h1 { bdi { (path.name().map_or_else(|| "/".to_owned(), |name| name.shown())) } }
            (shown::crumbs(path, |path| links::file(profile, &snapshot.id, path)))
            p.muted { "In snapshot " (shown::snapshot_line(moment, snapshot)) "." }
            div.toolbar {
                (shown::snapshot_choice(moment, &here, snapshot, self.others))
                form.inline method="get" action=(here) role="search" {
                    label for="filter" { "Names with " }
                    input #filter type="search" name="filter" value=(self.filter) data-key="/";
                    " " button.button type="submit" { "Filter" }
                }
                (shown::download_links(profile, &snapshot.id, path, EntryKind::Folder))
                a.button href=(links::difference(profile, &snapshot.id, path, None)) { "What changed here" }
            }
            @if let Some(totals) = &folder.totals { p { "In all: " (shown::totals(totals)) "." } }
            @if folder.entries.is_empty() { (self.nothing()) } @else { (self.table()) }
            (shown::pager(self.offset, PAGE, folder.total, page))
            (self.notes())
        }
    }

    fn nothing(&self) -> Markup {
        html! {
            div.empty {
                @if self.folder.in_all == 0 { p { "This folder is empty." } }
                @else { p { "None of the " (plain::counted(u64::from(self.folder.in_all), "name")) " here contains “" bdi { (shown::text(self.filter)) } "”." } }
            }
        }
    }

    fn table(&self) -> Markup {
        let has_sizes = self.folder.entries.iter().any(|entry| entry.kind != EntryKind::Folder || entry.totals.is_some());
        html! {
            div.scroll {
                table.list.cards {
                    thead {
                        tr {
                            th scope="col" { "Name" }
                            @if has_sizes { th.number scope="col" { "Size" } }
                            th scope="col" { "Changed" }
                            th scope="col" { "Mode" }
                            th scope="col" { "" span.visually-hidden { "Actions" } }
                        }
                    }
                    tbody { @for entry in &self.folder.entries { (self.row(entry, has_sizes)) } }
                }
            }
        }
    }

    fn row(&self, entry: &Entry, has_sizes: bool) -> Markup {
        let id = &self.folder.snapshot.id;
        let mut path = self.folder.path.join(&entry.name);
        let mut name = entry.name.shown();
        for below in &entry.chain {
            path = path.join(below);
            name = format!("{name}/{}", below.shown());
        }
        let link = links::file(self.profile, id, &path);
        html! {
            tr {
                td.name.break {
                    (shown::kind_icon(entry.kind))
                    a href=(link) data-row { bdi { (name) } }
                    @if let Some(target) = &entry.link_target { " → " bdi { (shown::text(target)) } }
                }
                @if has_sizes {
                    td.number data-label="Size" {
                        @match (entry.kind, &entry.totals) {
                            (EntryKind::File, _) => (words::bytes(entry.size)),
                            (EntryKind::Folder, Some(totals)) => span title=(format!("{}, {}", plain::counted(totals.files, "file"), plain::counted(totals.folders, "folder"))) { (plain::bytes(totals.bytes)) },
                            _ => "–",
                        }
                    }
                }
                td.nowrap data-label="Changed" { (shown::changed_at(self.moment, entry)) }
                td.mono.nowrap data-label="Mode" {
                    @match entry.mode {
                        Some(mode) => span title=[owner(entry)] { (shown::mode_text(entry.kind, mode)) },
                        None => "–",
                    }
                }
                td.nowrap {
                    @if entry.kind == EntryKind::File {
                        a href=(links::download(self.profile, id, &path, prestic_proto::content::ContentForm::File)) { "Download" span.visually-hidden { " " (name) } }
                        " · "
                        a href=(links::versions(self.profile, id, &path)) { "History" span.visually-hidden { " of " (name) } }
                    } @else if entry.kind == EntryKind::Folder {
                        a href=(links::download(self.profile, id, &path, prestic_proto::content::ContentForm::Tar)) { "tar" span.visually-hidden { " of " (name) } }
                        " · "
                        a href=(links::download(self.profile, id, &path, prestic_proto::content::ContentForm::Zip)) { "zip" span.visually-hidden { " of " (name) } }
                    }
                }
            }
        }
    }

    fn notes(&self) -> Markup {
        let is_escaped = |entry: &Entry| std::str::from_utf8(entry.name.as_bytes()) != Ok(entry.name.shown().as_str());
        html! {
            @if self.folder.entries.iter().any(is_escaped) {
                p.note { "Some names here have parts that cannot be shown, or would mislead. They are written out, as ‘\\xff’ or ‘\\n’; downloads are not changed." }
            }
        }
    }
}

fn owner(entry: &Entry) -> Option<String> {
    let owner = entry.owner.as_deref()?;
    Some(match &entry.group {
        Some(group) => format!("{}:{}", shown::text(owner), shown::text(group)),
        None => shown::text(owner),
    })
}

/// Says that a path is not in a snapshot, and where it is.
pub fn not_there(profile: &str, snapshot: &SnapshotId, path: &FilePath, others: &[SnapshotId]) -> Markup {
    html! {
        h1 { "Not in this snapshot" }
        (shown::crumbs(path, |path| links::file(profile, snapshot, path)))
        p { "Snapshot " code { (snapshot.short()) } " does not have " code.break { bdi { (path.shown()) } } "." }
        @if others.is_empty() {
            p { "No other snapshot is known to have it, as far as snapshots have been looked into." }
        } @else {
            p { "These snapshots have it, the nearest first:" }
            ul { @for other in others { li { a href=(links::file(profile, other, path)) { code { (other.short()) } } } } }
        }
        div.toolbar {
            a.button href=(links::file(profile, snapshot, &path.parent().unwrap_or_else(FilePath::root))) { "The folder above" }
            a.button href=(links::file(profile, snapshot, &FilePath::root())) { "All of this snapshot" }
            a.button href=(links::snapshots(profile)) { "Other snapshots" }
        }
    }
}

#[cfg(test)]
mod tests;
