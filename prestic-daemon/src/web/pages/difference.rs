//! The page of what differs between two snapshots, in one folder or one file.

use axum::{
    Extension, Router,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use maud::{Markup, html};
use prestic_proto::{
    content::{ContentForm, ContentRequest},
    difference::{Change, ChangeKind, Difference, DifferenceQuery},
    error::ApiError,
    file_path::FilePath,
    job::{JobId, JobRequest},
    snapshot::{Entry, EntryKind, Snapshot, SnapshotId},
    words as plain,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        content::OpenContent,
        errands::Errands,
        links::{self, with_parameters},
        shown,
        text_difference::{MAX_COMPARED, compare},
        text_lines::decode,
        visit::{Content, Visit, part_on_demand},
    },
    failure::{Failure, PageResult},
    forms::{Action, csrf_input},
    layout::{Mood, Page, ProfileTab, Tab},
    pages::{folder::not_there, search::job},
    words::Moment,
};

pub mod change;
mod text;

use change::{change_class, change_word, growth, size};

/// How many changes a page has.
const PAGE: u32 = 500;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/diff/{snapshot}", get(show).post(compare_all))
        .route("/profile/{name}/diff/{snapshot}/", get(show).post(compare_all))
        .route("/profile/{name}/diff/{snapshot}/{*path}", get(show).post(compare_all))
        .layer(Extension(Errands::default()))
}

/// What the page is asked for beside its path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    against: Option<String>,
    offset: u32,
    /// `side` for two columns.
    view: Option<String>,
    /// The job that compares all that is below.
    job: Option<u64>,
    /// Whether the path is a guess, and the topmost folder will do.
    start: Option<String>,
    /// Whether only the changes of one folder are wanted, for the row above them.
    below: Option<String>,
}

/// A page of changes.
struct DifferenceView<'a> {
    profile: &'a str,
    moment: &'a Moment,
    difference: &'a Difference,
    offset: u32,
    /// The job that compares all that is below, if one was started.
    job: Option<Markup>,
    csrf: Markup,
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> PageResult {
    let place = visit.place()?;
    let path = place.path.clone().unwrap_or_else(FilePath::root);
    let from = snapshot_id(wanted.against.as_deref())?;
    let Some(to) = place.snapshot.clone() else {
        let newest = visit.snapshot_id(&place).await?;
        return Ok(Redirect::to(&links::difference(&place.profile, &newest, &path, from.as_ref())).into_response());
    };
    let title = format!("Changes in {} · {}", path.name().map_or_else(|| "/".to_owned(), |name| name.shown()), place.profile);
    let content = content(visit.clone(), place.profile.clone(), from, to, path, wanted);
    let active = Tab::Profile(&place.profile, ProfileTab::Snapshots);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

fn snapshot_id(word: Option<&str>) -> Result<Option<SnapshotId>, Failure> {
    let id = |text| SnapshotId::new(text).ok_or_else(|| Failure::BadRequest(links::BadPlace::Snapshot.to_string()));
    word.filter(|word| !word.is_empty()).map(id).transpose()
}

async fn content(
    visit: Visit,
    profile: String,
    from: Option<SnapshotId>,
    to: SnapshotId,
    path: FilePath,
    wanted: Wanted,
) -> Result<Content, Failure> {
    let client = &visit.web.client;
    let query = DifferenceQuery { from, to, path, offset: wanted.offset, limit: PAGE };
    let answer = match client.difference(&profile, query.clone()).await? {
        Err(ApiError::NoSuchPath { .. }) if wanted.start.is_some() && !query.path.is_root() => {
            client.difference(&profile, DifferenceQuery { path: FilePath::root(), ..query }).await?
        }
        answer => answer,
    };
    let difference = match answer {
        Ok(difference) => difference,
        Err(ApiError::NoSuchPath { path, snapshot, others }) => {
            return Ok(Content { status: StatusCode::NOT_FOUND, markup: not_there(&profile, &snapshot, &path, &others) });
        }
        Err(error) => return Err(error.into()),
    };
    let csrf = csrf_input(&visit.session);
    let job = match wanted.job {
        Some(id) => Some(job::within_page(&visit.web, &profile, &csrf, JobId(id)).await?),
        None => None,
    };
    let view = DifferenceView {
        profile: &profile,
        moment: &visit.web.moment(),
        difference: &difference,
        offset: wanted.offset,
        job,
        csrf,
    };
    if wanted.below.is_some() && visit.is_for_part() {
        return Ok(view.table().into());
    }
    let inside = match &difference.itself {
        Some(change) => {
            let is_side_by_side = wanted.view.as_deref() == Some("side");
            html! { (view.itself(change)) (view.content_of(&visit.web, &visit.errands, change, is_side_by_side).await?) }
        }
        None => view.folder(),
    };
    Ok(view.around(inside).into())
}

impl DifferenceView<'_> {
    fn around(&self, inside: Markup) -> Markup {
        let Difference { from, to, path, .. } = self.difference;
        let from_id = from.as_ref().map(|from| &from.id);
        html! {
            h1.break { "Changes in " bdi { (path.name().map_or_else(|| "/".to_owned(), |name| name.shown())) } }
            (shown::crumbs(path, |path| links::difference(self.profile, &to.id, path, from_id)))
            @match from {
                Some(from) => p.muted {
                    "From " (shown::snapshot_line(self.moment, from)) " to " (shown::snapshot_line(self.moment, to)) "."
                },
                None => p.muted { "In " (shown::snapshot_line(self.moment, to)) "." },
            }
            @if let Some(from) = from { (self.warnings(from)) }
            p { a.button href=(links::file(self.profile, &to.id, path)) { "Look at it in the newer snapshot" } }
            (inside)
        }
    }

    fn warnings(&self, from: &Snapshot) -> Markup {
        let Difference { to, path, .. } = self.difference;
        html! {
            @if from.id == to.id {
                p.note data-state="warning" {
                    "Both are the same snapshot: it is compared with itself. "
                    a href=(links::snapshots(self.profile)) { "Choose two snapshots" }
                }
            }
            @if from.paths != to.paths {
                p.note data-state="warning" { "These snapshots are of different paths: much may only seem to be new or gone." }
            }
            @if from.host != to.host {
                p.note data-state="warning" { "These snapshots are of different machines." }
            }
            @if from.time > to.time {
                p.note data-state="warning" {
                    "The first of these snapshots is the newer one. "
                    a href=(links::difference(self.profile, &from.id, path, Some(&to.id))) { "Turn it around" }
                }
            }
        }
    }

    fn folder(&self) -> Markup {
        let difference = self.difference;
        html! {
            @if difference.from.is_none() {
                div.empty { p { "There is no earlier snapshot of this machine and these paths to compare with." } }
            } @else if difference.is_same || difference.total == 0 {
                div.empty { p { "Nothing has changed here." } }
            } @else {
                (self.table())
                p.muted { "Not changed: " (plain::count(u64::from(difference.unchanged))) "." }
                (shown::pager(self.offset, PAGE, difference.total, |offset| {
                    with_parameters(self.here(), &[("offset", Some(&offset.to_string()))])
                }))
            }
            // Of equal trees, or of a file, there is nothing below to be compared.
            @if let Some(from) = difference.from.as_ref().filter(|_| !difference.is_same || self.job.is_some()) {
                (self.everything_below(from))
            }
        }
    }

    fn here(&self) -> String {
        let Difference { from, to, path, .. } = self.difference;
        links::difference(self.profile, &to.id, path, from.as_ref().map(|from| &from.id))
    }

    fn everything_below(&self, from: &Snapshot) -> Markup {
        let Difference { to, path, .. } = self.difference;
        html! {
            section.box aria-labelledby="below" {
                h2 #below { "Everything below, with totals" }
                @match &self.job {
                    Some(job) => (job),
                    None => form method="post" action=(links::difference(self.profile, &to.id, path, None)) {
                        (self.csrf)
                        input type="hidden" name="against" value=(from.id);
                        p { "restic compares all that is in this folder. That takes from seconds to minutes." }
                        button.button type="submit" { "Compare everything" }
                    },
                }
            }
        }
    }

    fn table(&self) -> Markup {
        html! {
            div.scroll {
                table.list.cards {
                    thead {
                        tr {
                            th scope="col" { "Change" }
                            th scope="col" { "Name" }
                            th.number scope="col" { "Before" }
                            th.number scope="col" { "After" }
                            th.number scope="col" { "Difference" }
                        }
                    }
                    tbody { @for change in &self.difference.changes { (self.row(change)) } }
                }
            }
        }
    }

    fn row(&self, change: &Change) -> Markup {
        let Difference { from, to, path, .. } = self.difference;
        let path = path.join(&change.name);
        let kind = change.after.as_ref().or(change.before.as_ref()).map_or(EntryKind::Special, |entry| entry.kind);
        let is_in_both = change.before.is_some() && change.after.is_some();
        let from_id = from.as_ref().map(|from| &from.id);
        let link = match (is_in_both, change.after.is_some(), from_id) {
            (true, _, _) => links::difference(self.profile, &to.id, &path, from_id),
            (false, false, Some(from)) => links::file(self.profile, from, &path),
            _ => links::file(self.profile, &to.id, &path),
        };
        html! {
            tr {
                td class={ "nowrap " (change_class(change.kind)) } data-label="Change" { (change_word(change.kind)) }
                td.name.break {
                    (shown::kind_icon(kind))
                    a href=(link) data-row { bdi { (change.name.shown()) } }
                    @if is_in_both && kind == EntryKind::Folder {
                        (part_on_demand(&with_parameters(link.clone(), &[("below", Some("1"))]), "inside"))
                    }
                }
                td.number data-label="Before" { (size(change.before.as_ref())) }
                td.number data-label="After" { (size(change.after.as_ref())) }
                td.number data-label="Difference" { (growth(change)) }
            }
        }
    }

    fn itself(&self, change: &Change) -> Markup {
        let side = |title: &str, snapshot: Option<&Snapshot>, entry: Option<&Entry>| {
            html! {
                section.box {
                    h2 { (title) }
                    @match entry {
                        None => p { "It is not there." },
                        Some(entry) => {
                            dl.facts {
                                dt { "Kind" } dd { (shown::kind_word(entry.kind)) }
                                dt { "Size" } dd { (size(Some(entry))) }
                                dt { "Changed" } dd { (shown::changed_at(self.moment, entry)) }
                                @if let Some(mode) = entry.mode { dt { "Mode" } dd.mono { (shown::mode_text(entry.kind, mode)) } }
                                @if let Some(content) = &entry.content { dt { "Fingerprint" } dd.mono.break { (shown::text(content)) } }
                            }
                            @if let (Some(snapshot), EntryKind::File) = (snapshot, entry.kind) {
                                p { a.button href=(links::download(self.profile, &snapshot.id, &self.difference.path, ContentForm::File)) { "Download" } }
                            }
                        }
                    }
                }
            }
        };
        html! {
            p.lead { span class=(change_class(change.kind)) { (change_word(change.kind)) } }
            @if change.kind == ChangeKind::Suspicious {
                p.error {
                    "The content is another, but size and time are the same: nobody has written to this file as programs do. "
                    "The disk may have changed it. Compare it with an older version before you trust it."
                }
            }
            div.columns {
                (side("Before", self.difference.from.as_ref(), change.before.as_ref()))
                (side("After", Some(&self.difference.to), change.after.as_ref()))
            }
        }
    }

    /// Returns what has changed in a file's text; for what is no text, says so.
    async fn content_of(
        &self,
        web: &Web,
        errands: &Errands,
        change: &Change,
        is_side_by_side: bool,
    ) -> Result<Markup, Failure> {
        let is_content = matches!(change.kind, ChangeKind::Modified | ChangeKind::Suspicious);
        let (Some(from), Some(before), Some(after), true) = (&self.difference.from, &change.before, &change.after, is_content)
        else {
            return Ok(html! {});
        };
        if before.kind != EntryKind::File || after.kind != EntryKind::File {
            return Ok(html! {});
        }
        if [before, after].iter().any(|entry| entry.size > MAX_COMPARED as u64) {
            return Ok(html! {
                p.note { "The file is too large to be compared here: more than " (plain::bytes(MAX_COMPARED as u64)) ". Download both." }
            });
        }
        let read = async |snapshot: &Snapshot| {
            let request = ContentRequest {
                snapshot: snapshot.id.clone(),
                path: self.difference.path.clone(),
                form: ContentForm::Beginning,
            };
            OpenContent::open(&web.client, errands, self.profile, request).await?.head(MAX_COMPARED).await
        };
        let ((old, _), (new, _)) = futures::try_join!(read(from), read(&self.difference.to))?;
        let compared = tokio::task::spawn_blocking(move || {
            let (old, new) = (decode(&old, false)?, decode(&new, false)?);
            Some((compare(&old.text, &new.text), old.encoding, new.encoding))
        });
        let compared = compared.await.map_err(|error| Failure::Conflict(format!("the texts cannot be compared: {error}")))?;
        Ok(match compared {
            None => {
                html! { p.note { "It is not text in both snapshots: sizes and fingerprints above are what can be compared." } }
            }
            Some((difference, old, new)) => html! {
                @if old != new { p.note { "The encoding has changed from " (old) " to " (new) "." } }
                (text::show(&self.here(), &difference, is_side_by_side))
            },
        })
    }
}

/// With which snapshot to compare everything.
#[derive(Debug, Deserialize)]
struct CompareAll {
    against: String,
}

async fn compare_all(visit: Visit, Action(form): Action<CompareAll>) -> PageResult {
    let place = visit.place()?;
    let (to, path) = (visit.snapshot_id(&place).await?, place.path.clone().unwrap_or_else(FilePath::root));
    let from =
        snapshot_id(Some(&form.against))?.ok_or_else(|| Failure::BadRequest("no snapshot to compare with".to_owned()))?;
    let request = JobRequest::Difference { from: from.clone(), to: to.clone(), path: path.clone() };
    let job = visit.web.client.start_job(&place.profile, request).await??;
    let address = links::difference(&place.profile, &to, &path, Some(&from));
    Ok(Redirect::to(&with_parameters(address, &[("job", Some(&job.to_string()))])).into_response())
}

#[cfg(test)]
mod tests;
